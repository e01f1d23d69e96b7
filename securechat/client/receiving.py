"""Envelopes of others: opened, checked against the pins, shown once, and receipted."""

import random
from collections.abc import Callable

from securechat.client.contacts import Contact
from securechat.client.desk import Desk, trust_of
from securechat.client.events import Message
from securechat.client.lookups import Lookups
from securechat.client.sending import Sending
from securechat.e2e.content import Receipt, Text, Unsupported
from securechat.e2e.results import Duplicate, Invalid, Opened
from securechat.errors import (
    CannotOpen,
    HistoryForked,
    LimitExceeded,
    MessagesMissing,
    RemoteProtocolError,
    SecureChatError,
    Untrusted,
)
from securechat.identity.names import name_key
from securechat.identity.types import MAX_NUMBER, Name

RECEIPT_MIN_S = 0.3
RECEIPT_MAX_S = 1.0
MAX_HELD = 1000
TELL_UNOPENED_EVERY_S = 60.0


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
        self._held: dict[str, list[Opened | Invalid]] = {}
        self._waiting = 0
        self._unopened = 0
        self._tell_unopened_at = 0.0
        self.receipts_at: float | None = None

    def begin(self, waiting: int) -> None:
        """After a login: ``waiting`` envelopes are in the mailbox, and come first."""
        self._waiting = waiting
        self.note_delivered(0)
        for name in self._held:
            self._ask_whose(Name(name))

    def note_delivered(self, number: int) -> None:
        """Let go of keys that waited for an empty mailbox, once what had waited has come."""
        if self._waiting <= number:
            self._waiting = MAX_NUMBER
            self._desk.endpoint.drained(self._desk.now_ms())

    def open(self, envelope: bytes) -> None:
        """Dispose of one envelope."""
        desk = self._desk
        try:
            outcome = desk.endpoint.open(envelope, desk.now_ms())
        except CannotOpen:
            self._unopened += 1
            self._tell_unopened()
            return
        if isinstance(outcome, Duplicate):
            return
        contact = self._sender(outcome)
        if contact is None:
            desk.report(CannotOpen("A message came from a key that nobody is known by"))
        elif contact.is_pinned:
            self._show(outcome, contact)
        else:
            self._hold(outcome, contact)

    @property
    def held(self) -> int:
        """How many messages wait until the relay has said whose name their sender bears."""
        return sum(map(len, self._held.values()))

    def settle(self, name: Name) -> None:
        """The relay has said whose this name is, or will not: show what came from its holder."""
        impostors = 0
        for outcome in self._held.pop(name_key(name), ()):
            contact = self._desk.contacts.by_key(outcome.sender.user_key)
            if contact is not None and contact.is_pinned:
                self._show(outcome, contact)
            else:
                impostors += 1
        if impostors:
            self._desk.report(
                Untrusted(
                    f"Somebody wrote to you as {name} whom the relay does not know by that name;"
                    f" {impostors} set aside",
                    f"ask {name} on another way",
                )
            )

    def give_up(self) -> None:
        """Settle everything as it stands: there is no more time to ask."""
        for name in list(self._held):
            self.settle(Name(name))

    def send_receipts(self) -> None:
        """Tell everybody whose messages were shown, in one receipt each."""
        self.receipts_at = None
        for person in self._desk.people:
            if person.receipts:
                self._sending.flush(person)

    def _tell_unopened(self) -> None:
        """Tell of what could not be opened, once a minute: anybody can send such things."""
        now = self._desk.now_s()
        if now < self._tell_unopened_at:
            return
        count = "A message" if self._unopened == 1 else f"{self._unopened} messages"
        self._unopened, self._tell_unopened_at = 0, now + TELL_UNOPENED_EVERY_S
        self._desk.report(
            CannotOpen(
                f"{count} came that cannot be opened; set aside",
                "ask whoever wrote to you just now to send it again",
            )
        )

    def _sender(self, outcome: Opened | Invalid) -> Contact | None:
        """Return whose key it is, if that is known; a newcomer gets the name that they claim."""
        user_key, introduction = outcome.sender.user_key, outcome.introduction
        contact = self._desk.contacts.by_key(user_key)
        if introduction is not None and (contact is None or not contact.is_pinned):
            contact = Contact(introduction.registration.name, user_key)
            self._desk.keep_contact(contact)
        return contact

    def _hold(self, outcome: Opened | Invalid, contact: Contact) -> None:
        """Keep a message until its sender's name is settled: anybody can claim any name."""
        if self.held >= MAX_HELD:
            self._desk.report(LimitExceeded("Too many strangers write at once; one is set aside"))
            return
        held = self._held.setdefault(name_key(contact.name), [])
        held.append(outcome)
        if len(held) == 1:
            self._ask_whose(contact.name)

    def _ask_whose(self, name: Name) -> None:
        person = self._desk.people.find(name)
        if person is not None:
            self._lookups.ask(person, claim=bool(person.drafts))
        else:
            self._lookups.ask_whose(name)

    def _show(self, outcome: Opened | Invalid, contact: Contact) -> None:
        if isinstance(outcome, Invalid):
            what = f"{contact.name} sent a message that breaks the rules"
            self._desk.report(RemoteProtocolError(what))
            return
        self._tell_history(outcome, contact)
        match outcome.content:
            case Receipt():
                self._sending.delivered(contact, outcome.content)
            case Text(text):
                self._desk.tell(
                    Message(
                        message_id=outcome.message_id.hex(),
                        sender=contact.name,
                        recipient=self._own_name,
                        text=text,
                        time_ms=outcome.time_ms,
                        e2e=True,
                        trust=trust_of(contact),
                        request=not contact.accepted,
                        missing=outcome.missing,
                        late=outcome.late,
                    )
                )
                self._plan_receipt(outcome, contact)
            case Unsupported(kind):
                self._desk.report(
                    SecureChatError(
                        f"{contact.name} sent something of a kind ({kind}) that is not known here",
                        "a newer securechat can show it",
                    )
                )

    def _tell_history(self, opened: Opened, contact: Contact) -> None:
        """Tell what is wrong with the order of somebody's messages and no text can say."""
        name = contact.name
        if opened.missing and not isinstance(opened.content, Text):
            self._desk.report(
                MessagesMissing(
                    f"{opened.missing} of {name}'s messages have not arrived",
                    f"ask {name} what came before",
                )
            )
        if opened.forked:
            self._desk.report(
                HistoryForked(
                    f"What {name} has written does not fit what came before it: somebody may"
                    " have changed the order, or an old copy of that device is in use",
                    f"ask {name} on another way",
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
