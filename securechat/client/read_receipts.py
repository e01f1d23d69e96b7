"""Which messages of others were read here, for those who tell: kept until the receipt is sealed."""

from collections import deque
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from securechat.client.desk import Desk
from securechat.client.events import Message, Origin
from securechat.identity.types import DeviceAddress, MessageId, RelayId

MAX_ORIGINS = 10_000
"""Of so many messages it is remembered who wrote them; beyond that the oldest get no receipt."""

_TABLE = "read"
_RELAY_ID_SIZE_BYTES = 32
_DEVICE_SIZE_BYTES = 48

_Row = tuple[str, bytes]
_Shown = tuple[str, str]
"""Sender and id of a message, as faces were told them."""


class _Due(NamedTuple):
    """A message that was read, and whose writer is to know."""

    origin: Origin
    message_id: MessageId


class ReadReceipts:
    """The receipts that are due; for the engine's thread, only `note_read` serves any thread."""

    def __init__(self, rows: Mapping[_Row, bytes]) -> None:
        """Take up what earlier runs left."""
        self._origins: dict[_Shown, Origin] = {}
        self._read: deque[_Shown] = deque()
        self._due: dict[RelayId, list[_Due]] = {}
        for due in _stored(rows):
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
                due = _Due(origin, MessageId(bytes.fromhex(message_id)))
                changes[read_row(origin.relay_id, origin.device, due.message_id)] = b""
                self._add(due)
        return changes

    def hand_out(self, desk: Desk) -> bool:
        """Let what is due at this relay wait for those who wrote it; return whether any is.

        Strangers, and those who are blocked or were replaced by another key, are told nothing.
        """
        any_waits = False
        for (_, device), message_id in self._due.pop(desk.relay_id, ()):
            contact = desk.contacts.by_key(device.user_key)
            if contact is not None and contact.accepted and not contact.blocked:
                person = desk.people.open(contact.name)
                person.reads.setdefault(device, []).append(message_id)
                any_waits = True
            else:
                desk.change({read_row(desk.relay_id, device, message_id): None})
        return any_waits

    def _add(self, due: _Due) -> None:
        self._due.setdefault(due.origin.relay_id, []).append(due)


def read_row(relay_id: RelayId, device: DeviceAddress, message_id: MessageId) -> _Row:
    """Return table and key of the row that a receipt has until it is sealed."""
    return _TABLE, relay_id + device.encode() + message_id


def _stored(rows: Mapping[_Row, bytes]) -> Iterator[_Due]:
    device_end = _RELAY_ID_SIZE_BYTES + _DEVICE_SIZE_BYTES
    for table, key in sorted(rows):
        if table == _TABLE:
            relay_id = RelayId(key[:_RELAY_ID_SIZE_BYTES])
            device = DeviceAddress.decode(key[_RELAY_ID_SIZE_BYTES:device_end])
            yield _Due(Origin(relay_id, device), MessageId(key[device_end:]))
