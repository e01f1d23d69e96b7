"""The engine of a client: one thread, its parts, and who hears of what they do."""
