"""What programs see of a client: one JSON object a line; JSON.md is the schema."""
