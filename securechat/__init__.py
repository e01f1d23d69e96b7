"""Encrypted chat for people on a network that they control."""

__version__ = "0.1.0"
