"""Envelopes of others: opened, checked against the pins, shown once, and receipted."""

import random
from collections.abc import Callable

from securechat.client.contacts import Contact
from securechat.client.desk import Desk, trust_of
from securechat.client.events import Message
from securechat.client.lookups import Lookups
from securechat.client.sending import Sending
from securechat.e2e.content import Receipt, Text, Unsupported
from securechat.e2e.results import Duplicate, Introduction, Invalid, Opened
from securechat.errors import CannotOpen, RemoteProtocolError, SecureChatError
from securechat.identity.types import Name, UserKey

RECEIPT_MIN_S = 0.3
RECEIPT_MAX_S = 1.0


class Receiving:
    """Turns envelopes into messages, each shown once."""

    def __init__(
        self,
        desk: Desk,
        own_name: Name,
        lookups: Lookups,
        sending: Sending,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._desk = desk
        self._own_name = own_name
        self._lookups = lookups
        self._sending = sending
        self._jitter = jitter
        self.receipts_at: float | None = None

    def open(self, envelope: bytes) -> None:
        """Dispose of one envelope. Raises KeyChanged when its sender is not who is pinned."""
        desk = self._desk
        try:
            outcome = desk.endpoint.open(envelope, desk.now_ms())
        except CannotOpen:
            desk.report(CannotOpen("A message came that cannot be opened; it is set aside"))
            return
        match outcome:
            case Duplicate():
                return
            case Opened():
                contact = self._sender(outcome.sender.user_key, outcome.introduction)
                if contact is not None:
                    self._show(outcome, contact)
            case Invalid():
                contact = self._sender(outcome.sender.user_key, outcome.introduction)
                if contact is not None:
                    desk.report(
                        RemoteProtocolError(f"{contact.name} sent a message that breaks the rules")
                    )

    def send_receipts(self) -> None:
        """Tell everybody whose messages were shown, in one receipt each."""
        self.receipts_at = None
        for person in self._desk.people:
            if person.receipts:
                self._sending.flush(person)

    def _sender(self, user_key: UserKey, introduction: Introduction | None) -> Contact | None:
        """Return who a key belongs to, pinning a newcomer; None when that cannot be told."""
        desk = self._desk
        contact = desk.contacts.by_key(user_key)
        if contact is not None:
            return contact
        if introduction is None:
            desk.report(CannotOpen("A message came from a key that nobody is known by"))
            return None
        try:
            introduction.registration.verify(desk.relay_id)
        except SecureChatError as error:
            desk.report(error)
            return None
        name = introduction.registration.name
        if desk.contacts.by_name(name) is not None:
            raise self._lookups.key_changed(name, user_key)
        chosen = desk.people.find(name) is not None
        contact = Contact(name, user_key, accepted=chosen)
        desk.keep_contact(contact)
        return contact

    def _show(self, opened: Opened, contact: Contact) -> None:
        match opened.content:
            case Receipt():
                self._sending.delivered(contact, opened.content)
            case Text(text):
                self._desk.tell(
                    Message(
                        message_id=opened.message_id.hex(),
                        sender=contact.name,
                        recipient=self._own_name,
                        text=text,
                        time_ms=opened.time_ms,
                        e2e=True,
                        trust=trust_of(contact),
                        request=not contact.accepted,
                        missing=opened.missing,
                    )
                )
                self._plan_receipt(opened, contact)
            case Unsupported(kind):
                self._desk.report(
                    SecureChatError(
                        f"{contact.name} sent something of a kind ({kind}) that is not known here",
                        "a newer securechat can show it",
                    )
                )

    def _plan_receipt(self, opened: Opened, contact: Contact) -> None:
        if not contact.accepted:
            return
        person = self._desk.people.open(contact.name)
        person.receipts.setdefault(opened.sender, []).append(opened.message_id)
        if self.receipts_at is None:
            spread = RECEIPT_MAX_S - RECEIPT_MIN_S
            self.receipts_at = self._desk.now_s() + RECEIPT_MIN_S + self._jitter() * spread
