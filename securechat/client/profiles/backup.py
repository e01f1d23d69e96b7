"""What of a profile goes into a backup: the person, the relays, the people met there.

Not in it is what belongs to the device or to a moment: its keys and sessions, what is unsent or
unread, and messages. The file around it is in `securechat.client.profiles.backup_file`.
"""

from typing import Annotated

import msgspec

from securechat.client.connection.relays import KnownRelay, known_relays, parse_address
from securechat.client.names.contacts import Contact, ContactBook
from securechat.e2e.endpoint import Endpoint
from securechat.e2e.own_device import UserIdentity
from securechat.e2e.rows import Rows, StoredRows
from securechat.errors import CannotOpen, SecureChatError, UsageError
from securechat.identity.names import parse_name
from securechat.identity.types import Name

_KEY_SIZE_BYTES = 32
_LAST_MS = 253_402_300_799_999
"""The end of the year 9999, which calendars know."""


class Place(msgspec.Struct, frozen=True, array_like=True):
    """A relay, and the people known there with their pins and what the user decided."""

    relay: KnownRelay
    people: tuple[Contact, ...]


class Backup(msgspec.Struct, frozen=True, array_like=True):
    """What outlives a device; ``made_ms`` is when this was taken. Secret."""

    name: Name
    made_ms: Annotated[int, msgspec.Meta(ge=0, le=_LAST_MS)]
    identity: UserIdentity
    places: tuple[Place, ...]

    def rows(self, now_ms: int) -> Rows:
        """Return the rows of a new profile: the same person with a device that is new."""
        rows = Endpoint.create_next(self.identity, now_ms).take_changes()
        for place in self.places:
            rows |= place.relay.row
            book = ContactBook(place.relay.relay_id, {})
            for contact in place.people:
                rows |= book.put(contact)
        return rows

    @property
    def people_count(self) -> int:
        """How many people the user had chosen to talk to, on all relays."""
        return sum(contact.accepted for place in self.places for contact in place.people)

    def encode(self) -> bytes:
        """Return it as msgpack."""
        return msgspec.msgpack.encode(self)

    def __repr__(self) -> str:
        return "Backup(secret)"


def take_backup(name: Name, rows: StoredRows, now_ms: int) -> Backup:
    """Return the backup of a profile from its rows; UsageError when nobody has used it yet."""
    if not rows:
        raise UsageError(f"{name} has no identity yet", f"securechat client --name {name}")
    places = tuple(
        Place(relay, tuple(ContactBook(relay.relay_id, rows))) for relay in known_relays(rows)
    )
    return Backup(name, now_ms, Endpoint.load(rows).user_identity, places)


def decode_backup(encoded: bytes) -> Backup:
    """Undo `Backup.encode`; CannotOpen when anything in it is not as a backup has it."""
    try:
        backup = msgspec.msgpack.decode(encoded, type=Backup)
        backup.identity.verify()
        for place in backup.places:
            parse_address(place.relay.address)
        is_proper = _is_name(backup.name) and all(map(_is_proper, backup.places))
    except (msgspec.MsgspecError, ValueError, RecursionError, SecureChatError) as error:
        raise CannotOpen("A backup has not the form of one.") from error
    if not is_proper:
        raise CannotOpen("A backup holds a name or a key that is none.")
    return backup


def _is_proper(place: Place) -> bool:
    keys: list[bytes] = [place.relay.relay_id]
    for contact in place.people:
        keys.append(contact.user_key)
        if contact.shown is not None:
            keys.append(contact.shown.user_key)
    names: list[str] = [contact.name for contact in place.people]
    names += [contact.petname for contact in place.people if contact.petname]
    return all(len(key) == _KEY_SIZE_BYTES for key in keys) and all(map(_is_name, names))


def _is_name(text: str) -> bool:
    return parse_name(text) == text
