"""Whether somebody sits at the terminal, and a question to them."""

import sys

import typer

from securechat.cli.typed_ahead import forget_typed_ahead


def confirm(question: str) -> bool:
    """Ask a person until they say yes or no; False when there is none at the terminal.

    What they typed before the question is no answer to it.
    """
    if not can_ask():
        return False
    forget_typed_ahead()
    answer: bool = typer.prompt(
        f"{question} [y/N]", default="n", show_default=False, err=True, value_proc=_is_yes
    )
    return answer


def can_ask() -> bool:
    """Return whether somebody sits at the terminal: only then anything is prompted for."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _is_yes(typed: str) -> bool:
    match typed.strip().lower():
        case "y" | "yes":
            return True
        case "n" | "no" | "":
            return False
        case _:
            raise typer.BadParameter("that is neither: type y for yes, or n for no")
