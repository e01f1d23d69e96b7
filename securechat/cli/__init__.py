"""The typer commands: the only place that prints errors and chooses exit codes."""

import os
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated

import typer

from securechat import __version__
from securechat.cli.commands import CommandLine
from securechat.errors import SecureChatError
from securechat.text import safe_text

INTERRUPTED = 130


app = typer.Typer(
    cls=CommandLine,
    name="securechat",
    help="Encrypted chat for people on a network that they control.",
    epilog="First time? securechat host, or securechat demo to see it all on this machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"securechat {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Encrypted chat for people on a network that they control."""


def run() -> int:
    """Run the command line; return the exit status. Every error is printed, without a traceback."""
    _prepare_streams()
    try:
        return int(app(_arguments(sys.argv[1:]), standalone_mode=False) or 0)
    except SecureChatError as error:
        typer.echo(f"securechat: {safe_text(str(error), multiline=True)}", err=True)
        return error.exit_status
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except OSError as error:
        return _give_up_output(error)
    except Exception as error:
        return _report(error)


def _prepare_streams() -> None:
    """Open the null device for a standard stream that was closed before the start.

    What an output cannot show is replaced: a name in another script must not end a program.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115 (open to the end)
        elif isinstance(stream, TextIOWrapper) and mode == "w":
            stream.reconfigure(errors="replace")


def _give_up_output(error: OSError) -> int:
    """Say that the output cannot be written, unless its reader has just gone away."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if not isinstance(error, BrokenPipeError):
        typer.echo(
            f"securechat: Cannot write the output: {error.strerror}\n"
            "  try: df -h, for the place that it goes to",
            err=True,
        )
    return 1


def _arguments(typed: list[str]) -> list[str]:
    """Return the arguments with a text for ``--welcome`` where none was given."""
    filled = list(typed)
    for at, argument in enumerate(typed):
        follows = typed[at + 1] if at + 1 < len(typed) else "--"
        if argument == "--welcome" and follows.startswith("-"):
            from securechat.quitmode import DEFAULT_WELCOME

            filled[at] = f"--welcome={DEFAULT_WELCOME}"
    return filled


def _report(error: Exception) -> int:
    """Print what typer found wrong with the command line, or an error of our own making."""
    show = getattr(error, "show", None)
    if show is not None:
        show()
        return int(getattr(error, "exit_code", 2))
    if os.environ.get("SECURECHAT_DEBUG"):
        raise error
    typer.echo(
        f"securechat: internal error ({type(error).__name__}: {safe_text(str(error))})\n"
        "  try: the same command with SECURECHAT_DEBUG=1, and report what it prints",
        err=True,
    )
    return 1
