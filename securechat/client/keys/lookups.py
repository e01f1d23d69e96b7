"""Who is behind a name: asking the relay, checking its answer against the pin, pinning it."""

from collections.abc import Sequence

from msgspec import Struct

from securechat.client.commands import How
from securechat.client.events import Blocked, PeerReady, People, PresenceChanged, Waiting
from securechat.client.keys.agreement import Agreement
from securechat.client.keys.pinning import Pinning
from securechat.client.names.contacts import Contact
from securechat.client.state.desk import Desk, trust_of
from securechat.client.state.people import Person, proper_names
from securechat.errors import Unreachable, UsageError
from securechat.identity.chain import PeerUser, PublishedUser
from securechat.identity.types import Name, fingerprint
from securechat.wire.frames import MAX_NAMES, Lookup, Presence, Watch, Who


class Question(Struct, frozen=True):
    """A look-up that is under way: for a person to write to, or only to know whose a name is."""

    name: Name
    person: Person | None = None
    claim: bool = False


class Lookups:
    """The look-ups that are under way, and what their answers mean."""

    def __init__(self, desk: Desk, pinning: Pinning, agreement: Agreement) -> None:
        self._desk = desk
        self._agreement = agreement
        self._pinning = pinning
        self._asked: dict[int, Question] = {}
        self._last_request = 0
        self.has_begun = False
        """Whether the session has begun, so that what cannot be asked now is not waited for."""
        self.asks_who = False
        """Whether the user waits for the relay to say who is connected."""

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
        self.has_begun = True
        self.watch()
        for person in self._desk.people:
            person.asked = False
            if person.is_followed or person.has_waiting:
                self.ask(person, claim=person.wants_claim)
        if self.asks_who:
            self.who()

    def who(self) -> None:
        """Ask who is connected, now or after the login; Unreachable when the connection is lost."""
        if self._desk.online:
            self._desk.batch.frames.append(Who(self.new_request()))
        elif self.has_begun:
            raise Unreachable("There is no connection to the relay right now", "/who, a bit later")
        self.asks_who = True

    def watch(self) -> None:
        """Tell the relay whose comings and goings matter here."""
        if self._desk.online:
            people, frames = self._desk.people, self._desk.batch.frames
            names = [each.name for each in people if each.is_followed or each.drafts]
            frames[:] = [each for each in frames if not isinstance(each, Watch)]  # the last counts
            frames.append(Watch(tuple(names[-MAX_NAMES:])))

    def take(self, request: int) -> Question | None:
        """Return what was asked with this request, which is answered now; None for another one."""
        question = self._asked.pop(request, None)
        if question is not None and question.person is not None:
            question.person.asked = False
        return question

    def found(self, question: Question, published: PublishedUser) -> PeerUser | None:
        """Take the relay's answer: pin the holder of the name, and keep a person's keys.

        Returns them, or None for somebody who is CHANGED, whose keys are not kept. Raises as
        `Pinning.pin` does.
        """
        person = question.person
        pinned = self._desk.contacts.by_name(question.name)
        first_use = pinned is None or pinned.user_key != published.registration.user_key
        wanted = person is not None and person.wanted
        answer = self._pinning.pin(question.name, published, wanted=wanted)
        if answer is None:
            return None
        contact, user = answer
        if person is not None:
            person.claimed = question.claim
            self._note_ready(person, user, contact, first_use=first_use)
        return user

    def not_found(self, question: Question) -> None:
        """Take the relay's answer that it cannot show anybody of this name."""
        person = question.person
        if person is None:
            return
        person.stuck = True
        if person.verify is not None:
            person.verify = None
            self._desk.report(UsageError(f"Nobody on this relay is called {person.name}", "/who"))
        if person.only_asked and not person.has_waiting:
            self._desk.people.forget(person)
        elif person.is_followed and not person.told_waiting:
            person.told_waiting, person.told_ready = True, False
            known = self._desk.contacts.by_name(person.name) is not None
            self._desk.tell(Waiting(self._desk.called(person.name), known))

    def note_presence(self, person: Person, presence: Presence) -> None:
        """Keep whether a person is connected, and tell it; that nobody is there is no news."""
        had_come, person.online = bool(person.online), presence.online
        person.away, person.last_seen_ms = presence.away, presence.last_seen_ms
        contact = self._desk.contacts.by_name(person.name)
        if (contact is not None and contact.blocked) or not person.is_followed:
            return
        if presence.online or had_come or person.told_ready:
            self._desk.tell(self._presence_of(person))

    def _presence_of(self, person: Person) -> PresenceChanged:
        called = self._desk.called(person.name)
        return PresenceChanged(called, bool(person.online), person.away, person.last_seen_ms)

    def tell_people(self, names: Sequence[str], away: Sequence[str]) -> None:
        """Tell who is connected, and how far those who are known here are trusted."""
        self.asks_who = False
        contacts = self._desk.contacts
        named = proper_names(names)
        known = [contact for name in named if (contact := contacts.by_name(name)) is not None]
        self._desk.tell(
            People(
                tuple(map(self._desk.called, named)),
                {contacts.shown_name(contact): trust_of(contact) for contact in known},
                frozenset(contacts.shown_name(contact) for contact in known if contact.blocked),
                frozenset(map(self._desk.called, proper_names(away))),
            )
        )

    def show_safety_number(self, person: Person, how: How) -> None:
        """Tell the 60 digits, now or when the person's key is known.

        Raises Unreachable when that cannot be asked for now, since the connection was lost.
        """
        contact = self._desk.contacts.by_name(person.name)
        if contact is None:
            if self.has_begun and not self._desk.online:
                raise Unreachable(
                    "There is no connection to the relay right now",
                    f"/verify {person.name}, a bit later",
                )
            person.verify = how
            self.ask(person, claim=False)
            return
        person.verify = None
        self._pinning.show_digits(contact, as_qr=how is How.QR)

    def talk_to(self, person: Person) -> None:
        """Accept a person, look them up, and hear of their coming and going."""
        person.wanted, person.only_asked = True, False
        self._tell_barred(person)
        self.watch()
        self.ask(person, claim=False)

    def _tell_barred(self, person: Person) -> None:
        """Say so if the person is CHANGED or blocked: what is typed to them will be refused."""
        contact = self._desk.contacts.by_name(person.name)
        if contact is not None:
            self._pinning.tell_changed(contact)
            if contact.blocked:
                self._desk.tell(Blocked(self._desk.contacts.shown_name(contact), blocked=True))

    def _ask(self, question: Question) -> None:
        request = self.new_request()
        self._asked[request] = question
        self._desk.batch.frames.append(Lookup(request, question.name, question.claim))

    def _note_ready(
        self, person: Person, user: PeerUser, contact: Contact, *, first_use: bool
    ) -> None:
        person.user, person.stuck = user, False
        person.fetched_at_s = self._desk.now_s()
        person.name = contact.name
        person.told_waiting = False
        if person.is_followed and not (person.told_ready or contact.blocked):
            person.told_ready = True
            name = self._desk.contacts.shown_name(contact)
            self._desk.tell(
                PeerReady(name, trust_of(contact), fingerprint(user.user_key), first_use)
            )
            if person.online is False:
                self._desk.tell(self._presence_of(person))
        self._agreement.note_ready(person, contact)
        if person.verify is not None:
            self.show_safety_number(person, person.verify)
