"""What people and programs see of a client: lines, JSON; a face shows events and takes commands."""
