"""Where a passphrase comes from: a terminal, without echo, or the first line of a file."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from securechat.cli.prompting import can_ask
from securechat.errors import PassphraseRefused, UsageError

if TYPE_CHECKING:
    from securechat.client.profiles.vault import Passphrases
    from securechat.crypto.passphrase import Passphrase

TRIES = 3
MIN_CHARACTERS = 8


def read_passphrases(name: str, file: Path | None) -> "Iterator[Passphrase]":
    """Give what may be the passphrase of a profile: of the file, else up to three typed ones.

    Raises PassphraseRefused when there is no file and nobody to ask.
    """
    if file is not None:
        yield _read_first_line(file)
        return
    if not can_ask():
        raise PassphraseRefused(
            f"{name} opens with a passphrase, and nobody is there to be asked for it",
            "the same command with --passphrase-file FILE",
        )
    for attempt in range(TRIES):
        yield _prompt("Wrong passphrase, once more" if attempt else f"Passphrase of {name}")


def remembering(passphrases: "Callable[[], Iterable[Passphrase]]") -> "Passphrases":
    """Return the same passphrases for a profile that is opened again, the last one given first."""
    last: list[Passphrase] = []

    def give() -> "Iterator[Passphrase]":
        yield from last
        for passphrase in passphrases():
            last[:] = [passphrase]
            yield passphrase

    return give


def read_new_passphrase(name: str, file: Path | None) -> "Passphrase":
    """Return the passphrase to set: of the file, else typed twice. UsageError: too short."""
    if file is None and not can_ask():
        raise UsageError(
            "Nobody is there to be asked for the new passphrase",
            "the same command with --new-passphrase-file FILE",
        )
    passphrase = (
        _prompt(f"New passphrase of {name}", twice=True) if file is None else _read_first_line(file)
    )
    if len(passphrase.text) < MIN_CHARACTERS:
        raise UsageError(
            f"A passphrase has at least {MIN_CHARACTERS} characters",
            "the same command with five or more words that nobody else would put together",
        )
    return passphrase


def _prompt(question: str, *, twice: bool = False) -> "Passphrase":
    from securechat.crypto.passphrase import Passphrase

    try:
        text = typer.prompt(question, hide_input=True, confirmation_prompt=twice, err=True)
    except UnicodeDecodeError as error:
        raise UsageError("What was typed is not UTF-8", "locale; set the terminal to it") from error
    return Passphrase(text)


def _read_first_line(file: Path) -> "Passphrase":
    from securechat.crypto.passphrase import Passphrase
    from securechat.transport.private_files import read_private

    line = read_private(file).split(b"\n", 1)[0].removesuffix(b"\r")
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is not UTF-8 text", "write the passphrase as UTF-8") from error
    if not text:
        raise UsageError(
            f"{file} has no passphrase", "write it into the first line, and nothing else"
        )
    return Passphrase(text)
