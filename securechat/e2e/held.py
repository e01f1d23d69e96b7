"""What was said in rooms and cannot be read before their roster is here; nothing of it is shown."""

from collections import Counter
from collections.abc import Iterable

import msgspec

from securechat.e2e.plaintext import Plaintext
from securechat.e2e.room_content import RoomPlace
from securechat.e2e.rows import ChangeLog, StoredRows
from securechat.errors import RemoteProtocolError
from securechat.identity.notation import u64
from securechat.identity.types import DeviceAddress, RoomId, UserKey

HELD = "room_held"

MAX_OF_A_DEVICE = 64
MAX_OF_A_ROOM = 256
MAX_OF_UNKNOWN_ROOMS = 64
MAX_OF_INVITATIONS = 512


class HeldMessage(msgspec.Struct, frozen=True, array_like=True):
    """A message whose place in its sender's order is settled, and whose room is not.

    ``late``: it filled a gap in that order. ``hopeless``: its sender has said since that it has no
    other roster than the one here.
    """

    number: int
    sender: DeviceAddress
    place: RoomPlace
    message: Plaintext
    held_ms: int
    hopeless: bool = False
    late: bool = False


class HeldTable:
    """The messages that are held, in the order of their arrival."""

    __slots__ = ("_changes", "_messages", "_next")

    def __init__(self, changes: ChangeLog, rows: StoredRows) -> None:
        self._changes = changes
        stored = (
            msgspec.msgpack.decode(value, type=HeldMessage)
            for (table, _), value in sorted(rows.items())
            if table == HELD
        )
        self._messages = {held.number: held for held in stored}
        self._next = max(self._messages, default=-1) + 1

    def of(self, room_id: RoomId) -> tuple[HeldMessage, ...]:
        """Return what is held of a room, in the order of arrival."""
        return tuple(held for held in self._messages.values() if held.place.room_id == room_id)

    @property
    def counts(self) -> Counter[RoomId]:
        """How many messages of each room are held."""
        return Counter(held.place.room_id for held in self._messages.values())

    def require_room(self, room_ids: Iterable[RoomId], limit: int) -> None:
        """Raise `RemoteProtocolError` unless fewer than ``limit`` are held of rooms together."""
        counts = self.counts
        if sum(counts[room_id] for room_id in room_ids) >= limit:
            raise RemoteProtocolError("Too many messages wait for rooms that were not joined.")

    def add(
        self,
        sender: DeviceAddress,
        place: RoomPlace,
        message: Plaintext,
        now_ms: int,
        *,
        late: bool = False,
    ) -> None:
        """Hold a message; raise `RemoteProtocolError` when its sender or its room has too many."""
        of_sender = sum(held.sender == sender for held in self._messages.values())
        if of_sender >= MAX_OF_A_DEVICE or len(self.of(place.room_id)) >= MAX_OF_A_ROOM:
            raise RemoteProtocolError("Too many messages wait for a roster.")
        held = HeldMessage(self._next, sender, place, message, now_ms, late=late)
        self._next += 1
        self._put(held)

    def remove(self, held: HeldMessage) -> None:
        """Let go of a message."""
        del self._messages[held.number]
        self._changes.delete(HELD, u64(held.number))

    def give_up(self, room_id: RoomId, sender: UserKey, above: int) -> None:
        """Note that nothing can make a sender's messages of higher versions readable."""
        for held in self.of(room_id):
            if held.sender.user_key == sender and held.place.version > above and not held.hopeless:
                self._put(msgspec.structs.replace(held, hopeless=True))

    def forget_before(self, room_id: RoomId, time_ms: int) -> None:
        """Drop what has been held of a room since before a time."""
        for held in self.of(room_id):
            if held.held_ms < time_ms:
                self.remove(held)

    def forget(self, room_id: RoomId) -> None:
        """Drop all that is held of a room."""
        for held in self.of(room_id):
            self.remove(held)

    def _put(self, held: HeldMessage) -> None:
        self._messages[held.number] = held
        self._changes.put(HELD, u64(held.number), lambda: msgspec.msgpack.encode(held))
