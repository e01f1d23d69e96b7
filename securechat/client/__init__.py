"""The engine of a client: link, outbox, inbox, contacts; events out, never prints."""
