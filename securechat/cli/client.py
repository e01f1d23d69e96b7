"""``securechat client``: the chat, or the dialling side of the quit mode."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from securechat.cli.access import Flags, check_peer, read_access
from securechat.cli.options import (
    CaOption,
    JsonOption,
    NameOption,
    PassphraseFileOption,
    PinOption,
    ReadReceiptsOption,
    ServerOption,
)
from securechat.cli.session import (
    errors_as_json,
    exit_on_signals,
    open_client,
    refuse_closed_output,
    serving,
)
from securechat.cli.settings import HomeOption, refuse_flags
from securechat.client.surroundings import certs_directory, load_settings
from securechat.errors import FileProblem, UsageError
from securechat.faces.color import ColorChoice

if TYPE_CHECKING:
    from securechat import Client
    from securechat.client.access import Access

RELAY_ONLY = (
    *("pin", "server", "peer", "name", "passphrase_file"),
    *("plain", "json_output", "color", "no_e2e", "read_receipts"),
)
"""Parameters that mean nothing to the quit mode."""

SCROLLBACK_MESSAGES = 20
"""How many earlier messages a terminal shows at the start; a program asks for them."""


def client(
    context: typer.Context,
    host: Annotated[
        str | None, typer.Argument(help="The host of the relay, or of the quit mode's server.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Argument(min=0, max=65535, help="Its port [5555; quit mode 12345]."),
    ] = None,
    peer: Annotated[
        str | None,
        typer.Option(
            "--peer",
            metavar="NAME",
            help="Whom to talk to; without it you are in the open lobby.",
        ),
    ] = None,
    name: NameOption = None,
    server: ServerOption = None,
    pin: PinOption = None,
    ca: CaOption = None,
    home: HomeOption = None,
    passphrase_file: PassphraseFileOption = None,
    plain: Annotated[
        bool, typer.Option("--plain", help="Lines, also where a full screen would be possible.")
    ] = False,
    color: Annotated[
        ColorChoice, typer.Option("--color", help="Whether to use colour.")
    ] = ColorChoice.AUTO,
    json_output: JsonOption = False,
    read_receipts: ReadReceiptsOption = None,
    no_e2e: Annotated[
        bool,
        typer.Option(
            "--no-e2e",
            help="With --peer, if both of you say so: TLS only, the relay can read all of it.",
        ),
    ] = False,
    quit_mode: Annotated[
        bool, typer.Option("--quit-mode", help="The two-party turn-based chat; needs no relay.")
    ] = False,
    host_option: Annotated[
        str | None,
        typer.Option("--host", help="The same as HOST, in both modes [quit mode 127.0.0.1]."),
    ] = None,
    port_option: Annotated[
        int | None,
        typer.Option(
            "--port",
            min=0,
            max=65535,
            help="The same as PORT, in both modes [5555; quit mode 12345].",
        ),
    ] = None,
    tls: Annotated[bool, typer.Option("--tls", help="Quit mode: encrypt with TLS.")] = False,
) -> None:
    """Chat, end-to-end encrypted, with the people on a relay."""
    if quit_mode:
        refuse_flags(context, RELAY_ONLY, "is for the relay's clients, not for --quit-mode")
    else:
        refuse_flags(context, ("tls",), "needs --quit-mode")
    settings = load_settings(home)
    host = host if host is not None else host_option
    port = port if port is not None else port_option
    nearby = certs_directory(home, None, settings.server.certs) / "ca.pem"
    if quit_mode:
        from securechat.cli.quit_mode import join

        join(host, port, _quit_mode_ca(ca, nearby) if tls else None)
        return
    if plain and json_output:
        raise UsageError("--plain and --json exclude each other", "securechat client --help")
    if no_e2e and peer is None:
        raise UsageError("--no-e2e is for one person", "securechat client --no-e2e --peer NAME")
    exit_on_signals()
    refuse_closed_output()
    flags = Flags(
        name=name,
        host=host,
        port=port,
        server=server,
        pin=pin,
        ca=ca,
        home=home,
        passphrase_file=passphrase_file,
        read_receipts=read_receipts,
    )
    with ExitStack() as stack:
        with errors_as_json(json_output):
            access = read_access(context, flags, peer, settings, alone=True)
            if peer is not None:
                check_peer(peer, access.me, "client --peer {}")
            on_terminal = not json_output and sys.stdin.isatty() and sys.stdout.isatty()
            scrollback = SCROLLBACK_MESSAGES if on_terminal else 0
            engine = stack.enter_context(_chatting(access, peer, scrollback, e2e=not no_e2e))
        if json_output:
            _show_json(peer, engine)
        else:
            _show_lines(peer, color, engine)


@contextmanager
def _chatting(
    access: "Access", peer: str | None, scrollback: int, *, e2e: bool
) -> "Iterator[Client]":
    """Provide an open client, beside which other commands can be used.

    A message that one of those prints is still to be shown here. So many messages of earlier runs
    are shown first.
    """
    with (
        closing(open_client(access, peer, lobby=peer is None, e2e=e2e)) as client,
        serving(client, shown=lambda _sender, _message_id: None),
    ):
        client.retell(scrollback)
        yield client


def _quit_mode_ca(ca: Path | None, nearby: Path) -> Path:
    from securechat.transport.private_files import is_there

    if ca is None and not is_there(nearby):
        raise FileProblem(
            f"{nearby} is not there, and nothing else tells the right server from a wrong one",
            "copy ca.pem from the server's machine into the directory certs here,"
            " or: securechat client --quit-mode --tls --ca FILE",
        )
    return ca or nearby


def _show_json(peer: str | None, engine: "Client") -> None:
    from securechat.faces.json_lines import run_json
    from securechat.faces.streams import unbuffered

    stdin, stdout = unbuffered(sys.stdin, "r"), unbuffered(sys.stdout, "w")
    run_json(engine, peer=peer, lobby=peer is None, stdin=stdin, stdout=stdout)


def _show_lines(peer: str | None, color: ColorChoice, engine: "Client") -> None:
    from securechat.faces.lines import run_lines

    run_lines(
        engine,
        peer=peer,
        lobby=peer is None,
        stdin=sys.stdin,
        stdout=sys.stdout,
        stderr=sys.stderr,
        color=color,
    )
