"""The relays a profile knows: remembered by id, with the address where each was met last."""

from collections.abc import Mapping

import msgspec

from securechat.client.connection.handed_over import HandedOver
from securechat.config import DEFAULT_PORT
from securechat.errors import UsageError
from securechat.identity.types import RelayId
from securechat.transport.endpoint import Endpoint

_TABLE = "relay"
_MAX_PORT = 65535
_MAX_PORT_DIGITS = 5


class KnownRelay(msgspec.Struct, frozen=True, array_like=True):
    """A relay that was trusted once; ``address`` is HOST:PORT as it was typed."""

    relay_id: RelayId
    address: str
    used_ms: int

    @property
    def row(self) -> dict[tuple[str, bytes], bytes | None]:
        """The row to commit."""
        return {(_TABLE, self.relay_id): msgspec.msgpack.encode(self)}


def parse_address(text: str) -> Endpoint:
    """Return the endpoint of HOST, HOST:PORT, [IPv6] or [IPv6]:PORT; UsageError otherwise.

    A host with characters that do not print or that separate words is none, nor is a link.
    """
    host, port = text.strip(), ""
    if host.startswith("["):
        host, _, port = host[1:].partition("]")
        port = port.removeprefix(":")
    elif host.count(":") == 1:
        host, _, port = host.partition(":")
    is_host = bool(host) and host.isprintable() and not {" ", "/"}.intersection(host)
    if not (is_host and (not port or _is_port(port))):
        raise UsageError(
            f"{text!r} is no address of a relay", "securechat client --server 192.168.1.20:5555"
        )
    return Endpoint(host, int(port) if port else DEFAULT_PORT)


def _is_port(text: str) -> bool:
    is_number = text.isascii() and text.isdigit() and len(text) <= _MAX_PORT_DIGITS
    return is_number and int(text) <= _MAX_PORT


def registered_at(
    rows: Mapping[tuple[str, bytes], bytes], address: Endpoint, pin: RelayId | None
) -> RelayId | None:
    """Return the relay that was met last at an address, if this profile was let in there.

    None when the user names another one by its ``pin``.
    """
    met = [relay for relay in known_relays(rows) if relay.address == str(address)]
    if not met or pin not in (None, met[0].relay_id):
        return None
    was_let_in = HandedOver(met[0].relay_id, rows).count > 0
    return met[0].relay_id if was_let_in else None


def known_relays(rows: Mapping[tuple[str, bytes], bytes]) -> list[KnownRelay]:
    """Return the known relays, the one used last first."""
    relays = [
        msgspec.msgpack.decode(value, type=KnownRelay)
        for (table, _), value in rows.items()
        if table == _TABLE
    ]
    return sorted(relays, key=lambda relay: -relay.used_ms)
