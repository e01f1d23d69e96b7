"""Bytes to typed frames and back; PROTOCOL.md is the normative text."""
