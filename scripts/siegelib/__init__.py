"""What `scripts/siege` is made of: a relay that is watched, its guests, and those who attack it."""
