"""Which keys are whose: looked up, held against the pins, told when they change."""
