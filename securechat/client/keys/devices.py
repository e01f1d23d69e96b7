"""Devices of others: a new one is told, and one that is gone leaves nothing unsent behind."""

import msgspec

from securechat.client.events import DevicesChanged
from securechat.client.keys.lookups import Lookups
from securechat.client.names.contacts import Contact
from securechat.client.state.desk import Desk, trust_of
from securechat.client.state.outbox import Parcel
from securechat.e2e.unconfirmed import UnconfirmedText, plain_text_of
from securechat.errors import SecureChatError
from securechat.identity.chain import PeerUser
from securechat.identity.types import DeviceAddress, MessageId, mailbox_id


class Devices:
    """Compares the devices of contacts with those that were known, always under the pinned key."""

    def __init__(self, desk: Desk, lookups: Lookups) -> None:
        self._desk = desk
        self._lookups = lookups

    def note_sender(self, device: DeviceAddress, contact: Contact) -> Contact:
        """Tell it once when a contact writes from a device that was not known, and look them up.

        Returns the contact as it is kept then.
        """
        if contact.highest is None or device.device_id in contact.highest.epochs:
            return contact
        highest = contact.highest.with_device(device.device_id)
        contact = msgspec.structs.replace(contact, highest=highest)
        self._desk.keep_contact(contact)
        if contact.accepted:
            name = self._desk.contacts.shown_name(contact)
            self._desk.tell(DevicesChanged(name, trust_of(contact)))
            person = self._desk.people.open(contact.name)
            self._lookups.ask(person, claim=person.wants_claim)
        return contact

    def ask_about_unconfirmed(self) -> None:
        """After a login: look up those who have not confirmed all texts, if nobody else does."""
        keys = {device.user_key for device in self._desk.endpoint.unconfirmed_devices()}
        for contact in filter(None, map(self._desk.contacts.by_key, keys)):
            is_open = self._desk.people.find(contact.name) is not None
            if contact.is_pinned and not is_open and not self._desk.is_barred(contact.name):
                self._lookups.ask_whose(contact.name)

    def seal_anew(self, user: PeerUser) -> None:
        """Take back what devices that a person has no more have not confirmed: it waits again.

        It goes to the devices they have now, in its order and with its ids, by which one that has
        it already drops it. What was on its way to the others leaves the outbox.
        """
        desk, contact = self._desk, self._desk.contacts.by_key(user.user_key)
        if contact is None or contact.blocked or not user.has_all:
            return
        gone = self._former(user, contact)
        texts = {
            each.message_id: each
            for device in gone
            for each in desk.endpoint.unconfirmed_texts(device)
        }
        mailboxes = {mailbox_id(*device) for device in gone}
        for parcel in [each for each in desk.outbox if each.mailbox in mailboxes]:
            desk.change(desk.outbox.remove(parcel))
            self._take_back(parcel, texts)
        for device in gone:
            desk.endpoint.forget_copies(device)
        if texts:
            person = desk.open_person(contact)
            desk.change(desk.people.put_first(desk.relay_id, person, texts.values()))

    def _former(self, user: PeerUser, contact: Contact) -> list[DeviceAddress]:
        """Return the devices that are known of a person and are on their list no more."""
        listed = {device.address for device in user.devices}
        known = contact.highest.epochs if contact.highest else {}
        seen = [DeviceAddress(user.user_key, device_id) for device_id in known]
        owed = self._desk.endpoint.unconfirmed_devices(user.user_key)
        return [device for device in dict.fromkeys([*seen, *owed]) if device not in listed]

    def _take_back(self, parcel: Parcel, texts: dict[MessageId, UnconfirmedText]) -> None:
        """Add the text of a parcel to those of copies; one that has neither is told."""
        if plain := plain_text_of(parcel.envelope):
            texts.setdefault(plain.message_id, plain)
        elif parcel.message_id and MessageId(bytes.fromhex(parcel.message_id)) not in texts:
            name = self._desk.called(parcel.recipient)
            self._desk.report(
                SecureChatError(
                    f"A message to a device that {name} has no more is too old to be sealed again",
                    f"/msg {name} and the text once more, if it still matters",
                ),
                parcel.message_id,
            )
