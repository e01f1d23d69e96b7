"""The only sockets, TLS and threads."""
