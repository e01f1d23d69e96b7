"""What `scripts/bench client` runs: a relay, clients in processes of their own, raw operations."""
