"""Relays as a client sees them: their addresses, the connection to one, and the login there."""
