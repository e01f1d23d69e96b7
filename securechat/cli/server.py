"""``securechat server``: the relay, or the listening side of the quit mode."""

import gc
import json
import os
import queue
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from securechat.cli.settings import HomeOption, certs_directory, load_settings
from securechat.config import DEFAULT_HOST
from securechat.errors import SecureChatError

if TYPE_CHECKING:
    from securechat.config import ServerConfig
    from securechat.relay.events import RelayEvent
    from securechat.relay.server import RelayServer
    from securechat.transport.endpoint import Endpoint

DAY_S = 24 * 60 * 60


def server(
    host: Annotated[
        str | None,
        typer.Option("--host", help="Address to listen on [127.0.0.1]; 0.0.0.0 lets the LAN in."),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option("--port", min=0, max=65535, help="TCP port [5555; quit mode 12345]."),
    ] = None,
    certs: Annotated[
        Path | None,
        typer.Option("--certs", metavar="DIR", help="Certificates [./certs, else in the home]."),
    ] = None,
    home: HomeOption = None,
    json_output: Annotated[
        bool, typer.Option("--json", help="One JSON object a line instead of sentences.")
    ] = False,
    max_connections: Annotated[
        int | None, typer.Option("--max-connections", min=1, help="Connections at once [10000].")
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
    }
    given = {name: value for name, value in flags.items() if value is not None}
    config = msgspec.structs.replace(settings, **given)
    run_relay(config, directory, JsonLog() if json_output else PlainLog())


class PlainLog:
    """The relay's output for people."""

    def ready(self, server: "RelayServer", addresses: "list[Endpoint]", made: bool) -> None:
        """Say where the relay is, who it is, and what to type on the other machine."""
        from securechat.identity.types import fingerprint
        from securechat.transport.pins import pin_text

        certificate = server.certificate
        directory = certificate.certificate_path.parent
        if made:
            typer.echo(f"New certificates are in {directory}.")
        for address in addresses:
            typer.echo(f"[SERVER] Listening on {address} (TLS 1.3)")
        typer.echo(f"Fingerprint  {fingerprint(certificate.relay_id)}")
        typer.echo(f"Pin          {pin_text(certificate.relay_id)}")
        typer.echo(f"Certificate  valid until {certificate.not_after:%Y-%m-%d}, renews itself")
        for line in _what_to_type(addresses, directory):
            typer.echo(line)
        typer.echo("Ctrl-C stops the relay.")

    def event(self, event: "RelayEvent") -> None:
        """Print one line about what happened."""
        from securechat.relay import events as e

        match event:
            case e.Joined(name):
                typer.echo(f"[SERVER] Nickname of client is {name}")
                typer.echo(f"[SERVER] {name} joined the chat!")
            case e.Left(name):
                typer.echo(f"[SERVER] {name} left the chat!")
            case e.Refusal(address, code):
                typer.echo(f"[SERVER] Refused a login from {address}: {code}")
            case e.CertificateRenewed(reason, not_after):
                typer.echo(f"[SERVER] New certificate until {not_after:%Y-%m-%d}: {reason}")
            case e.CertificateProblem(reason, error):
                typer.echo(f"[SERVER] Warning: {reason}, and it cannot be renewed. {error}")

    def problem(self, error: SecureChatError) -> None:
        """Print a warning: something is wrong, and the relay goes on."""
        typer.echo(f"[SERVER] Warning: {error}")

    def stopped(self) -> None:
        """Say that all is closed."""
        typer.echo("[SERVER] Stopped.")


class JsonLog:
    """The relay's output for programs: one JSON object a line."""

    def ready(self, server: "RelayServer", addresses: "list[Endpoint]", made: bool) -> None:
        """Print the ready line; see DESIGN."""
        from securechat.identity.types import fingerprint
        from securechat.transport.pins import pin_text

        relay_id = server.certificate.relay_id
        self._print(
            "ready",
            host=addresses[0].host,
            port=addresses[0].port,
            pid=os.getpid(),
            fingerprint=fingerprint(relay_id),
            pin=pin_text(relay_id),
            certs=str(server.certificate.certificate_path.parent),
            new_certificates=made,
        )

    def event(self, event: "RelayEvent") -> None:
        """Print one object about what happened."""
        from securechat.relay import events as e

        match event:
            case e.Joined(name):
                self._print("joined", name=name)
            case e.Left(name):
                self._print("left", name=name)
            case e.Refusal(address, code):
                self._print("refused", address=address, code=code)
            case e.CertificateRenewed(reason, not_after):
                self._print("certificate", reason=reason, not_after=f"{not_after:%Y-%m-%dT%H:%MZ}")
            case e.CertificateProblem(reason, error):
                self._print("error", code=error.code, message=f"{reason}: {error}")

    def problem(self, error: SecureChatError) -> None:
        """Print an object about an error that the relay survives."""
        self._print("error", code=error.code, message=str(error))

    def stopped(self) -> None:
        """Print that all is closed."""
        self._print("stopped")

    def _print(self, event: str, **fields: Any) -> None:
        typer.echo(json.dumps({"v": 1, "event": event, **fields}))


Log = PlainLog | JsonLog


def run_relay(config: "ServerConfig", certs: Path, log: Log) -> None:
    """Run a relay until SIGTERM or SIGINT, printing in this thread only."""
    from securechat.relay.server import RelayServer

    happenings: queue.SimpleQueue[RelayEvent | signal.Signals] = queue.SimpleQueue()
    relay = RelayServer(config, certs, happenings.put)
    made = relay.prepare_certificate()
    gc.collect()
    gc.freeze()  # what was imported stays: the collector need not walk it again and again
    addresses = relay.start()
    for number in _signals():
        signal.signal(number, lambda number, _frame: happenings.put(signal.Signals(number)))
    try:
        log.ready(relay, addresses, made)
        _follow(relay, happenings, log)
    finally:
        relay.stop()
    log.stopped()


def _follow(
    relay: "RelayServer", happenings: "queue.SimpleQueue[RelayEvent | signal.Signals]", log: Log
) -> None:
    """Print events and look after the certificate until a signal ends it."""
    check_at = time.monotonic() + DAY_S
    while True:
        try:
            happening = happenings.get(timeout=max(0.0, check_at - time.monotonic()))
        except queue.Empty:
            happening = None
        if isinstance(happening, signal.Signals):
            if happening != getattr(signal, "SIGHUP", None):
                return
            happening = None
        if happening is not None:
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


def _what_to_type(addresses: "list[Endpoint]", certs: Path) -> list[str]:
    """Return the lines that tell how to connect, from here and from elsewhere."""
    from securechat.config import DEFAULT_PORT

    port = addresses[0].port
    suffix = "" if port == DEFAULT_PORT else f":{port}"
    here = f" --server {DEFAULT_HOST}{suffix}" if suffix else ""
    hosts = _reachable_hosts(addresses)
    lines = [f"Here         securechat client --name YOU{here}"]
    if not hosts:
        return [
            *lines,
            "Elsewhere    nobody can connect; to let them: securechat server --host 0.0.0.0",
        ]
    lines += [f"Elsewhere    securechat client --name YOU --server {h}{suffix}" for h in hosts]
    lines.append(f"             (first copy {certs / 'ca.pem'} into a directory certs there)")
    return lines


def _reachable_hosts(addresses: "list[Endpoint]") -> list[str]:
    """Return the hosts by which other machines reach these listening addresses."""
    from ipaddress import ip_address

    from securechat.transport.addresses import interface_addresses

    hosts: list[str] = []
    for address in addresses:
        ip = ip_address(address.host.partition("%")[0])
        if ip.is_unspecified:
            hosts += [host for host in interface_addresses() if ip_address(host).version == 4]
        elif not ip.is_loopback:
            hosts.append(address.host)
    return hosts
