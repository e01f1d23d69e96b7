"""Messages on their way: sent, received, set aside, changed, confirmed."""
