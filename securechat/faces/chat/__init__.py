"""A chat for people: what is told to its reader, and what typed lines do; two faces show it."""
