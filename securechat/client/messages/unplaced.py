"""Mailboxes that the relay does not know: nothing more is sealed for them while that is unclear."""

from securechat.client.keys.lookups import Lookups
from securechat.client.state.desk import Desk
from securechat.client.state.outbox import Parcel
from securechat.client.state.people import Person
from securechat.identity.types import MailboxId


class Unplaced:
    """Has owners of unknown mailboxes looked up until all their devices were shown.

    If a device is still among these, the relay contradicts itself: its owner is not looked up
    again before the next login, and what is for them is sealed as ever.
    """

    def __init__(self, desk: Desk, lookups: Lookups) -> None:
        self._desk = desk
        self._lookups = lookups
        self._owners: dict[MailboxId, Person] = {}
        self._settled: set[MailboxId] = set()
        self._again: list[Person] = []

    def begin(self) -> None:
        """After a login, which has everybody looked up: what was settled may not be so any more."""
        self._settled.clear()

    def refused(self, parcel: Parcel) -> None:
        """Look up, once, whose mailbox it is that the relay does not know."""
        if parcel.mailbox not in self._settled and parcel.mailbox not in self._owners:
            person = self._owners[parcel.mailbox] = self._desk.people.open(parcel.recipient)
            self._lookups.ask(person, claim=person.wants_claim)

    def looked_up(self, name: str, *, shows_all: bool) -> None:
        """Take the news that a look-up has shown all devices of a person, or that it has not."""
        person = self._desk.people.find(name)
        owned = [mailbox for mailbox, owner in self._owners.items() if owner is person]
        if shows_all:
            self._settled.update(owned)
            for mailbox in owned:
                del self._owners[mailbox]
        elif owned and person is not None:
            self._again.append(person)

    def ask_again(self) -> bool:
        """Repeat the look-ups that did not help; return whether that may have to come again."""
        again, self._again = self._again, []
        for person in again:
            self._lookups.ask(person, claim=person.wants_claim)
        return bool(self._owners)

    def concerns(self, person: Person) -> bool:
        """Tell whether a device that a person was last seen with may be gone."""
        devices = person.user.devices if person.user else ()
        return any(device.mailbox in self._owners for device in devices)
