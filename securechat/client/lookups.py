"""Who is behind a name: asking the relay, checking its answer against the pin, pinning it."""

import msgspec

from securechat.client.contacts import Contact
from securechat.client.desk import Desk, trust_of
from securechat.client.events import PeerKeyChanged, PeerReady, SafetyNumber, Waiting
from securechat.client.people import Person
from securechat.errors import KeyChanged, RemoteProtocolError, SecureChatError, UsageError
from securechat.identity.chain import PeerUser, PublishedUser, verify_published
from securechat.identity.names import name_key
from securechat.identity.safety_number import safety_number
from securechat.identity.types import UserKey, fingerprint
from securechat.wire.frames import Failed, Found, Lookup, Watch


class Lookups:
    """The look-ups that are under way, and what their answers mean."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._asked: dict[int, Person] = {}
        self._last_request = 0

    def new_request(self) -> int:
        """Return a number for a request that no other request of this run has."""
        self._last_request += 1
        return self._last_request

    def ask(self, person: Person, *, claim: bool) -> None:
        """Ask the relay for a person's keys, unless that is under way or there is no connection."""
        if person.asked or not self._desk.online:
            return
        person.asked = True
        request = self.new_request()
        self._asked[request] = person
        self._desk.batch.frames.append(Lookup(request, person.name, claim))

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
            names = tuple(person.name for person in self._desk.people)
            self._desk.batch.frames.append(Watch(names))

    def found(self, frame: Found) -> Person | None:
        """Take the relay's answer; return the person if they can be written to now.

        Raises KeyChanged when the pinned key is another one.
        """
        person = self._asked.pop(frame.request, None)
        if person is None:
            return None
        person.asked = False
        try:
            self._adopt(person, frame.user)
        except KeyChanged:
            raise
        except SecureChatError as error:
            self._desk.report(error)
            return None
        person.claimed = any(device.one_time_key for device in frame.user.devices)
        return person

    def failed(self, frame: Failed) -> bool:
        """Take the relay's refusal of a look-up; return whether it was one."""
        person = self._asked.pop(frame.request, None)
        if person is None:
            return False
        person.asked = False
        if person.verify:
            person.verify = False
            self._desk.report(UsageError(f"Nobody on this relay is called {person.name}", "/who"))
        elif not person.told_waiting:
            person.told_waiting = True
            self._desk.tell(Waiting(person.name))
        return True

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

    def key_changed(self, name: str, shown: UserKey) -> KeyChanged:
        """Tell the faces of a key that is not the pinned one; return the error for it."""
        contact = self._desk.contacts.by_name(name)
        pinned = fingerprint(contact.user_key) if contact else ""
        self._desk.tell(PeerKeyChanged(name, pinned, fingerprint(shown)))
        return KeyChanged(
            f"The key of {name} has CHANGED: {pinned} is pinned, {fingerprint(shown)} was shown."
            " It may be a new device, or somebody else",
            f"ask {name} on another way; nothing is sent to the new key",
        )

    def _adopt(self, person: Person, published: PublishedUser) -> None:
        desk, shown = self._desk, published.registration.user_key
        if name_key(published.registration.name) != name_key(person.name):
            raise RemoteProtocolError(f"The relay answered with another name than {person.name}")
        contact = desk.contacts.by_name(person.name)
        if contact is not None and contact.user_key != shown:
            raise self.key_changed(person.name, shown)
        known_as = desk.contacts.by_key(shown)
        user, highest = verify_published(
            published,
            pin=contact.user_key if contact else shown,
            relay_id=desk.relay_id,
            highest=contact.highest if contact else None,
        )
        pinned = contact or known_as or Contact(user.registration.name, shown)
        desk.keep_contact(
            msgspec.structs.replace(
                pinned, name=user.registration.name, accepted=True, highest=highest
            )
        )
        self._note_ready(person, user, first_use=contact is None)

    def _note_ready(self, person: Person, user: PeerUser, *, first_use: bool) -> None:
        person.user = user
        person.name = user.registration.name
        person.told_waiting = False
        contact = self._desk.contacts.by_key(user.user_key)
        if contact is not None and not person.told_ready:
            person.told_ready = True
            self._desk.tell(
                PeerReady(person.name, trust_of(contact), fingerprint(user.user_key), first_use)
            )
        if person.verify:
            self.show_safety_number(person)
