"""Where the relay to join is: on the command line, found on the local network, or typed."""

import re
from collections.abc import Sequence
from ipaddress import IPv4Interface
from typing import TYPE_CHECKING

import typer

from securechat.cli.prompting import can_ask
from securechat.errors import UsageError

if TYPE_CHECKING:
    from securechat.client.connection.invite_link import InviteLink
    from securechat.transport.discovery import FoundRelay
    from securechat.transport.endpoint import Endpoint

_LOOKS_LIKE_A_CODE = re.compile(
    r"\d{1,3}[\s,_-]*([a-z]{3,}([\s,_-]+[a-z]+)*|[a-z]+([\s,_-]+[a-z]+){2})",
    re.IGNORECASE | re.ASCII,
)
"""With or without typos: it must not go to a name server either, or be asked of the network."""


def read_place(typed: str) -> "Endpoint | InviteLink":
    """Return the address or the link of the command line.

    A code must not stand there, where others see it: UsageError, as for what is none of them.
    """
    from securechat.transport.addresses import interface_networks

    if _LOOKS_LIKE_A_CODE.fullmatch(typed.strip()):
        raise UsageError(
            "A code is typed at the prompt, not on the command line", "securechat join"
        )
    return _parse(typed, interface_networks())


def find_place() -> "Endpoint | InviteLink":
    """Look for a relay on the local network, and ask when there is none or more than one.

    Raises UsageError when nobody can be asked.
    """
    from securechat.transport.discovery import BROWSE_S, browse

    typer.echo("Looking on this network ...", err=True)
    found = browse()
    if len(found) == 1:
        typer.echo(f"Found {_line(found[0])}", err=True)
        return found[0].address
    if not found:
        typer.echo(f"Nothing found on this network in {BROWSE_S:.0f} s.", err=True)
    if not can_ask():
        what = f"{len(found)} relays are on this network" if found else "No relay was found"
        raise UsageError(what, "securechat join HOST[:PORT], as the other screen shows it")
    return _choose(found) if found else _ask_place()


def _line(relay: "FoundRelay") -> str:
    person = f" ({relay.person})" if relay.person else ""
    return f"{relay.label}{person}  {relay.address}"


def _choose(found: "Sequence[FoundRelay]") -> "Endpoint":
    for number, relay in enumerate(found, 1):
        typer.echo(f"  {number}  {_line(relay)}", err=True)

    def read(typed: str) -> "FoundRelay":
        numbered = {str(number): relay for number, relay in enumerate(found, 1)}
        if typed.strip() not in numbered:
            raise typer.BadParameter(f"type a number from 1 to {len(found)}")
        return numbered[typed.strip()]

    chosen: FoundRelay = typer.prompt("Which one?", default="1", err=True, value_proc=read)
    return chosen.address


def _ask_place() -> "Endpoint | InviteLink":
    from securechat.client.input.typed_address import beginning
    from securechat.transport.addresses import interface_networks

    networks = interface_networks()

    def read(typed: str) -> "Endpoint | InviteLink":
        try:
            return _parse(typed, networks)
        except UsageError as error:
            raise typer.BadParameter(f"{error.what}; {error.try_next}") from None

    hint = f" (of {beginning(networks[0])}…, the last number is enough)" if networks else ""
    place: Endpoint | InviteLink = typer.prompt(f"Address or link{hint}", err=True, value_proc=read)
    return place


def _parse(typed: str, networks: Sequence[IPv4Interface]) -> "Endpoint | InviteLink":
    from securechat.client.connection.invite_link import is_link, parse_link
    from securechat.client.input.typed_address import complete_address

    return parse_link(typed) if is_link(typed) else complete_address(typed, networks)
