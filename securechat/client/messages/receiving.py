"""Envelopes of others: opened, checked against the pins, shown once, and receipted."""

import random
from collections.abc import Callable

import msgspec

from securechat.client.events import Message, Origin
from securechat.client.keys.agreement import Agreement
from securechat.client.keys.devices import Devices
from securechat.client.keys.lookups import Lookups
from securechat.client.messages.amending import Amending
from securechat.client.messages.aside import SetAside
from securechat.client.messages.comparing import Comparisons
from securechat.client.messages.composing import Composing
from securechat.client.messages.confirmations import Confirmations
from securechat.client.messages.recovering import Recovering
from securechat.client.messages.rosters import Rosters
from securechat.client.messages.sending import Sending
from securechat.client.messages.strangers import StrangerLimit
from securechat.client.names.contacts import Contact
from securechat.client.names.mentioning import mentions
from securechat.client.state.desk import Desk, trust_of
from securechat.client.state.drafts import NO_ROOM
from securechat.client.state.receipts import Due, Kind, due_row, hand_out
from securechat.e2e.amend_content import Amendment, Reaction
from securechat.e2e.content import ReadReceipt, Receipt, Recovery, Text, Unsupported, place_of
from securechat.e2e.plain import decode_plain, is_plain
from securechat.e2e.results import Duplicate, Invalid, Opened, Outcome, Repeated, Signal, Unreadable
from securechat.e2e.room_content import Held, RoomNotice, Roster, RosterRequest
from securechat.e2e.sas_content import Comparing
from securechat.errors import (
    CannotOpen,
    HistoryForked,
    MessagesMissing,
    RemoteProtocolError,
    SecureChatError,
)
from securechat.identity.names import name_key
from securechat.identity.types import MAX_NUMBER, Name

RECEIPT_MIN_S = 0.3
RECEIPT_MAX_S = 1.0
TELL_UNOPENED_EVERY_S = 60.0


