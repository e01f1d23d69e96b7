"""The sentences that faces show, short and always alike."""
