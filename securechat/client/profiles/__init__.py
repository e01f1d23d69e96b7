"""What is on the disk of a client: profiles, their vaults, whom they trust, and backups."""
