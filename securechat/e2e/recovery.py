"""How often a device is asked to send again, and answered when it asks."""

import msgspec

from securechat.e2e.rows import ChangeLog, StoredRows
from securechat.identity.types import DeviceAddress

_TABLE = "recovery"

ASK_EVERY_MS = 60 * 60 * 1000
ANSWER_EVERY_MS = 50 * 60 * 1000
"""A little less than `ASK_EVERY_MS`, so that whoever asks every hour is always answered."""


class _Row(msgspec.Struct, frozen=True, array_like=True):
    asked_ms: int | None = None
    answered_ms: int | None = None


class RecoveryTable:
    """When each device was last asked and last answered."""

    __slots__ = ("_by_peer", "_changes")

    def __init__(self, changes: ChangeLog, rows: StoredRows) -> None:
        self._changes = changes
        self._by_peer = {
            DeviceAddress.decode(key): msgspec.msgpack.decode(value, type=_Row)
            for (table, key), value in rows.items()
            if table == _TABLE
        }

    def may_ask(self, peer: DeviceAddress, now_ms: int) -> bool:
        """Tell whether ``peer`` may be asked now."""
        row = self._by_peer.get(peer, _Row())
        return not _is_recent(row.asked_ms, now_ms, ASK_EVERY_MS)

    def try_asking(self, peer: DeviceAddress, now_ms: int) -> bool:
        """Tell whether ``peer`` may be asked now; if so, it counts as asked."""
        if not self.may_ask(peer, now_ms):
            return False
        row = self._by_peer.get(peer, _Row())
        self._put(peer, msgspec.structs.replace(row, asked_ms=now_ms))
        return True

    def try_answering(self, peer: DeviceAddress, now_ms: int) -> bool:
        """Tell whether ``peer`` may be answered now; if so, it counts as answered."""
        row = self._by_peer.get(peer, _Row())
        if _is_recent(row.answered_ms, now_ms, ANSWER_EVERY_MS):
            return False
        self._put(peer, msgspec.structs.replace(row, answered_ms=now_ms))
        return True

    def _put(self, peer: DeviceAddress, row: _Row) -> None:
        self._by_peer[peer] = row
        self._changes.put(_TABLE, peer.encode(), lambda: msgspec.msgpack.encode(row))


def _is_recent(time_ms: int | None, now_ms: int, interval_ms: int) -> bool:
    """Tell whether a time was less than an interval ago; one to come is of a clock set back."""
    return time_ms is not None and 0 <= now_ms - time_ms < interval_ms
