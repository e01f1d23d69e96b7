"""What the relay prints: sentences for people, or one JSON object a line for programs."""

import json
import os
import shlex
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from securechat.config import DEFAULT_HOST, DEFAULT_PORT
from securechat.errors import SecureChatError

if TYPE_CHECKING:
    from securechat.relay.events import RelayEvent
    from securechat.relay.server import RelayServer
    from securechat.transport.endpoint import Endpoint


_BY = {
    "open": "open to anybody",
    "invite": "by invitation",
    "code": "by code",
    "near": "on this machine",
}
"""How a new person got in, in words."""


class PlainLog:
    """The relay's output for people."""

    def ready(
        self, server: "RelayServer", addresses: "list[Endpoint]", made: bool, *, announced: bool
    ) -> None:
        """Say where the relay is, who it is, and what to type on the other machine."""
        from securechat.identity.types import fingerprint
        from securechat.transport.addresses import machine_name
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
        for line in what_to_type(addresses, directory, takes_anybody=server.takes_anybody):
            typer.echo(line)
        if announced:
            typer.echo(f"Announced    as {machine_name()} to this network (--no-announce does not)")
        typer.echo("Ctrl-C stops the relay.")

    def event(self, event: "RelayEvent") -> None:
        """Print one line about what happened."""
        from securechat.relay import events as e
        from securechat.store import news as n

        match event:
            case e.Joined(name):
                typer.echo(f"[SERVER] Nickname of client is {name}")
                typer.echo(f"[SERVER] {name} joined the chat!")
            case e.Left(name):
                typer.echo(f"[SERVER] {name} left the chat!")
            case e.Refusal(address, code, untold):
                before = f" (and {untold} more before it)" if untold else ""
                typer.echo(f"[SERVER] Refused a login from {address}: {code}{before}")
            case e.Registered(name, address, by):
                typer.echo(f"[SERVER] {name} registered from {address} ({_BY[by]})")
            case e.Replaced(name, address):
                end = "the earlier connection ends"
                typer.echo(f"[SERVER] {name} logged in again from {address}: {end}")
            case e.SlotEnded(address, code):
                typer.echo(f"[SERVER] A pairing with {address} ended: {code}")
            case e.InviteChanged(name, what):
                typer.echo(f"[SERVER] {name}: invitation {what}")
            case e.CertificateRenewed(reason, not_after):
                typer.echo(f"[SERVER] New certificate until {not_after:%Y-%m-%d}: {reason}")
            case e.CertificateProblem(reason, error):
                typer.echo(f"[SERVER] Warning: {reason}, and it cannot be renewed. {error}")
            case n.Damaged(error=error):
                typer.echo(f"[SERVER] Warning: {error}")
            case n.Failing(error):
                typer.echo(f"[SERVER] Warning: nothing can be stored now. {error}")
            case n.Working():
                typer.echo("[SERVER] The store works again.")

    def problem(self, error: SecureChatError) -> None:
        """Print a warning: something is wrong, and the relay goes on."""
        typer.echo(f"[SERVER] Warning: {error}")

    def stopped(self) -> None:
        """Say that all is closed."""
        typer.echo("[SERVER] Stopped.")


class JsonLog:
    """The relay's output for programs: one JSON object a line."""

    def ready(
        self, server: "RelayServer", addresses: "list[Endpoint]", made: bool, *, announced: bool
    ) -> None:
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
            registration="open" if server.takes_anybody else "invite",
            announced=announced,
        )

    def event(self, event: "RelayEvent") -> None:
        """Print one object about what happened."""
        from securechat.relay import events as e
        from securechat.store import news as n

        match event:
            case e.Joined(name):
                self._print("joined", name=name)
            case e.Left(name):
                self._print("left", name=name)
            case e.Refusal(address, code, untold):
                self._print("refused", address=address, code=code, untold=untold)
            case e.Registered(name, address, by):
                self._print("registered", name=name, address=address, by=by)
            case e.Replaced(name, address):
                self._print("replaced", name=name, address=address)
            case e.SlotEnded(address, code):
                self._print("pairing", address=address, code=code)
            case e.InviteChanged(name, what):
                self._print("invite", name=name, what=what)
            case e.CertificateRenewed(reason, not_after):
                self._print("certificate", reason=reason, not_after=f"{not_after:%Y-%m-%dT%H:%MZ}")
            case e.CertificateProblem(reason, error):
                self._print("error", code=error.code, message=f"{reason}: {error}")
            case n.Damaged(rows, error):
                self._print("store-damaged", rows=rows, message=str(error))
            case n.Failing(error):
                self._print("store-failing", code=error.code, message=str(error))
            case n.Working():
                self._print("store-working")

    def problem(self, error: SecureChatError) -> None:
        """Print an object about an error that the relay survives."""
        self._print("error", code=error.code, message=str(error))

    def stopped(self) -> None:
        """Print that all is closed."""
        self._print("stopped")

    def _print(self, event: str, **fields: Any) -> None:
        typer.echo(json.dumps({"v": 1, "event": event, **fields}))


Log = PlainLog | JsonLog
"""What prints the relay's output."""


def what_to_type(addresses: "list[Endpoint]", certs: Path, *, takes_anybody: bool) -> list[str]:
    """Return the lines that tell how to connect, from here and from elsewhere.

    Where not ``takes_anybody``, who is new elsewhere needs what somebody here has made for them.
    """
    from securechat.transport.addresses import reachable_hosts

    first = addresses[0]
    local = DEFAULT_HOST if ip_address(bare_host(first.host)).is_unspecified else first.host
    lines = [f"Here         {_client(first._replace(host=local))}"]
    hosts = reachable_hosts(addresses)
    place = first._replace(host=hosts[0] if hosts else local)
    by_invitation = [
        "New people   securechat invite, here, after that; there: securechat join LINK",
        f"             or /code in a chat; there: securechat join {place}",
    ]
    if not hosts:
        port = "" if first.port == DEFAULT_PORT else f" --port {first.port}"
        directory = "" if certs == Path("certs") else f" --certs {shlex.quote(str(certs))}"
        command = f"securechat server --host 0.0.0.0{port}{directory}"
        lines.append(f"Elsewhere    nobody can connect; to let them: {command}")
        return lines if takes_anybody else lines + by_invitation
    if not takes_anybody:
        lines += by_invitation
    lines += [f"Elsewhere    {_client(first._replace(host=host))}" for host in hosts]
    if takes_anybody:
        lines.append("             (it asks for the fingerprint above once; with a copy of")
        lines.append(f"             {certs / 'ca.pem'} in a directory certs there it does not)")
    else:
        lines.append("             (for whoever is on this relay already)")
    return lines


def _client(relay: "Endpoint") -> str:
    """Return the command that connects to a relay."""
    if relay.port != DEFAULT_PORT:
        return f"securechat client --name YOU --server {relay}"
    server = "" if relay.host == DEFAULT_HOST else f" --server {relay.host}"
    return f"securechat client --name YOU{server}"


def bare_host(host: str) -> str:
    """Return an address without the interface that it is on."""
    return host.partition("%")[0]
