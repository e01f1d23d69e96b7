"""The rooms as rows: one for each room, one for each entry of its roster."""

from collections.abc import Iterator
from functools import partial

import msgspec

from securechat.e2e.room import RoomRow, RoomState
from securechat.e2e.room_content import ROOM_ID_SIZE_BYTES
from securechat.e2e.roster_chain import RosterChain
from securechat.e2e.rows import ChangeLog, StoredRows
from securechat.errors import RemoteProtocolError
from securechat.identity.roster import RosterEntry
from securechat.identity.types import Digest, RoomId

ROOM = "room"
ENTRY = "room_entry"

MAX_UNJOINED = 64
MAX_UNJOINED_OF_AN_INVITER = 16


class RoomTable:
    """All rooms, the oldest here first; those that the user has not joined are bounded."""

    __slots__ = ("_changes", "_states", "_stored")

    def __init__(self, changes: ChangeLog, rows: StoredRows) -> None:
        self._changes = changes
        self._states: dict[RoomId, RoomState] = {}
        self._stored: dict[RoomId, set[Digest]] = {}
        entries: dict[RoomId, dict[Digest, RosterEntry]] = {}
        for (table, key), value in rows.items():
            if table == ENTRY:
                room_id, entry_hash = _split(key)
                entries.setdefault(room_id, {})[entry_hash] = msgspec.msgpack.decode(
                    value, type=RosterEntry
                )
        states = [
            _restore(value, entries[RoomId(key)])
            for (table, key), value in rows.items()
            if table == ROOM
        ]
        for state in sorted(states, key=lambda each: each.begun_ms):  # ids can be chosen
            self._states[state.room_id] = state
            self._stored[state.room_id] = set(entries[state.room_id])

    def __iter__(self) -> Iterator[RoomState]:
        return iter(tuple(self._states.values()))

    def __getitem__(self, room_id: RoomId) -> RoomState:
        return self._states[room_id]

    def get(self, room_id: RoomId) -> RoomState | None:
        """Return a room, or None."""
        return self._states.get(room_id)

    def add(self, state: RoomState) -> list[RoomId]:
        """Add a room; return those that had to go, which are the oldest that nobody joined.

        Raises `RemoteProtocolError` when its inviter has brought too many of them.
        """
        unjoined = sorted(
            (each for each in self._states.values() if not each.joined),
            key=lambda each: each.begun_ms,
        )
        gone: list[RoomId] = []
        if not state.joined:
            of_inviter = sum(each.inviter == state.inviter for each in unjoined)
            if of_inviter >= MAX_UNJOINED_OF_AN_INVITER:
                raise RemoteProtocolError("Somebody brings too many rooms.")
            excess = len(unjoined) + 1 - MAX_UNJOINED
            gone = [each.room_id for each in unjoined[: max(excess, 0)]]
        for room_id in gone:
            self.remove(room_id)
        self._states[state.room_id] = state
        self.save(state)
        return gone

    def save(self, state: RoomState) -> None:
        """Report what has changed of a room."""
        room_id, chain = state.room_id, state.chain
        entries = chain.entries | chain.waiting
        stored = self._stored.setdefault(room_id, set())
        for entry_hash in stored - entries.keys():
            self._changes.delete(ENTRY, room_id + entry_hash)
        for entry_hash in entries.keys() - stored:
            encode = partial(msgspec.msgpack.encode, entries[entry_hash])
            self._changes.put(ENTRY, room_id + entry_hash, encode)
        self._stored[room_id] = set(entries)
        row = msgspec.msgpack.encode(state.row())
        self._changes.put(ROOM, room_id, lambda: row)

    def remove(self, room_id: RoomId) -> None:
        """Let go of a room, if it is known."""
        if self._states.pop(room_id, None) is None:
            return
        for entry_hash in self._stored.pop(room_id):
            self._changes.delete(ENTRY, room_id + entry_hash)
        self._changes.delete(ROOM, room_id)


def _split(key: bytes) -> tuple[RoomId, Digest]:
    return RoomId(key[:ROOM_ID_SIZE_BYTES]), Digest(key[ROOM_ID_SIZE_BYTES:])


def _restore(value: bytes, entries: dict[Digest, RosterEntry]) -> RoomState:
    row = msgspec.msgpack.decode(value, type=RoomRow)
    waiting = {each: entries[each] for each in row.waiting}
    followed = {
        each: entry
        for each, entry in sorted(entries.items(), key=lambda item: item[1].version)
        if each not in waiting
    }
    if not row.tips or not followed.keys() >= {*row.tips, *row.grants}:
        raise ValueError("A room lacks rosters.")
    chain = RosterChain(followed, row.tips, row.grants, waiting)
    return RoomState(chain, row.inviter, row.begun_ms, row.joined, row.gone, row.left)
