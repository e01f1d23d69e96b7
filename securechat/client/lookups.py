"""Who is behind a name: asking the relay, checking its answer against the pin, pinning it."""

from dataclasses import dataclass

import msgspec

from securechat.client.contacts import Contact
from securechat.client.desk import Desk, trust_of
from securechat.client.events import (
    PeerKeyChanged,
    PeerReady,
    PresenceChanged,
    SafetyNumber,
    Waiting,
)
from securechat.client.people import Person
from securechat.errors import KeyChanged, RemoteProtocolError, UsageError
from securechat.identity.chain import PeerUser, PublishedUser, verify_published
from securechat.identity.names import name_key
from securechat.identity.safety_number import safety_number
from securechat.identity.types import Name, UserKey, fingerprint
from securechat.wire.frames import MAX_NAMES, Lookup, Watch


@dataclass(frozen=True, slots=True)
class Question:
    """A look-up that is under way: for a person to write to, or only to know whose a name is."""

    name: Name
    person: Person | None = None
    claim: bool = False


class Lookups:
    """The look-ups that are under way, and what their answers mean."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._asked: dict[int, Question] = {}
        self._last_request = 0

    def new_request(self) -> int:
        """Return a number for a request that no other request of this run has."""
        self._last_request += 1
        return self._last_request

    def ask(self, person: Person, *, claim: bool) -> None:
        """Ask the relay for a person's keys, unless that is under way or there is no connection."""
        if not person.asked and self._desk.online:
            person.asked = True
            self._ask(Question(person.name, person, claim))

    def ask_whose(self, name: Name) -> None:
        """Ask the relay for the holder of a name, if there is a connection."""
        if self._desk.online:
            self._ask(Question(name))

    def ask_again(self) -> None:
        """After a login: watch everybody of this run's conversations and fetch their keys."""
        self._asked.clear()
        self.watch()
        for person in self._desk.people:
            person.asked = False
            self.ask(person, claim=bool(person.drafts))

    def watch(self) -> None:
        """Tell the relay whose comings and goings matter here."""
        if self._desk.online:
            names = [person.name for person in self._desk.people]
            self._desk.batch.frames.append(Watch(tuple(names[-MAX_NAMES:])))

    def take(self, request: int) -> Question | None:
        """Return what was asked with this request, which is answered now; None for another one."""
        question = self._asked.pop(request, None)
        if question is not None and question.person is not None:
            question.person.asked = False
        return question

    def found(self, question: Question, published: PublishedUser) -> None:
        """Take the relay's answer: pin the holder of the name, and keep a person's keys.

        Raises KeyChanged when another key is pinned, and what `verify_published` raises; then
        nothing has changed.
        """
        person = question.person
        pinned = self._desk.contacts.by_name(question.name)
        first_use = pinned is None or pinned.user_key != published.registration.user_key
        contact, user = self._pin(question.name, published, accept=person is not None)
        if person is not None:
            person.claimed = question.claim
            self._note_ready(person, user, contact, first_use=first_use)

    def not_found(self, question: Question) -> None:
        """Take the relay's answer that it cannot show anybody of this name."""
        person = question.person
        if person is None:
            return
        if person.verify:
            person.verify = False
            self._desk.report(UsageError(f"Nobody on this relay is called {person.name}", "/who"))
        if not person.told_waiting:
            person.told_waiting, person.told_ready = True, False
            known = self._desk.contacts.by_name(person.name) is not None
            self._desk.tell(Waiting(self._spelled(person), known))

    def note_presence(self, person: Person, *, online: bool) -> None:
        """Keep whether a person is connected, and tell it; that nobody is away is no news."""
        had_come, person.online = bool(person.online), online
        if online or had_come or person.told_ready:
            self._desk.tell(PresenceChanged(self._spelled(person), online))

    def show_safety_number(self, person: Person) -> None:
        """Tell the 60 digits, now or when the person's key is known."""
        contact = self._desk.contacts.by_name(person.name)
        if contact is None:
            person.verify = True
            self.ask(person, claim=False)
            return
        person.verify = False
        digits = safety_number(self._desk.endpoint.user_key, contact.user_key)
        self._desk.tell(SafetyNumber(contact.name, digits, trust_of(contact)))

    def _spelled(self, person: Person) -> Name:
        """Return the name of a person as they write it, once that is known."""
        contact = self._desk.contacts.by_name(person.name)
        return contact.name if contact else person.name

    def _ask(self, question: Question) -> None:
        request = self.new_request()
        self._asked[request] = question
        self._desk.batch.frames.append(Lookup(request, question.name, question.claim))

    def _pin(
        self, name: Name, published: PublishedUser, *, accept: bool
    ) -> tuple[Contact, PeerUser]:
        desk, shown = self._desk, published.registration.user_key
        if name_key(published.registration.name) != name_key(name):
            raise RemoteProtocolError(f"The relay answered with another name than {name}")
        pinned, known = desk.contacts.by_name(name), desk.contacts.by_key(shown)
        if pinned is not None and pinned.user_key != shown:
            if pinned.accepted:
                raise self._key_changed(pinned, shown)
            desk.keep_contact(msgspec.structs.replace(pinned, highest=None))
        if known is not None and known.is_pinned and known is not pinned:
            raise RemoteProtocolError(f"The relay shows the key of {known.name} as that of {name}")
        user, highest = verify_published(
            published,
            pin=shown,
            relay_id=desk.relay_id,
            highest=known.highest if known else None,
        )
        contact = msgspec.structs.replace(
            known or Contact(name, shown), name=user.registration.name, highest=highest
        )
        if accept:
            contact = msgspec.structs.replace(contact, accepted=True)
        desk.keep_contact(contact)
        return contact, user

    def _key_changed(self, pinned: Contact, shown: UserKey) -> KeyChanged:
        """Tell the faces of a key that is not the pinned one; return the error for it."""
        name, known = pinned.name, fingerprint(pinned.user_key)
        self._desk.tell(PeerKeyChanged(name, known, fingerprint(shown)))
        return KeyChanged(
            f"The key of {name} has CHANGED: {known} is pinned, {fingerprint(shown)} was shown."
            " It may be a new device, or somebody else",
            f"ask {name} on another way; nothing is sent to the new key",
        )

    def _note_ready(
        self, person: Person, user: PeerUser, contact: Contact, *, first_use: bool
    ) -> None:
        person.user = user
        person.fetched_at_s = self._desk.now_s()
        person.name = contact.name
        person.told_waiting = False
        if not person.told_ready:
            person.told_ready = True
            self._desk.tell(
                PeerReady(person.name, trust_of(contact), fingerprint(user.user_key), first_use)
            )
            if person.online is False:
                self._desk.tell(PresenceChanged(person.name, online=False))
        if person.verify:
            self.show_safety_number(person)
