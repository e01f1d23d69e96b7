"""What relay and client keep, behind small ports."""
