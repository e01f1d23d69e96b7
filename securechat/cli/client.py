"""``securechat client``: the chat, or the dialling side of the quit mode."""

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from securechat.cli.access import Flags, check_peer, read_access
from securechat.cli.chatting import (
    Look,
    begin_chat,
    chatting,
    is_read_along,
    read_screen_settings,
    scrollback_messages,
    show,
)
from securechat.cli.options import (
    CaOption,
    ColorOption,
    JsonOption,
    NameOption,
    OnKeyChangeOption,
    PassphraseFileOption,
    PinOption,
    PlainOption,
    ReadReceiptsOption,
    ServerOption,
    TypingOption,
)
from securechat.cli.process import errors_as_json
from securechat.cli.settings import HomeOption, refuse_flags
from securechat.client.profiles.surroundings import certs_directory, load_settings
from securechat.errors import FileProblem, UsageError
from securechat.faces.color import ColorChoice

RELAY_ONLY = (
    *("pin", "server", "peer", "name", "passphrase_file"),
    *("plain", "json_output", "color", "no_e2e", "read_receipts", "typing", "on_key_change"),
)
"""Parameters that mean nothing to the quit mode."""


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
    on_key_change: OnKeyChangeOption = None,
    plain: PlainOption = False,
    color: ColorOption = ColorChoice.AUTO,
    json_output: JsonOption = False,
    read_receipts: ReadReceiptsOption = None,
    typing: TypingOption = None,
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
    if no_e2e and peer is None:
        raise UsageError("--no-e2e is for one person", "securechat client --no-e2e --peer NAME")
    begin_chat("client", plain=plain, json=json_output)
    flags = Flags(
        name=name,
        host=host,
        port=port,
        server=server,
        pin=pin,
        ca=ca,
        home=home,
        passphrase_file=passphrase_file,
        on_key_change=on_key_change,
        read_receipts=read_receipts,
        typing=typing,
    )
    with ExitStack() as stack:
        with errors_as_json(json_output):
            access = read_access(context, flags, peer, settings, alone=True)
            if peer is not None:
                check_peer(peer, access.me, "client --peer {}")
            screen = read_screen_settings(settings.client, plain=plain, json=json_output)
            scrollback = 0 if json_output or screen else scrollback_messages()
            offline = not json_output and is_read_along()
            opened = chatting(
                access, peer, scrollback, lobby=peer is None, e2e=not no_e2e, offline=offline
            )
            engine = stack.enter_context(opened)
        show(
            engine,
            peer,
            Look(json_output, color, settings.client.notify, screen),
            lobby=peer is None,
        )


def _quit_mode_ca(ca: Path | None, nearby: Path) -> Path:
    from securechat.transport.private_files import is_there

    if ca is None and not is_there(nearby):
        raise FileProblem(
            f"{nearby} is not there, and nothing else tells the right server from a wrong one",
            "copy ca.pem from the server's machine into the directory certs here,"
            " or: securechat client --quit-mode --tls --ca FILE",
        )
    return ca or nearby
