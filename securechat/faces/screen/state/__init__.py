"""The brain of the full screen: what events and typed text mean; it knows no terminal."""
