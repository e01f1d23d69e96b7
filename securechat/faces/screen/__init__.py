"""The chat on a full screen: a brain that knows no terminal, and thin widgets that draw."""
