"""What `scripts/bench screen` runs: a client on a terminal, and people with much to say."""
