"""What people type, parsed: command lines, texts, and addresses of relays."""
