"""Where a spoken code comes from: a terminal, or the first line of a file or of the input.

Never the command line, which others on the machine can read.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from securechat.cli.prompting import can_ask
from securechat.errors import UsageError

if TYPE_CHECKING:
    from securechat.client.pairing.pairing_code import PairingCode

LINE_BYTES_MAX = 256


def read_code(file: Path | None) -> "PairingCode":
    """Return the code of a file, or of the input for ``-``, else ask for it.

    Raises UsageError for what is no code, and when there is nobody to ask.
    """
    from securechat.client.pairing.pairing_code import parse_code
    from securechat.transport.private_files import read_private

    if file == Path("-"):
        return parse_code(_read_input_line())
    if file is not None:
        return parse_code(read_private(file).split(b"\n", 1)[0].decode("utf-8", "replace"))
    if not can_ask():
        raise UsageError(
            "Nobody is there to be asked for the code", "the same command with --code-file FILE"
        )
    from securechat.faces.line.code_prompt import ask_code

    try:
        return ask_code(sys.stdin, sys.stderr)
    except EOFError:
        raise typer.Abort from None


def _read_input_line() -> str:
    """Return the first line of the input; the rest is left there for the chat."""
    from securechat.faces.streams import unbuffered

    source, line = unbuffered(sys.stdin, "r"), b""
    while len(line) < LINE_BYTES_MAX and (byte := source.read(1)) not in (b"\n", b"", None):
        line += byte or b""
    return line.decode("utf-8", "replace")
