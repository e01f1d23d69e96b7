"""The options that commands share."""

import math
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from securechat.faces.color import ColorChoice

MAX_TIMEOUT_S = 1e6


class OnKeyChange(StrEnum):
    """What becomes of somebody who is not verified, and whose key has changed."""

    BLOCK = "block"
    NOTIFY = "notify"


def check_timeout(seconds: float | None) -> float | None:
    """Return an option's value; BadParameter for ``nan``, which no range of typer keeps out."""
    if seconds is not None and math.isnan(seconds):
        raise typer.BadParameter("nan is not a number of seconds")
    return seconds


NameOption = Annotated[
    str | None,
    typer.Option("--name", metavar="ME", envvar="SECURECHAT_NAME", help="Who you are."),
]
ServerOption = Annotated[
    str | None,
    typer.Option(
        "--server",
        metavar="HOST[:PORT]",
        envvar="SECURECHAT_SERVER",
        help="The relay [the one used last, else 127.0.0.1:5555].",
    ),
]
PinOption = Annotated[str | None, typer.Option("--pin", help="The relay's whole pin: sha256:…")]
CaOption = Annotated[
    Path | None,
    typer.Option("--ca", metavar="FILE", readable=False, help="The server's ca.pem."),
]
PassphraseFileOption = Annotated[
    Path | None,
    typer.Option(
        "--passphrase-file",
        metavar="FILE",
        readable=False,
        envvar="SECURECHAT_PASSPHRASE_FILE",
        help="The first line of this file is the passphrase of your profile [it is asked for].",
    ),
]
NewPassphraseFileOption = Annotated[
    Path | None,
    typer.Option(
        "--new-passphrase-file",
        metavar="FILE",
        readable=False,
        help="The first line of this file is the new passphrase [it is asked for, twice].",
    ),
]
HostOption = Annotated[
    str | None, typer.Option("--host", help="The relay's host, as in --server HOST.")
]
PortOption = Annotated[
    int | None, typer.Option("--port", min=0, max=65535, help="The relay's port [5555].")
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")]
PlainOption = Annotated[
    bool, typer.Option("--plain", help="Lines, also where a full screen would be possible.")
]
ColorOption = Annotated[ColorChoice, typer.Option("--color", help="Whether to use colour.")]
CertsOption = Annotated[
    Path | None,
    typer.Option(
        "--certs",
        metavar="DIR",
        readable=False,
        help="Certificates [./certs, else in the home].",
    ),
]
DataOption = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        readable=False,
        help="Accounts and undelivered messages [relay in the home].",
    ),
]
NoAnnounceOption = Annotated[
    bool, typer.Option("--no-announce", help="Do not tell the local network of the relay.")
]
ReadReceiptsOption = Annotated[
    bool | None,
    typer.Option(
        "--read-receipts/--no-read-receipts",
        envvar="SECURECHAT_READ_RECEIPTS",
        help="Whether your contacts learn that you have read what they wrote [they do not].",
    ),
]
TypingOption = Annotated[
    bool | None,
    typer.Option(
        "--typing/--no-typing",
        envvar="SECURECHAT_TYPING",
        help="Whether your contacts see that you type, and you that they do [yes].",
    ),
]
OnKeyChangeOption = Annotated[
    OnKeyChange | None,
    typer.Option(
        "--on-key-change",
        envvar="SECURECHAT_ON_KEY_CHANGE",
        help="The new key of somebody not verified: wait for you, or say so and go on [block].",
    ),
]
