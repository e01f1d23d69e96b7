"""Receipts that are due: each is a row until it is sealed, so that no end of a run loses one."""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple

from securechat.client.events import Origin
from securechat.client.state.desk import Desk
from securechat.client.state.people import Person
from securechat.identity.types import DeviceAddress, MessageId, RelayId

_RELAY_ID_SIZE_BYTES = 32
_DEVICE_SIZE_BYTES = 48

_Row = tuple[str, bytes]


class Kind(StrEnum):
    """What a receipt confirms; the value is the table of the rows."""

    DELIVERED = "delivered"
    READ = "read"


class Due(NamedTuple):
    """A message whose writer is to know what became of it."""

    origin: Origin
    message_id: MessageId


def due_row(kind: Kind, due: Due) -> _Row:
    """Return table and key of the row that a receipt has until it is sealed."""
    relay_id, device = due.origin
    return kind.value, relay_id + device.encode() + due.message_id


def stored_receipts(kind: Kind, rows: Mapping[_Row, bytes]) -> Iterator[Due]:
    """Give the receipts of a kind that earlier runs left, for any relay."""
    device_end = _RELAY_ID_SIZE_BYTES + _DEVICE_SIZE_BYTES
    for table, key in sorted(rows):
        if table == kind:
            relay_id = RelayId(key[:_RELAY_ID_SIZE_BYTES])
            device = DeviceAddress.decode(key[_RELAY_ID_SIZE_BYTES:device_end])
            yield Due(Origin(relay_id, device), MessageId(key[device_end:]))


def hand_out(desk: Desk, kind: Kind, receipts: Iterable[Due]) -> bool:
    """Let receipts wait for those who wrote the messages; return whether any does.

    Strangers, and those who are blocked or were replaced by another key, are told nothing.
    """
    any_waits = False
    for due in receipts:
        device = due.origin.device
        contact = desk.contacts.by_key(device.user_key)
        if contact is not None and desk.is_acquainted(contact) and not contact.blocked:
            waiting = receipts_of(desk.open_person(contact), kind)
            waiting.setdefault(device, []).append(due.message_id)
            any_waits = True
        else:
            desk.change({due_row(kind, due): None})
    return any_waits


def receipts_of(person: Person, kind: Kind) -> dict[DeviceAddress, list[MessageId]]:
    """Return what waits to be confirmed to each device of a person."""
    return person.reads if kind is Kind.READ else person.receipts
