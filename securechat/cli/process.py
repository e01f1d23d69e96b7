"""What a command owes to the process around it: how it ends, and that it is not for nobody."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from securechat.errors import FileProblem, SecureChatError


@contextmanager
def errors_as_json(wanted: bool) -> Iterator[None]:
    """Print the error that ends the block as an object too, if that is ``wanted``."""
    try:
        yield
    except SecureChatError as error:
        if wanted:
            from securechat.faces.json_lines.events import encode_error

            typer.echo(encode_error(error))
        raise


def refuse_closed_output() -> None:
    """Raise FileProblem when nothing of what is printed can be read: what comes would be lost."""
    if sys.__stdout__ is None:
        raise FileProblem("The output is closed", "the same without >&-, or with > FILE")


def exit_on_signals() -> None:
    """Leave by an exception when asked to end, so that the terminal and the files are put right."""
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda number, _frame: sys.exit(128 + number))
