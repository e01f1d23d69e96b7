"""Sans-I/O connection machines for both sides of the wire."""
