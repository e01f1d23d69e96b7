"""``securechat host``: a relay and a chat in one terminal, and a code for somebody to join them."""

import logging
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from securechat.cli.access import choose_name, say_where_key_is
from securechat.cli.announcing import announcing, is_for_others
from securechat.cli.chatting import Look, begin_chat, chatting, scrollback_messages, show
from securechat.cli.options import (
    CertsOption,
    ColorOption,
    DataOption,
    JsonOption,
    NameOption,
    NoAnnounceOption,
    PassphraseFileOption,
    PlainOption,
)
from securechat.cli.passphrase_input import read_passphrases
from securechat.cli.process import errors_as_json
from securechat.cli.relay_in_process import OwnRelay, running_relay
from securechat.cli.settings import HomeOption, data_directory
from securechat.client.profiles.surroundings import certs_directory, load_settings, resolve_home
from securechat.errors import SecureChatError
from securechat.faces.color import ColorChoice

if TYPE_CHECKING:
    from securechat import Client
    from securechat.client.events import Event
    from securechat.client.profiles.access import Access
    from securechat.config import Config, ServerConfig
    from securechat.identity.types import Name

ANY_HOST = "0.0.0.0"  # noqa: S104 (that others reach it is what a host is for)

logger = logging.getLogger("securechat.cli")


def host(
    name: NameOption = None,
    host_address: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="Address to listen on.")
    ] = ANY_HOST,
    port: Annotated[
        int | None,
        typer.Option("--port", min=0, max=65535, help="TCP port [5555, or a free one]."),
    ] = None,
    certs: CertsOption = None,
    data: DataOption = None,
    home: HomeOption = None,
    passphrase_file: PassphraseFileOption = None,
    no_announce: NoAnnounceOption = False,
    plain: PlainOption = False,
    color: ColorOption = ColorChoice.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Chat on a relay of your own, and let others join with a code."""
    begin_chat("host", plain=plain, json=json_output)
    with ExitStack() as stack:
        with errors_as_json(json_output):
            settings = load_settings(home)
            me = choose_name(
                resolve_home(home), name or settings.client.name, None, alone=True, guess=True
            )
            relay = stack.enter_context(
                running_relay(
                    _relay_config(settings.server, host_address, port),
                    certs_directory(home, certs, settings.server.certs),
                    data_directory(home, data, settings.server.data),
                    any_port=port is None,
                )
            )
            if settings.server.announce and not no_announce and is_for_others(relay.listening):
                stack.enter_context(announcing(relay.listening, me, _log))
            access = _access(settings, me, home, passphrase_file, relay)
            engine = stack.enter_context(chatting(access, None, scrollback_messages()))
        engine.subscribe(partial(_ask_for_code, engine))
        if not json_output:
            _print_place(relay, me)
        show(engine, None, Look(json_output, color, settings.client.notify))
    if not json_output:
        typer.echo("The relay has stopped with this chat.")


def _relay_config(settings: "ServerConfig", address: str, port: int | None) -> "ServerConfig":
    """Return the settings of the relay: beyond loopback a code or an invitation lets people in."""
    import msgspec

    wanted = settings.port if port is None else port
    return msgspec.structs.replace(settings, host=address, port=wanted, registration="auto")


def _access(
    settings: "Config", me: "Name", home: Path | None, passphrase_file: Path | None, relay: OwnRelay
) -> "Access":
    from securechat.client.profiles.access import Access, TrustFlags

    return Access(
        me=me,
        home=resolve_home(home),
        address=relay.here,
        trust=TrustFlags(pin=relay.relay_id),
        settings=settings.client,
        read_receipts=settings.client.read_receipts,
        passphrases=partial(read_passphrases, me, passphrase_file),
        tell_new_key=say_where_key_is,
    )


def _log(error: SecureChatError) -> None:
    logger.info("%s", error)


def _ask_for_code(engine: "Client", event: "Event") -> None:
    from securechat.client.commands import MakeCode
    from securechat.client.events import Ready

    if isinstance(event, Ready) and not event.again:
        engine.ask(MakeCode())


def _print_place(relay: OwnRelay, me: "Name") -> None:
    """Say where the relay is, and under which name; the chat itself goes on with the code."""
    certificate = "new certificate" if relay.is_new else "known certificate"
    typer.echo(f"Name     {me}  (change: --name)")
    for address in relay.elsewhere or (relay.here,):
        typer.echo(f"Server   {address}  TLS 1.3, {certificate}, renews itself")
