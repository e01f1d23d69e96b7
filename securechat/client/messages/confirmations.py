"""How far own messages have come: sealed, accepted by the relay, confirmed by others."""

from collections.abc import Container

from securechat.client.events import Accepted, Delivered, Read, Sent
from securechat.client.keys.changed_keys import beginning
from securechat.client.keys.lookups import Lookups
from securechat.client.names.contacts import Contact
from securechat.client.state.desk import Desk
from securechat.client.state.drafts import ANYBODY, Draft
from securechat.client.state.history import sealed
from securechat.client.state.outbox import Parcel
from securechat.client.state.people import Person
from securechat.e2e.content import ReadReceipt, Receipt
from securechat.errors import UsageError
from securechat.identity.types import DeviceAddress, MessageId, RoomId, UserKey
from securechat.store.history import Progress

MAX_AWAITED = 10_000
"""Own messages of a run that may be confirmed still; of older ones the history knows."""

REFETCH_AFTER_S = 10.0
"""Keys this fresh are not fetched anew, whatever epoch a receipt announces."""

_Awaited = dict[MessageId, UserKey | None]


class Confirmations:
    """Tells each step once, and takes receipts; one for what went to others counts for nothing.

    Posts in rooms are sealed and accepted when they are for everybody, and not told as delivered or
    read: each of many would be.
    """

    def __init__(self, desk: Desk, lookups: Lookups) -> None:
        self._desk = desk
        self._lookups = lookups
        self._recipients: _Awaited = {}
        self._readers: _Awaited = {}
        self._accepted: _Awaited = {}

    def note_sealed(
        self, person: Person, message_id: MessageId, user_key: UserKey, *, encrypted: bool
    ) -> None:
        """A message was sealed for a person, who has this key."""
        _add(self._recipients, message_id, user_key)
        self._desk.record(sealed(message_id, user_key, encrypted=encrypted))
        self._desk.tell(Sent(message_id.hex(), self._desk.called(person.name)))

    def note_sealed_for_room(self, room_id: RoomId, message_id: MessageId) -> None:
        """Tell that a post is sealed, if it is for all; with nobody there it is accepted, too."""
        desk, called = self._desk, self._desk.rooms.called(room_id)
        if desk.is_unsealed(message_id) or not _add(self._recipients, message_id, None):
            return
        desk.record(sealed(message_id, ANYBODY, encrypted=True))
        desk.tell(Sent(message_id.hex(), called))
        if message_id.hex() not in desk.outbox:
            self._tell_accepted(message_id, called)

    def note_accepted(self, parcel: Parcel, unsealed: Container[MessageId]) -> None:
        """Tell that the relay answers for the message of a parcel, if it does so for all of it.

        It does not for what is among the ``unsealed``: those wait to be sealed for somebody.
        """
        desk, message_id = self._desk, MessageId(bytes.fromhex(parcel.message_id))
        if parcel.message_id not in desk.outbox and message_id not in unsealed:
            room, name = parcel.room, parcel.recipient
            self._tell_accepted(message_id, desk.rooms.called(room) if room else desk.called(name))

    def give_up(self, post: Draft) -> None:
        """The user is in a room no more: what they wrote there goes to nobody else."""
        if _add(self._recipients, post.message_id, None):
            called = self._desk.rooms.called(post.room)
            what = f"You are in {called} no more, and not all have got this: {beginning(post.text)}"
            self._desk.report(UsageError(what, "/rooms"), post.message_id.hex())

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

    def _tell_accepted(self, message_id: MessageId, addressee: str) -> None:
        if _add(self._accepted, message_id, None):
            self._desk.tell(Accepted(message_id.hex(), addressee))
            self._desk.note_progress(message_id, Progress.ACCEPTED)

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
    """Add a message (None: it went to a room); return whether it was not there before."""
    is_new = message_id not in awaited
    awaited[message_id] = user_key
    while len(awaited) > MAX_AWAITED:
        del awaited[next(iter(awaited))]
    return is_new
