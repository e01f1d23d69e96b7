"""``securechat export``: a conversation as a file, to read or for programs."""

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from securechat.cli.access import Flags, check_peer, read_access, require_profile
from securechat.cli.options import NameOption, PassphraseFileOption
from securechat.cli.output_file import check_target
from securechat.cli.process import exit_on_signals, refuse_closed_output
from securechat.cli.settings import HomeOption
from securechat.errors import Busy

if TYPE_CHECKING:
    from securechat.client.events import PastMessage
    from securechat.client.history.exporting import Archive, Conversation
    from securechat.client.profiles.access import Access
    from securechat.store.encrypted import VaultKey


class Format(StrEnum):
    """What an export can be written as."""

    MD = "md"
    JSON = "json"


def export(
    context: typer.Context,
    peer: Annotated[
        str | None, typer.Argument(metavar="PEER", help="Whom you talked to.", show_default=False)
    ] = None,
    form: Annotated[
        Format, typer.Option("--format", help="Markdown to read, or JSON for programs.")
    ] = Format.MD,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE", readable=False, help="Write this file [standard output]."
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the FILE if it is there.")
    ] = False,
    name: NameOption = None,
    server: Annotated[
        str | None,
        typer.Option(
            "--server",
            metavar="HOST[:PORT]",
            help="The relay where you talked [of those with PEER, the one used last].",
        ),
    ] = None,
    home: HomeOption = None,
    passphrase_file: PassphraseFileOption = None,
) -> None:
    """Write a conversation as Markdown or JSON. Works beside your running client too.

    An export is plain text: it is encrypted no longer, and whoever can read it reads all of it.
    """
    exit_on_signals()
    if out is None:
        refuse_closed_output()
    else:
        check_target(out, may_replace=force)
    flags = Flags(name=name, server=server, home=home, passphrase_file=passphrase_file)
    access = read_access(context, flags, peer)
    if peer is not None:
        check_peer(peer, access.me, "export {}", may_be_room=True)
    with _opened(access) as archive:
        conversation = _choose(archive, access, peer)
        messages = _Counted(archive.messages(conversation))
        lines = _encode(form, conversation, messages)
        if out is None:
            _print(lines)
        else:
            _write(lines, out, may_replace=force)
    _say_what_it_is(messages.count, conversation.peer, out)


class _Counted:
    """Messages that are counted as they are taken."""

    def __init__(self, messages: "Iterable[PastMessage]") -> None:
        self._messages = messages
        self.count = 0

    def __iter__(self) -> "Iterator[PastMessage]":
        for message in self._messages:
            self.count += 1
            yield message


@contextmanager
def _opened(access: "Access") -> "Iterator[Archive]":
    """Provide what a profile keeps, whether or not a client has it open."""
    from securechat.client.history.exporting import Archive
    from securechat.client.profiles.profile import STATE, profile_directory
    from securechat.store.state_view import StateView

    require_profile(access.home, access.me)
    directory = profile_directory(access.home, access.me)
    with closing(StateView(directory / STATE, _key(access, directory))) as state:
        yield Archive(access.me, state)


def _key(access: "Access", directory: Path) -> "VaultKey":
    """Return the key of a profile, which is of this version afterwards unless it is in use."""
    from securechat.client.profiles.access import open_profile
    from securechat.client.profiles.profile import open_vault
    from securechat.client.profiles.vault import Vault

    try:
        with open_profile(access) as profile:
            return profile.key
    except Busy:
        vault = Vault(directory, access.me, locked=False)
        return open_vault(vault, access.passphrases)


def _choose(archive: "Archive", access: "Access", peer: str | None) -> "Conversation":
    """Return the conversation that is meant; says so when there are several."""
    if peer is None:
        raise archive.nothing_found("No PEER is given")
    chosen, *others = archive.find(peer, None if access.address is None else str(access.address))
    if others:
        typer.echo(
            f"{chosen.peer} on {chosen.relay}, the one used last; for another one:"
            f" {', '.join(f'--server {other.relay}' for other in others)}",
            err=True,
        )
    return chosen


def _encode(
    form: Format, conversation: "Conversation", messages: "Iterable[PastMessage]"
) -> Iterator[str]:
    from securechat.faces.export_markdown import render_export
    from securechat.faces.json_lines.export import encode_export

    encode = encode_export if form is Format.JSON else render_export
    return encode(conversation, messages, time.time_ns() // 1_000_000)


def _print(lines: Iterable[str]) -> None:
    """Write to standard output, in UTF-8 unless it is a terminal of another encoding."""
    from securechat.faces.streams import LineWriter, unbuffered

    encoding = sys.stdout.encoding if sys.stdout.isatty() else "utf-8"
    writer = LineWriter(unbuffered(sys.stdout, "w"), encoding)
    for line in lines:
        writer.write_line(line)
        if writer.broken:
            raise typer.Exit(1)


def _write(lines: Iterable[str], path: Path, *, may_replace: bool) -> None:
    from securechat.transport.private_files import writing_new

    with writing_new(path, may_replace=may_replace) as file:
        for line in lines:
            file.write(f"{line}\n".encode())


def _say_what_it_is(count: int, peer: str, out: Path | None) -> None:
    messages = "1 message" if count == 1 else f"{count:,} messages"
    where = "" if out is None else f" in {out}"
    typer.echo(
        f"{messages} with {peer}{where}, in plain text: whoever can read that reads all of it.",
        err=True,
    )
