"""The address of a relay as somebody types it who reads it from another screen.

On a private IPv4 network its last number says enough: the numbers before it are one's own.
"""

import re
from collections.abc import Sequence
from ipaddress import AddressValueError, IPv4Address, IPv4Interface

from securechat.client.connection.relays import parse_address
from securechat.errors import UsageError
from securechat.transport.endpoint import Endpoint

_LAST_NUMBERS = re.compile(r"(?P<numbers>\d{1,3}(\.\d{1,3}){0,2})(?P<port>:\d*)?", re.ASCII)

_WHOLE = "the whole address, as the other screen shows it: securechat join 192.168.1.20:5555"


def complete_address(typed: str, networks: Sequence[IPv4Interface]) -> Endpoint:
    """Return the endpoint of an address, or of its last one to three numbers.

    ``networks`` are the own addresses with their networks; the first one that the completed address
    lies in is meant. Raises UsageError for what is no address, and for numbers that lie in none.
    """
    found = _LAST_NUMBERS.fullmatch(typed.strip())
    if found is None:
        return _parse_whole(typed)
    for network in networks:
        host = _complete(found["numbers"], network)
        if host is not None:
            return _parse_whole(f"{host}{found['port'] or ''}")
    raise UsageError(
        f"{typed.strip()} is no address on a network of this machine",
        _WHOLE,
    )


def beginning(network: IPv4Interface) -> str:
    """Return what of an address need not be typed: ``192.168.1.``"""
    return f"{str(network.ip).rpartition('.')[0]}."


def _parse_whole(typed: str) -> Endpoint:
    try:
        return parse_address(typed)
    except UsageError as error:
        raise UsageError(error.what, _WHOLE) from error


def _complete(numbers: str, network: IPv4Interface) -> IPv4Address | None:
    """Return the address in the network that ends in these numbers, if there is one."""
    last = numbers.split(".")
    first = str(network.ip).split(".")[: -len(last)]
    try:
        address = IPv4Address(".".join([*first, *last]))
    except AddressValueError:
        return None
    return address if address in network.network else None
