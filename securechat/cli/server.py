"""``securechat server``: the relay, or the listening side of the quit mode."""

import gc
import queue
import signal
import sys
import time
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from securechat.cli.announcing import announcing, is_for_others
from securechat.cli.options import CertsOption, DataOption, NoAnnounceOption
from securechat.cli.relay_log import JsonLog, Log, PlainLog
from securechat.cli.reset_identity import reset_identity
from securechat.cli.settings import HomeOption, data_directory, refuse_flags
from securechat.client.profiles.surroundings import certs_directory, load_settings
from securechat.errors import SecureChatError

if TYPE_CHECKING:
    from securechat.config import ServerConfig
    from securechat.relay.events import RelayEvent
    from securechat.relay.server import RelayServer

    Happening = RelayEvent | SecureChatError | signal.Signals
    """What the loop, the announcement and the system tell the main thread."""

DAY_S = 24 * 60 * 60

RELAY_ONLY = (
    "data",
    "json_output",
    "max_connections",
    "max_unauthenticated",
    "max_per_address",
    "mailbox_bytes",
    "mailbox_messages",
    "account_bytes_per_s",
    "registration",
    "no_announce",
)
"""Parameters that mean nothing to the quit mode."""


server = typer.Typer(
    invoke_without_command=True, subcommand_metavar="[COMMAND]", rich_markup_mode=None
)
server.command("reset-identity")(reset_identity)


@server.callback()
def relay(
    context: typer.Context,
    host: Annotated[
        str | None,
        typer.Option("--host", help="Address to listen on [127.0.0.1]; 0.0.0.0 lets the LAN in."),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option("--port", min=0, max=65535, help="TCP port [5555; quit mode 12345]."),
    ] = None,
    certs: CertsOption = None,
    data: DataOption = None,
    home: HomeOption = None,
    json_output: Annotated[
        bool, typer.Option("--json", help="One JSON object a line instead of sentences.")
    ] = False,
    max_connections: Annotated[
        int | None, typer.Option("--max-connections", min=1, help="Connections at once [12500].")
    ] = None,
    max_unauthenticated: Annotated[
        int | None,
        typer.Option("--max-unauthenticated", min=1, help="Of these, not logged in yet [256]."),
    ] = None,
    max_per_address: Annotated[
        int | None,
        typer.Option("--max-per-address", min=1, help="Of these, from one address [64]."),
    ] = None,
    mailbox_bytes: Annotated[
        int | None,
        typer.Option("--mailbox-bytes", min=1, help="What waits for one device [67108864]."),
    ] = None,
    mailbox_messages: Annotated[
        int | None,
        typer.Option("--mailbox-messages", min=1, help="The same, in messages [100000]."),
    ] = None,
    account_bytes_per_s: Annotated[
        int | None,
        typer.Option("--account-bytes-per-s", min=1, help="What one may send [33554432]."),
    ] = None,
    registration: Annotated[
        Literal["open", "invite"] | None,
        typer.Option(
            "--registration",
            help="Who may become new [invite, unless this listens on loopback only].",
        ),
    ] = None,
    no_announce: NoAnnounceOption = False,
    quit_mode: Annotated[
        bool, typer.Option("--quit-mode", help="The two-party turn-based chat; needs no relay.")
    ] = False,
    tls: Annotated[bool, typer.Option("--tls", help="Quit mode: encrypt with TLS.")] = False,
    welcome: Annotated[
        str | None, typer.Option("--welcome", metavar="TEXT", help="Quit mode: greet the client.")
    ] = None,
) -> None:
    """Run the relay that clients meet on (or, with --quit-mode, the two-party chat)."""
    import msgspec

    if context.invoked_subcommand is not None:
        flags_here = [parameter.name or "" for parameter in context.command.params]
        refuse_flags(
            context, flags_here, "is for running the relay; flags of a command go behind it"
        )
        return
    if quit_mode:
        refuse_flags(context, RELAY_ONLY, "is for the relay, not for --quit-mode")
    else:
        refuse_flags(context, ("tls", "welcome"), "needs --quit-mode")
    settings = load_settings(home).server
    directory = certs_directory(home, certs, settings.certs)
    if quit_mode:
        from securechat.cli.quit_mode import serve

        serve(host, port, directory if tls else None, welcome)
        return
    flags = {
        "host": host,
        "port": port,
        "max_connections": max_connections,
        "max_unauthenticated": max_unauthenticated,
        "max_per_address": max_per_address,
        "mailbox_bytes": mailbox_bytes,
        "mailbox_messages": mailbox_messages,
        "account_bytes_per_s": account_bytes_per_s,
        "registration": registration,
        "announce": False if no_announce else None,
    }
    given = {name: value for name, value in flags.items() if value is not None}
    config = msgspec.structs.replace(settings, **given)
    store = data_directory(home, data, settings.data)
    run_relay(config, directory, store, JsonLog() if json_output else PlainLog())


def run_relay(config: "ServerConfig", certs: Path, data: Path, log: Log) -> None:
    """Run a relay until SIGTERM or SIGINT, printing in this thread only."""
    from securechat.relay.server import RelayServer

    happenings: queue.SimpleQueue[Happening] = queue.SimpleQueue()
    relay = RelayServer(config, certs, data, happenings.put)
    made = relay.prepare_certificate()
    gc.collect()
    gc.freeze()  # what was imported stays: the collector need not walk it again and again
    addresses = relay.start()
    for number in _signals():
        signal.signal(number, lambda number, _frame: happenings.put(signal.Signals(number)))
    announced = config.announce and is_for_others(addresses)
    try:
        log.ready(relay, addresses, made, announced=announced)
        with announcing(addresses, "", happenings.put) if announced else nullcontext():
            _follow(relay, happenings, log)
    finally:
        relay.stop()
    log.stopped()


def _follow(relay: "RelayServer", happenings: "queue.SimpleQueue[Happening]", log: Log) -> None:
    """Print events and look after the certificate until a signal ends it."""
    reloading = _reloading_signals()
    check_at = time.monotonic() + DAY_S
    while True:
        try:
            happening = happenings.get(timeout=max(0.0, check_at - time.monotonic()))
        except queue.Empty:
            happening = None
        if isinstance(happening, signal.Signals):
            if happening not in reloading:
                return
            happening = None
        if happening is not None:
            with suppress(OSError):  # a log that cannot be written is no reason to cut people off
                if isinstance(happening, SecureChatError):
                    log.problem(happening)
                else:
                    log.event(happening)
            continue
        try:
            relay.check_certificate()
        except SecureChatError as error:
            log.problem(error)
        check_at = time.monotonic() + DAY_S


def _signals() -> list[signal.Signals]:
    names = ("SIGINT", "SIGTERM", "SIGHUP")
    return [getattr(signal, name) for name in names if hasattr(signal, name)]


def _reloading_signals() -> set[signal.Signals]:
    """Return the signals that reload the certificate: a terminal's hang-up ends the relay."""
    if sys.stdout.isatty() or not hasattr(signal, "SIGHUP"):
        return set()
    return {signal.SIGHUP}
