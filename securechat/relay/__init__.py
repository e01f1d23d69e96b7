"""The relay's decisions: accounts, mailboxes, presence, limits."""