class Receiving:
    """Turns envelopes into messages, each shown once."""

    def __init__(
        self,
        desk: Desk,
        own_name: Name,
        lookups: Lookups,
        devices: Devices,
        sending: Sending,
        confirmations: Confirmations,
        agreement: Agreement,
        rosters: Rosters,
        comparisons: Comparisons,
        amending: Amending,
        composing: Composing,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._desk = desk
        self._own_name = own_name
        self._lookups = lookups
        self._devices = devices
        self._sending = sending
        self._confirmations = confirmations
        self._rosters = rosters
        self._comparisons = comparisons
        self._amending = amending
        self._composing = composing
        self._jitter = jitter
        self._strangers = StrangerLimit(desk)
        self._aside = SetAside(desk, self._strangers)
        self._agreement = agreement
        self._recovering = Recovering(desk, sending)
        self._waiting = 0
        self._unopened = 0
        self._tell_unopened_at = 0.0
        self._receipts_at: float | None = None

    @property
    def due_at(self) -> float | None:
        """When `do_what_is_due` wants to be called, if at all."""
        times = (self._receipts_at, self._strangers.due_at, self._recovering.due_at)
        return min((time for time in times if time is not None), default=None)

    def do_what_is_due(self) -> None:
        """Send receipts, and ask for what is missing, where it is time for that."""
        now = self._desk.now_s()
        if self._receipts_at is not None and self._receipts_at <= now:
            self.send_receipts()
        if self._strangers.due_at is not None and self._strangers.due_at <= now:
            self._strangers.begin_minute()
            self._show_all(self._aside.take_pinned())
        self._recovering.do_what_is_due()

    def begin(self, waiting: int) -> None:
        """After a login: ``waiting`` envelopes are in the mailbox, and come first."""
        self._waiting = waiting
        self.note_delivered(0)
        for name in self._aside.held_names:
            self._ask_whose(name)

    def note_delivered(self, number: int) -> None:
        """Let go of keys that waited for an empty mailbox, once what had waited has come."""
        if self._waiting <= number:
            self._waiting = MAX_NUMBER
            self._desk.endpoint.drained(self._desk.now_ms())

    def open(self, envelope: bytes) -> None:
        """Dispose of one envelope."""
        try:
            outcome = self._open(envelope)
        except CannotOpen as error:
            if not self._is_asked_for(error):
                self._unopened += 1
                self._tell_unopened()
            self._note_sighting(envelope, None)
            return
        match outcome:
            case Signal(sender, content):
                if content is not None:
                    self._composing.hear(sender, content)
            case Duplicate():
                self._confirm_again(outcome)
            case _:
                self._take(outcome)
        self._note_sighting(envelope, outcome)

    def _take(self, outcome: Opened | Invalid) -> None:
        """Show what was opened, or keep it until it is clear whose it is."""
        contact = self._sender(outcome)
        if contact is None:
            self._unopened += 1
            self._tell_unopened()
        elif contact.blocked:
            return
        elif isinstance(outcome, Opened) and isinstance(outcome.content, Held):
            self._rosters.note_held(outcome.content, contact)
        elif contact.is_pinned:
            self._show(outcome, self._devices.note_sender(outcome.sender, contact))
        elif owner := self._aside.owner(contact.name, contact.user_key):
            self._aside.put(outcome, owner)
        elif self._aside.hold(outcome, contact.name):
            self._ask_whose(contact.name)

    def take_released(self) -> None:
        """Show what was held for a room, and can be read now."""
        for outcome in self._rosters.take_released():
            self._take(outcome)

    @property
    def unsettled(self) -> int:
        """How many messages wait until the relay has said whose name their sender bears."""
        return self._aside.unsettled

    def settle(self, name: Name) -> None:
        """The relay has said whose this name is, or will not: show what came from its holder."""
        self._show_all(self._aside.settle(name))

    def give_up(self) -> None:
        """Tell what stays set aside, or was not shown: there is no more time to ask."""
        self._aside.tell()

    def show_aside(self, contact: Contact) -> None:
        """Show what came from a key before the user accepted it as this contact's."""
        self._show_all(self._aside.take(contact.user_key))

    def drop_aside(self, contact: Contact) -> None:
        """Drop, with a word, what came from a new key of this contact, who is blocked now."""
        self._aside.drop(contact)

    def send_receipts(self) -> None:
        """Tell everybody which of their messages came, and were read, in one receipt each."""
        self._receipts_at = None
        for person in self._desk.people:
            if person.receipts or person.reads:
                self._sending.flush(person)

    def plan_receipts(self) -> None:
        """Send what receipts wait in a moment, so that one names many messages."""
        if self._receipts_at is None:
            spread = RECEIPT_MAX_S - RECEIPT_MIN_S
            self._receipts_at = self._desk.now_s() + RECEIPT_MIN_S + self._jitter() * spread

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

    def _open(self, envelope: bytes) -> Outcome:
        """Open an envelope; one without encryption only of somebody with whom that was wanted."""
        endpoint, now_ms = self._desk.endpoint, self._desk.now_ms()
        if not is_plain(envelope):
            return endpoint.open(envelope, now_ms)
        sender = decode_plain(envelope).sender
        if not self._agreement.takes(self._desk.contacts.by_key(sender.user_key)):
            raise CannotOpen("A message was not encrypted.")
        return endpoint.open_plain(envelope, now_ms)

    def _note_sighting(self, envelope: bytes, outcome: Outcome | None) -> None:
        """Keep what the relay has seen of an envelope, by whose it is, if that is known."""
        desk, name, place = self._desk, "", None
        if isinstance(outcome, Opened | Invalid | Repeated | Signal):
            contact = desk.contacts.by_key(outcome.sender.user_key)
            name = contact.name if contact else ""
        if isinstance(outcome, Opened | Signal) and outcome.content is not None:
            place = place_of(outcome.content)
        desk.sightings.note(
            desk.endpoint.mailbox,
            envelope,
            desk.now_ms(),
            name,
            place.room_id if place else NO_ROOM,
            outgoing=False,
            ephemeral=isinstance(outcome, Signal),
        )

    def _is_asked_for(self, error: CannotOpen) -> bool:
        """Return whether what does not open has been asked for again."""
        return isinstance(error, Unreadable) and self._recovering.note_unreadable(error.claimed)

    def _sender(self, outcome: Opened | Invalid) -> Contact | None:
        """Return whose key it is, if that is known; a newcomer gets the name that they claim."""
        user_key, introduction = outcome.sender.user_key, outcome.introduction
        contact = self._desk.contacts.by_key(user_key)
        if introduction is not None and (contact is None or not contact.is_pinned):
            if name_key(introduction.registration.name) == name_key(self._own_name):
                return None  # nobody else has the own name
            contact = msgspec.structs.replace(
                contact or Contact(Name(""), user_key, met_ms=self._desk.now_ms()),
                name=introduction.registration.name,
            )
            self._desk.keep_contact(contact)
        return contact

    def _ask_whose(self, name: Name) -> None:
        person = self._desk.people.find(name)
        if person is not None:
            self._lookups.ask(person, claim=person.wants_claim)
        else:
            self._lookups.ask_whose(name)

    def _show_all(self, outcomes: list[Opened | Invalid]) -> None:
        for outcome in outcomes:
            contact = self._desk.contacts.by_key(outcome.sender.user_key)
            if contact is not None:
                self._show(outcome, contact)

    def _show(self, outcome: Opened | Invalid, contact: Contact) -> None:
        if contact.blocked:
            return
        is_stranger = contact.is_stranger and not self._desk.rooms.is_companion(contact)
        if is_stranger and not self._strangers.allows_one():
            self._aside.hold(outcome, contact.name)
            return
        name = self._desk.contacts.shown_name(contact)
        if isinstance(outcome, Invalid):
            what = f"{name} sent a message that breaks the rules"
            self._desk.report(RemoteProtocolError(what, f"ask {name} for a newer securechat"))
            return
        self._tell_order(outcome, contact)
        if outcome.encrypted:
            self._agreement.note_encrypted(contact)
            if outcome.missing and self._desk.is_acquainted(contact):
                self._recovering.note_gap(outcome.sender)
        match outcome.content:
            case Receipt():
                self._confirmations.delivered(contact, outcome.sender, outcome.content)
            case ReadReceipt():
                self._confirmations.read(contact, outcome.sender, outcome.content)
            case Recovery():
                self._recovering.answer(outcome.content, outcome.sender, contact)
            case Text():
                self._show_text(outcome.content, outcome, contact)
            case Amendment() | Reaction():
                self._amending.hear(outcome.content, outcome, contact)
                self._plan_receipt(outcome, contact)
            case Roster() | RosterRequest() | RoomNotice():
                self._rosters.take(outcome.content, outcome.sender, contact)
                self._plan_receipt(outcome, contact)
                self.take_released()
            case Comparing():
                self._comparisons.hear(outcome.content, outcome.sender)
                self._plan_receipt(outcome, contact)
            case Unsupported(kind):
                self._desk.report(
                    SecureChatError(
                        f"{name} sent something of a kind ({kind}) that is not known here",
                        "a newer securechat can show it",
                    )
                )

    def _show_text(self, content: Text, opened: Opened, contact: Contact) -> None:
        desk = self._desk
        room = content.room.room_id if content.room else None
        if room == desk.rooms.lobby_id and not desk.so_far.in_lobby:
            return
        where = desk.room(room) if room else desk.history.person(contact.name)
        mention = mentions(content.text, self._own_name)
        message = Message(
            message_id=opened.message_id.hex(),
            sender=desk.contacts.shown_name(contact),
            recipient=where.title if room else self._own_name,
            text=content.text,
            time_ms=opened.time_ms,
            e2e=opened.encrypted,
            trust=trust_of(contact),
            request=not (room or desk.is_acquainted(contact)),
            missing=opened.missing,
            late=opened.late,
            origin=Origin(desk.relay_id, opened.sender),
            room=where.title if room else None,
            action=content.action,
            reply=desk.quote(where, content.reply_to) if content.reply_to else None,
            mention=mention,
            alert=desk.attention.calls(where, in_room=room is not None, mention=mention),
        )
        desk.tell(message)
        self._composing.note_text(contact, room)
        is_known = contact.accepted or desk.rooms.is_roommate(contact)
        desk.record(
            desk.history.received(where, contact, message, desk.now_ms(), bounded=not is_known)
        )
        self._plan_receipt(opened, contact)

    def _confirm_again(self, duplicate: Duplicate) -> None:
        """Confirm what was shown before if it was sealed anew: the last receipt may be lost."""
        if not isinstance(duplicate, Repeated):
            return
        contact = self._desk.contacts.pinned(duplicate.sender.user_key)
        if contact is None or contact.blocked:
            return
        contact = self._devices.note_sender(duplicate.sender, contact)
        self._tell_order(duplicate, contact)
        if duplicate.missing and self._desk.is_acquainted(contact):
            self._recovering.note_gap(duplicate.sender)
        self._plan_receipt(duplicate, contact)

    def _tell_order(self, opened: Opened | Repeated, contact: Contact) -> None:
        """Tell what is wrong with the order of somebody's messages and no text can say."""
        name = self._desk.contacts.shown_name(contact)
        says_so_itself = isinstance(opened, Opened) and isinstance(opened.content, Text)
        if opened.missing and not says_so_itself:
            one = opened.missing == 1
            count, have = ("1 message", "has") if one else (f"{opened.missing} messages", "have")
            self._desk.report(
                MessagesMissing(
                    f"{count} of {name} {have} not arrived",
                    f"ask {name} what came before",
                )
            )
        if opened.forked:
            self._desk.report(
                HistoryForked(
                    f"What {name} has written does not fit what came before it: somebody may"
                    " have changed the order, or an old copy of that device is in use",
                    f"ask {name} in another way",
                )
            )

    def _plan_receipt(self, opened: Opened | Repeated, contact: Contact) -> None:
        if not self._desk.is_acquainted(contact):
            return
        due = Due(Origin(self._desk.relay_id, opened.sender), opened.message_id)
        self._desk.change({due_row(Kind.DELIVERED, due): b""})
        hand_out(self._desk, Kind.DELIVERED, [due])
        self.plan_receipts()
