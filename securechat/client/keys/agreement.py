"""Doing without end-to-end encryption: with one person, if both want it and never had it."""

import msgspec

from securechat.client.events import EncryptionChanged
from securechat.client.names.contacts import Contact
from securechat.client.state.desk import Desk
from securechat.client.state.people import Person
from securechat.e2e.plain import PLAIN_SUITE
from securechat.identity.chain import PeerUser
from securechat.identity.names import name_key
from securechat.identity.types import Name


class Agreement:
    """Decides whether what goes to a person, or comes from them, may be without encryption.

    ``desk.unencrypted`` is the one for whom the user of this run wants that. Once a message with a
    contact was encrypted nothing is written to them without, whatever they or the relay say.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def is_plain(self, person: Person) -> bool:
        """Tell whether messages to this person go out without encryption now."""
        contact = self._desk.contacts.by_name(person.name)
        return (
            self._is_wanted(person)
            and contact is not None
            and not contact.encrypted_once
            and person.user is not None
            and _is_offered(person.user)
        )

    def note_ready(self, person: Person, contact: Contact) -> None:
        """Keep that the user wants it for this person; tell whether it is so."""
        if not self._is_wanted(person):
            return
        if not (contact.encrypted_once or contact.plain_allowed):
            self._desk.keep_contact(msgspec.structs.replace(contact, plain_allowed=True))
        self._tell(person, once=contact.encrypted_once)

    def takes(self, contact: Contact | None) -> bool:
        """Tell whether a message of a contact is taken although it is not encrypted."""
        return contact is not None and contact.is_pinned and contact.plain_allowed

    def note_encrypted(self, contact: Contact) -> None:
        """Keep that a message with this contact was encrypted; tell it if that changes anything."""
        current = self._desk.contacts.by_key(contact.user_key)
        if current is None or current.encrypted_once:
            return
        self._desk.keep_contact(msgspec.structs.replace(current, encrypted_once=True))
        person = self._desk.people.find(current.name)
        if person is not None and person.told_encrypted is False:
            self._tell(person, once=True)

    def _tell(self, person: Person, *, once: bool) -> None:
        """Tell whether a conversation is encrypted, if that was not told so before."""
        encrypted = not self.is_plain(person)
        if person.told_encrypted is not encrypted:
            person.told_encrypted = encrypted
            self._desk.tell(EncryptionChanged(self._desk.called(person.name), encrypted, once))

    def _is_wanted(self, person: Person) -> bool:
        wanted = self._desk.unencrypted
        if wanted is None:
            return False
        contact = self._desk.contacts.find(wanted)
        return name_key(contact.name if contact else Name(wanted)) == name_key(person.name)


def _is_offered(user: PeerUser) -> bool:
    return all(PLAIN_SUITE in device.bundle.suites for device in user.devices)
