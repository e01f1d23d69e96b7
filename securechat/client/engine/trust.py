"""What the user decides about people: whom to trust, to accept, to block, and what to call them."""

import msgspec

from securechat.client.commands import Decision
from securechat.client.events import (
    Blocked,
    Contacts,
    KnownPerson,
    Reason,
    Renamed,
    TrustChanged,
)
from securechat.client.keys.changed_keys import give_up_drafts, give_up_texts, next_command
from securechat.client.keys.lookups import Lookups
from securechat.client.keys.pinning import Pinning
from securechat.client.messages.receiving import Receiving
from securechat.client.names.contacts import Contact, ShownKey, accept
from securechat.client.state.desk import Desk, trust_of
from securechat.errors import KeyChanged, UsageError
from securechat.identity.names import parse_name
from securechat.identity.types import Name, fingerprint


class Decisions:
    """Carries out what the user decides; a method that cannot raises a SecureChatError.

    Names are as the user types them: a petname, a name of the relay, or one with a key id.
    """

    def __init__(
        self, desk: Desk, pinning: Pinning, lookups: Lookups, receiving: Receiving
    ) -> None:
        self._desk = desk
        self._pinning = pinning
        self._lookups = lookups
        self._receiving = receiving

    def decide(self, decision: Decision, typed: str) -> None:
        """Carry out a decision about somebody known."""
        contact = self._known(typed)
        match decision:
            case Decision.TRUST:
                self._trust(contact)
            case Decision.ACCEPT_KEY:
                self._accept_key(contact)
            case Decision.BLOCK:
                self._block(contact)
            case Decision.UNBLOCK:
                self._keep(contact, blocked=False)
                self._desk.tell(Blocked(self._called(contact), blocked=False))

    def take_shown(self, contact: Contact) -> None:
        """Take the new key of somebody CHANGED without asking: the user has said so beforehand."""
        if contact.shown is not None:
            self._take_new_key(
                contact, contact.shown, Reason.ACCEPTED, verified=False, by_itself=True
            )

    def call(self, typed: str, petname: str | None) -> None:
        """Give somebody known a name of the user's own, or take it away (None)."""
        contact, before = self._known(typed), self._called(self._known(typed))
        if petname is not None:
            petname = self._free_petname(petname, contact)
        renamed = self._keep(accept(contact, self._desk.now_ms()), petname=petname or "")
        self._desk.tell(Renamed(before, self._called(renamed)))
        if self._desk.attention.is_muted(self._desk.history.person(contact.name)):
            self._desk.tell(self._desk.notifications)

    def list_contacts(self) -> None:
        """Tell who is known here: pinned or blocked."""
        contacts = [
            contact for contact in self._desk.contacts if contact.is_pinned or contact.blocked
        ]
        people = [
            KnownPerson(
                name=self._called(contact),
                relay_name=contact.name,
                trust=trust_of(contact),
                fingerprint=fingerprint(contact.user_key),
                request=not contact.accepted,
                blocked=contact.blocked,
            )
            for contact in contacts
        ]
        self._desk.tell(Contacts(tuple(sorted(people, key=lambda known: known.name.casefold()))))

    def _trust(self, contact: Contact) -> None:
        name = self._called(contact)
        if not self._pinning.are_digits_shown(contact):
            raise UsageError(
                f"The digits of {name}'s key were not shown yet",
                f"/verify {name}, compare them, then /trust {name}",
            )
        if contact.shown is not None:
            self._take_new_key(contact, contact.shown, Reason.COMPARED, verified=True)
            return
        trusted = self._keep(accept(contact, self._desk.now_ms()), verified=True)
        self._tell_trust(trusted, Reason.COMPARED)

    def _accept_key(self, contact: Contact) -> None:
        name = self._called(contact)
        if contact.shown is None:
            raise UsageError(f"The key of {name} has not changed", f"/verify {name}")
        if contact.verified:
            raise KeyChanged(
                f"You had compared numbers with {name}: only comparing them again can settle this",
                next_command(contact, name),
            )
        if not self._pinning.are_codes_shown(contact):
            self._pinning.tell_changed(contact)
            raise UsageError(f"Compare both codes of {name} first", f"/accept-key {name} once more")
        self._take_new_key(contact, contact.shown, Reason.ACCEPTED, verified=False)

    def _take_new_key(
        self,
        old: Contact,
        shown: ShownKey,
        reason: Reason,
        *,
        verified: bool,
        by_itself: bool = False,
    ) -> None:
        """Pin the shown key in place of the old one; what was typed for that one is given up."""
        desk = self._desk
        give_up_texts(desk, old)
        desk.keep_contact(
            msgspec.structs.replace(
                old, highest=None, shown=None, accepted=False, verified=False, petname=""
            )
        )
        contact = msgspec.structs.replace(
            old,
            user_key=shown.user_key,
            highest=shown.highest,
            shown=None,
            accepted=True,
            verified=verified,
        )
        desk.keep_contact(contact)
        self._tell_trust(contact, reason, by_itself=by_itself)
        self._meet_again(contact.name)
        self._receiving.show_aside(contact)

    def _meet_again(self, name: Name) -> None:
        """Forget the keys of the old device and fetch those of the new one."""
        person = self._desk.people.open(name)
        person.user, person.claimed, person.told_ready, person.asked = None, False, False, False
        for waiting in (person.receipts, person.recoveries, person.requests):
            waiting.clear()
        person.comparing.clear()
        person.wanted = True
        self._lookups.ask(person, claim=False)

    def _block(self, contact: Contact) -> None:
        name = self._called(contact)
        give_up_drafts(self._desk, contact)
        self._receiving.drop_aside(contact)
        self._keep(contact, blocked=True)
        self._desk.tell(Blocked(name, blocked=True))

    def _free_petname(self, petname: str, contact: Contact) -> Name:
        """Return a petname in its normal form, if nobody else could be taken for its owner."""
        parsed = self._desk.people.check(parse_name(petname))
        others = [
            other
            for other in self._desk.contacts.lookalikes(parsed)
            if other.user_key != contact.user_key and (other.is_pinned or other.petname)
        ]
        if others:
            taken = f"{parsed} is, or looks like, the name of {self._called(others[0])}"
            raise UsageError(taken, f"/petname {contact.name} ANOTHER-NAME")
        return parsed

    def _known(self, typed: str) -> Contact:
        self._desk.people.check(typed)
        contact = self._desk.contacts.find(typed)
        if contact is None:
            raise UsageError(f"Nobody known here is called {typed}", "/contacts")
        return contact

    def _keep(self, contact: Contact, **fields: object) -> Contact:
        changed = msgspec.structs.replace(contact, **fields)
        self._desk.keep_contact(changed)
        return changed

    def _called(self, contact: Contact) -> str:
        return self._desk.contacts.shown_name(contact)

    def _tell_trust(self, contact: Contact, reason: Reason, *, by_itself: bool = False) -> None:
        key, trust = fingerprint(contact.user_key), trust_of(contact)
        self._desk.tell(TrustChanged(self._called(contact), trust, key, reason, by_itself))
