"""What others confirm of own messages: that they came, and that they were read."""

from securechat.client.contacts import Contact
from securechat.client.desk import Desk
from securechat.client.events import Delivered, Read
from securechat.client.lookups import Lookups
from securechat.e2e.content import ReadReceipt, Receipt
from securechat.identity.types import DeviceAddress, MessageId, UserKey
from securechat.store.history import Progress

MAX_AWAITED = 10_000
"""Own messages of a run that may be confirmed still; of older ones the history knows."""

REFETCH_AFTER_S = 10.0
"""Keys this fresh are not fetched anew, whatever epoch a receipt announces."""

_Awaited = dict[MessageId, UserKey | None]


class Confirmations:
    """Takes receipts; one for what went to others counts for nothing.

    Posts in rooms are not told as delivered or read: each of many would be.
    """

    def __init__(self, desk: Desk, lookups: Lookups) -> None:
        self._desk = desk
        self._lookups = lookups
        self._recipients: _Awaited = {}
        self._readers: _Awaited = {}
        self._accepted: _Awaited = {}

    def note_sent(self, message_id: MessageId, user_key: UserKey | None) -> bool:
        """Note for whom a message was sealed (None: for a room); return whether that is news."""
        return _add(self._recipients, message_id, user_key)

    def note_accepted(self, message_id: MessageId) -> bool:
        """Note that the relay answers for a message; return whether that is news."""
        return _add(self._accepted, message_id, None)

    def delivered(self, contact: Contact, device: DeviceAddress, receipt: Receipt) -> None:
        """A person has opened messages."""
        self._note_delivered(contact, device, receipt.message_ids)
        person = self._desk.people.find(contact.name)
        if person is not None and person.user is not None:
            known = max(device.bundle.epoch for device in person.user.devices)
            is_old = self._desk.now_s() >= person.fetched_at_s + REFETCH_AFTER_S
            if receipt.envelope_epoch > known and is_old:
                self._lookups.ask(person, claim=False)

    def read(self, contact: Contact, device: DeviceAddress, receipt: ReadReceipt) -> None:
        """A person has read messages, and so opened them."""
        self._note_delivered(contact, device, receipt.message_ids)
        for message_id in receipt.message_ids:
            if self._awaits(self._readers, message_id, contact, Progress.READ):
                self._readers.pop(message_id, None)
                self._desk.note_progress(message_id, Progress.READ)
                self._desk.tell(Read(message_id.hex(), self._desk.called(contact.name)))

    def _note_delivered(
        self, contact: Contact, device: DeviceAddress, message_ids: tuple[MessageId, ...]
    ) -> None:
        self._desk.endpoint.note_delivered(device, message_ids)
        for message_id in message_ids:
            if self._awaits(self._recipients, message_id, contact, Progress.DELIVERED):
                self._recipients.pop(message_id, None)
                _add(self._readers, message_id, contact.user_key)
                self._desk.note_progress(message_id, Progress.DELIVERED)
                self._desk.tell(Delivered(message_id.hex(), self._desk.called(contact.name)))

    def _awaits(
        self,
        of_this_run: _Awaited,
        message_id: MessageId,
        contact: Contact,
        progress: Progress,
    ) -> bool:
        """Tell whether a message went to this person's key and has not come so far yet."""
        if message_id in of_this_run:
            return of_this_run[message_id] == contact.user_key
        return self._desk.awaits(message_id, contact.user_key, progress)


def _add(awaited: _Awaited, message_id: MessageId, user_key: UserKey | None) -> bool:
    is_new = message_id not in awaited
    awaited[message_id] = user_key
    while len(awaited) > MAX_AWAITED:
        del awaited[next(iter(awaited))]
    return is_new
