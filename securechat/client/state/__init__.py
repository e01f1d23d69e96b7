"""What is known and kept at one relay; the parts of an engine work on it together."""
