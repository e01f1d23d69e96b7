"""Whether somebody sits at the terminal, and a question to them."""

import sys

import typer


def confirm(question: str) -> bool:
    """Ask a person; False when there is none at the terminal."""
    return can_ask() and typer.confirm(question, err=True)


def can_ask() -> bool:
    """Return whether somebody sits at the terminal: only then anything is prompted for."""
    return sys.stdin.isatty() and sys.stderr.isatty()
