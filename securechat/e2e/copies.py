"""Copies of what was sent, kept until it has arrived: what a recovery is answered from."""

from collections.abc import Iterator

import msgspec

from securechat.e2e.rows import ChangeLog, StoredRows
from securechat.e2e.seen import DAY_MS
from securechat.identity.notation import u64
from securechat.identity.types import DeviceAddress, MessageId

SENT = "sent"
FORMERLY_SENT = "formerly_sent"
"""What a device sealed in whose place this one came; only texts are in that table."""

COPY_LIFE_MS = 7 * DAY_MS
MAX_COPIES = 1000
"""Kept for each device; beyond that the oldest go."""


class Copy(msgspec.Struct, frozen=True, array_like=True):
    """A message as the ratchet encrypted it, without padding; ``time_ms`` is when."""

    counter: int
    time_ms: int
    message_id: MessageId
    plaintext: bytes


class CopyTable:
    """The copies of what went to each device, oldest first, so that each goes to that one only."""

    __slots__ = ("_by_peer", "_changes", "_counters", "_table")

    def __init__(self, changes: ChangeLog, rows: StoredRows, table: str = SENT) -> None:
        self._changes = changes
        self._table = table
        self._by_peer: dict[DeviceAddress, dict[int, Copy]] = {}
        self._counters: dict[DeviceAddress, dict[MessageId, int]] = {}
        for key, value in sorted(
            (key, value) for (name, key), value in rows.items() if name == table
        ):
            self._keep(DeviceAddress.decode(key), msgspec.msgpack.decode(value, type=Copy))

    def add(self, peer: DeviceAddress, copy: Copy) -> None:
        """Keep a copy of what is being sent to ``peer``; those that are too old or too many go."""
        self._keep(peer, copy)
        key = _key(peer, copy.counter)
        self._changes.put(self._table, key, lambda: msgspec.msgpack.encode(copy))
        self._drop_old(peer, copy.time_ms)

    def drop(self, peer: DeviceAddress, message_ids: tuple[MessageId, ...]) -> None:
        """Let go of the copies of messages that ``peer`` has; others are left alone."""
        counters = self._counters.get(peer, {})
        for message_id in message_ids:
            if message_id in counters:
                self._delete(peer, counters[message_id])

    def forget_old(self, now_ms: int) -> None:
        """Let go of all copies that are too old."""
        for peer in self._by_peer:
            self._drop_old(peer, now_ms)

    def of(self, peer: DeviceAddress) -> tuple[Copy, ...]:
        """Return the copies of what went to ``peer``, oldest first."""
        return tuple(self._by_peer.get(peer, {}).values())

    def drop_all(self, peer: DeviceAddress) -> None:
        """Let go of everything that went to ``peer``."""
        for counter in tuple(self._by_peer.get(peer, ())):
            self._delete(peer, counter)

    def __iter__(self) -> Iterator[DeviceAddress]:
        return iter(self._by_peer)

    def _keep(self, peer: DeviceAddress, copy: Copy) -> None:
        self._by_peer.setdefault(peer, {})[copy.counter] = copy
        self._counters.setdefault(peer, {})[copy.message_id] = copy.counter

    def _drop_old(self, peer: DeviceAddress, now_ms: int) -> None:
        copies = self._by_peer[peer]
        while copies:
            oldest = copies[next(iter(copies))]
            if len(copies) <= MAX_COPIES and now_ms < oldest.time_ms + COPY_LIFE_MS:
                break
            self._delete(peer, oldest.counter)

    def _delete(self, peer: DeviceAddress, counter: int) -> None:
        copy = self._by_peer[peer].pop(counter)
        self._counters[peer].pop(copy.message_id, None)
        self._changes.delete(self._table, _key(peer, counter))


def _key(peer: DeviceAddress, counter: int) -> bytes:
    return peer.encode() + u64(counter)
