"""The relays a profile knows: remembered by id, with the address where each was met last."""

from collections.abc import Mapping

import msgspec

from securechat.identity.types import RelayId

_TABLE = "relay"


class KnownRelay(msgspec.Struct, frozen=True, array_like=True):
    """A relay that was trusted once; ``address`` is HOST:PORT as it was typed."""

    relay_id: RelayId
    address: str
    used_ms: int

    @property
    def row(self) -> dict[tuple[str, bytes], bytes | None]:
        """The row to commit."""
        return {(_TABLE, self.relay_id): msgspec.msgpack.encode(self)}


def known_relays(rows: Mapping[tuple[str, bytes], bytes]) -> list[KnownRelay]:
    """Return the known relays, the one used last first."""
    relays = [
        msgspec.msgpack.decode(value, type=KnownRelay)
        for (table, _), value in rows.items()
        if table == _TABLE
    ]
    return sorted(relays, key=lambda relay: -relay.used_ms)
