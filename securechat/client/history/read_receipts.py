"""Which messages of others were read here, for those who tell: kept until the receipt is sealed."""

from collections import deque
from collections.abc import Mapping

from securechat.client.events import Message, Origin
from securechat.client.state.desk import Desk
from securechat.client.state.receipts import Due, Kind, due_row, hand_out, stored_receipts
from securechat.identity.types import MessageId, RelayId

MAX_ORIGINS = 10_000
"""Of so many messages it is remembered who wrote them; beyond that the oldest get no receipt."""

_Row = tuple[str, bytes]
_Shown = tuple[str, str]
"""Sender and id of a message, as faces were told them."""


class ReadReceipts:
    """The receipts that are due; for the engine's thread, only `note_read` serves any thread."""

    def __init__(self, rows: Mapping[_Row, bytes]) -> None:
        """Take up what earlier runs left."""
        self._origins: dict[_Shown, Origin] = {}
        self._read: deque[_Shown] = deque()
        self._due: dict[RelayId, list[Due]] = {}
        for due in stored_receipts(Kind.READ, rows):
            self._add(due)

    def note_told(self, message: Message) -> None:
        """Remember who wrote a message that faces are told."""
        if message.origin is not None:
            self._origins[message.sender, message.message_id] = message.origin
            if len(self._origins) > MAX_ORIGINS:
                del self._origins[next(iter(self._origins))]

    def note_read(self, sender: str, message_id: str) -> None:
        """Note that somebody has read a message who lets its writer know."""
        self._read.append((sender, message_id))

    def take(self) -> dict[_Row, bytes | None]:
        """Return the rows to commit for what was read by now; each message counts once."""
        changes: dict[_Row, bytes | None] = {}
        while self._read:
            sender, message_id = self._read.popleft()
            origin = self._origins.pop((sender, message_id), None)
            if origin is not None:
                due = Due(origin, MessageId(bytes.fromhex(message_id)))
                changes[due_row(Kind.READ, due)] = b""
                self._add(due)
        return changes

    def hand_out(self, desk: Desk) -> bool:
        """Let what is due at this relay wait for those who wrote it; return whether any is."""
        return hand_out(desk, Kind.READ, self._due.pop(desk.relay_id, ()))

    def _add(self, due: Due) -> None:
        self._due.setdefault(due.origin.relay_id, []).append(due)
