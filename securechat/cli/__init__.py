"""The typer commands: the only place that prints errors and chooses exit codes."""
