"""Texts of ``securechat send``: judged by what the relay shows now, and either kept or given back.

Whoever runs that command is told once, by its exit status: a text that is refused must not go out
later, and one that waits must.
"""

from securechat.client.events import Event, InviteList, InviteMade, Problem
from securechat.client.keys.changed_keys import next_command, refuse_to_write
from securechat.client.keys.lookups import Lookups
from securechat.client.messages.sending import Sending
from securechat.client.names.contacts import Contact
from securechat.client.state.desk import Desk
from securechat.e2e.content import Text
from securechat.errors import KeyChanged, SecureChatError
from securechat.identity.types import MessageId, fingerprint


class Errands:
    """The texts that other commands have asked this run for."""

    def __init__(self, desk: Desk, lookups: Lookups, sending: Sending) -> None:
        self._desk = desk
        self._lookups = lookups
        self._sending = sending
        self._asked = desk.so_far.errands

    def concerns(self, event: Event) -> bool:
        """Tell whether an event is the answer to whoever asked, and to nobody else."""
        match event:
            case Problem(_, errand) | InviteMade(errand=errand) | InviteList(errand=errand):
                return errand in self._asked
            case _:
                return False

    def write(self, recipient: str, message_id: MessageId, content: Text) -> None:
        """Take a text; for somebody CHANGED it waits until the relay has said whose the name is."""
        desk = self._desk
        self._asked.add(message_id.hex())
        try:
            person = desk.person(recipient)
            contact = desk.contacts.by_name(person.name)
            if contact is None or contact.blocked or contact.shown is None:
                refuse_to_write(desk, person.name, content.text)
        except SecureChatError as error:
            desk.report(error, message_id.hex())
            return
        self._sending.keep(person, message_id, content)
        if desk.is_withheld(person.name):
            self._lookups.ask(person, claim=False)
        else:
            self._sending.flush(person)

    def judge(self) -> None:
        """After an answer of the relay: give back what is for somebody who is CHANGED by it."""
        if self._asked:
            self._give_back_drafts()
            self._give_back_parcels()

    def _give_back_drafts(self) -> None:
        for person in self._desk.people:
            contact = self._desk.contacts.by_name(person.name)
            if contact is None or contact.shown is None or person.asked:
                continue
            for draft in [each for each in person.drafts if each.message_id.hex() in self._asked]:
                person.drafts.remove(draft)
                self._desk.change({draft.row: None})
                self._report(contact, draft.message_id.hex(), "Nothing was sent")

    def _give_back_parcels(self) -> None:
        for parcel in [each for each in self._desk.outbox if each.message_id in self._asked]:
            contact = self._desk.contacts.by_name(parcel.recipient)
            if contact is not None and contact.shown is not None:
                self._desk.change(self._desk.outbox.remove(parcel))
                what = "Only the device with the known key can open what the relay may have by now"
                self._report(contact, parcel.message_id, what)

    def _report(self, contact: Contact, message_id: str, what: str) -> None:
        name = self._desk.contacts.shown_name(contact)
        shown = fingerprint(contact.shown.user_key) if contact.shown else ""
        self._desk.report(
            KeyChanged(
                f"The key of {name} has CHANGED: {fingerprint(contact.user_key)} is pinned,"
                f" {shown} was shown. {what}, and nothing waits to be sent",
                f"securechat client --peer {name}, and there: {next_command(contact, name)}",
            ),
            message_id,
        )
