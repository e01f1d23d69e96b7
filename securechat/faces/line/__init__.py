"""The chat in lines, on a terminal or through pipes: what screen readers speak."""
