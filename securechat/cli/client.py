"""``securechat client``: the chat, or the dialling side of the quit mode."""

import getpass
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from securechat.cli.settings import (
    HomeOption,
    certs_directory,
    load_settings,
    refuse_flags,
    resolve_home,
)
from securechat.errors import FileProblem, NameInvalid, SecureChatError, UsageError
from securechat.faces.color import ColorChoice

if TYPE_CHECKING:
    from securechat.client.connect import TrustFlags
    from securechat.client.engine import Engine
    from securechat.config import ClientConfig
    from securechat.identity.types import Name
    from securechat.transport.endpoint import Endpoint


RELAY_ONLY = ("pin", "server", "peer", "name", "plain", "json_output", "color")
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
        str | None, typer.Option("--peer", metavar="NAME", help="Whom to talk to.")
    ] = None,
    name: Annotated[
        str | None,
        typer.Option("--name", metavar="ME", envvar="SECURECHAT_NAME", help="Who you are."),
    ] = None,
    server: Annotated[
        str | None,
        typer.Option(
            "--server",
            metavar="HOST[:PORT]",
            envvar="SECURECHAT_SERVER",
            help="The relay [the one used last, else 127.0.0.1:5555].",
        ),
    ] = None,
    pin: Annotated[
        str | None, typer.Option("--pin", help="The relay's whole pin: sha256:…")
    ] = None,
    ca: Annotated[
        Path | None,
        typer.Option("--ca", metavar="FILE", readable=False, help="The server's ca.pem."),
    ] = None,
    home: HomeOption = None,
    plain: Annotated[
        bool, typer.Option("--plain", help="Lines, also where a full screen would be possible.")
    ] = False,
    color: Annotated[
        ColorChoice, typer.Option("--color", help="Whether to use colour.")
    ] = ColorChoice.AUTO,
    json_output: Annotated[
        bool, typer.Option("--json", help="One JSON object a line, for programs.")
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
    if host is not None:
        refuse_flags(context, ("server",), "and HOST say the same: give one of them")
    if plain and json_output:
        raise UsageError("--plain and --json exclude each other", "securechat client --help")
    _exit_on_signals()
    with ExitStack() as stack:
        try:
            trust = _read_trust(pin, ca, nearby)
            address = _given_address(host, port, server)
            session = _engine(settings.client, resolve_home(home), name, address, trust, peer)
            engine = stack.enter_context(session)
        except SecureChatError as error:
            if json_output:
                _print_json_error(error)
            raise
        if json_output:
            _show_json(peer, engine)
        else:
            _show_lines(peer, color, engine)


def _quit_mode_ca(ca: Path | None, nearby: Path) -> Path:
    from securechat.transport.private_files import is_there

    if ca is None and not is_there(nearby):
        raise FileProblem(
            f"{nearby} is not there, and nothing else tells the right server from a wrong one",
            "copy ca.pem from the server's machine into the directory certs here,"
            " or: securechat client --quit-mode --tls --ca FILE",
        )
    return ca or nearby


def _print_json_error(error: SecureChatError) -> None:
    from securechat.faces.json_events import encode_error

    typer.echo(encode_error(error))


def _show_json(peer: str | None, engine: "Engine") -> None:
    from securechat.faces.json_lines import run_json
    from securechat.faces.streams import unbuffered

    stdin, stdout = unbuffered(sys.stdin, "r"), unbuffered(sys.stdout, "w")
    run_json(engine, peer=peer, stdin=stdin, stdout=stdout)


def _show_lines(peer: str | None, color: ColorChoice, engine: "Engine") -> None:
    from securechat.faces.lines import run_lines

    run_lines(engine, peer=peer, stdin=sys.stdin, stdout=sys.stdout, stderr=sys.stderr, color=color)


def _read_trust(pin: str | None, ca: Path | None, nearby: Path) -> "TrustFlags":
    """Return what the command line, and a ca.pem lying around, say about whom to trust."""
    from securechat.client.connect import TrustFlags
    from securechat.transport.pins import parse_pin
    from securechat.transport.private_files import is_there

    return TrustFlags(
        pin=parse_pin(pin) if pin else None,
        ca_file=ca,
        nearby_ca_file=nearby if is_there(nearby) else None,
    )


def _given_address(host: str | None, port: int | None, server: str | None) -> "Endpoint | None":
    """Return the address of the command line, if there is one: HOST [PORT] wins."""
    from securechat.client.connect import parse_address

    text = host or server
    if text is None:
        return None if port is None else parse_address(f"127.0.0.1:{port}")
    address = parse_address(text)
    return address if port is None else address._replace(port=port)


@contextmanager
def _engine(
    settings: "ClientConfig",
    home: Path,
    name: str | None,
    address: "Endpoint | None",
    flags: "TrustFlags",
    peer: str | None,
) -> "Iterator[Engine]":
    """Open the profile, decide whom to trust, and provide an engine until the block ends."""
    from securechat.client.connect import (
        Connector,
        decide_trust,
        parse_address,
        remembered_address,
    )
    from securechat.client.events import Ready
    from securechat.client.profile import Profile

    me = _choose_name(home, name or settings.name, peer)
    if peer is not None:
        _check_peer(peer, me)
    with Profile(home, me) as profile:
        where = address or remembered_address(profile) or parse_address(settings.server)
        trust = decide_trust(profile, where, flags, _confirm)
        connector = Connector(
            profile, where, trust, peer=peer, dial_timeout_s=settings.dial_timeout_s
        )
        connector.engine.subscribe(
            lambda event: profile.remember() if isinstance(event, Ready) else None
        )
        try:
            yield connector.engine
        finally:
            connector.close()


def _choose_name(home: Path, name: str | None, peer: str | None) -> "Name":
    """Return the name to use: as told, else the one used last, else asked for.

    The one used last is not meant when it is the peer's: two people share this machine.
    """
    from securechat.client.profile import remembered_name
    from securechat.identity.names import name_key, parse_name
    from securechat.identity.types import Name

    if name is not None:
        return parse_name(name)
    remembered = remembered_name(home)
    if remembered is not None and (peer is None or name_key(remembered) != name_key(Name(peer))):
        return remembered
    if not _can_ask():
        raise UsageError("Nobody said who you are", "securechat client --name YOUR-NAME")
    return parse_name(typer.prompt("Enter your nickname", default=getpass.getuser(), err=True))


def _check_peer(peer: str, me: "Name") -> None:
    """Raise NameInvalid or UsageError when nobody to talk to can have this name."""
    from securechat.identity.names import name_key, parse_name

    try:
        key = name_key(parse_name(peer))
    except NameInvalid as error:
        raise NameInvalid(error.what, "securechat client --peer NAME") from error
    if key == name_key(me):
        raise UsageError("--peer is your own name", f"securechat client --name {me} --peer OTHER")


def _confirm(question: str) -> bool:
    return _can_ask() and typer.confirm(question, err=True)


def _can_ask() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _exit_on_signals() -> None:
    """Leave by an exception when asked to end, so that the terminal and the files are put right."""
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda number, _frame: sys.exit(128 + number))
