"""Own messages on their way: typed, sealed, handed over, accepted, delivered."""

import math
import secrets

import msgspec

from securechat.client.connection.faults import refusal_error
from securechat.client.connection.link import Answered, NotTaken
from securechat.client.events import Origin
from securechat.client.keys.agreement import Agreement
from securechat.client.keys.changed_keys import refuse_to_write
from securechat.client.keys.lookups import Lookups
from securechat.client.messages.confirmations import Confirmations
from securechat.client.messages.unplaced import Unplaced
from securechat.client.state.desk import Desk
from securechat.client.state.drafts import ANYBODY, NO_ROOM, Draft, change_waiting
from securechat.client.state.outbox import Parcel
from securechat.client.state.people import Person
from securechat.client.state.receipts import Due, Kind, due_row, receipts_of
from securechat.e2e.content import (
    MAX_RECEIPT_IDS,
    Content,
    PlainContent,
    ReadReceipt,
    Text,
    place_of,
)
from securechat.e2e.results import Sealed
from securechat.e2e.room_content import RoomPlace
from securechat.errors import SecureChatError, Untrusted, UsageError
from securechat.identity.chain import PeerDevice, PeerUser
from securechat.identity.types import (
    EnvelopeId,
    MailboxId,
    MessageId,
    RoomId,
)

ENVELOPE_ID_BYTES = 16
RETRY_S = 5.0
STORE_RETRY_S = 2.0
"""The same for what the relay cannot store: that may be over in a moment."""

MAX_SAID_IN_ROOMS = 1000
"""What is said in rooms waits for one person; beyond that the oldest does not come to them."""

REFRESH_EVERY_S = 60 * 60.0
WAITS_FOR_THE_RECIPIENT = frozenset({"unknown-mailbox", "order"})
"""Refusals that pass by themselves and are not worth a word."""


class Sending:
    """Seals what was typed as soon as that is possible, and sees it through."""

    def __init__(
        self,
        desk: Desk,
        lookups: Lookups,
        agreement: Agreement,
        unplaced: Unplaced,
        confirmations: Confirmations,
    ) -> None:
        self._desk = desk
        self._lookups = lookups
        self._agreement = agreement
        self._unplaced = unplaced
        self._confirmations = confirmations
        self._in_flight: set[EnvelopeId] = set()
        self._held: set[MailboxId] = set()
        self.due_at: float | None = None

    def write(self, recipient: str, message_id: MessageId, content: Text) -> None:
        """Take a typed message; it is sealed when its recipient's keys are there.

        Nothing is taken for somebody CHANGED or blocked, or whom nobody knows by a key id.
        """
        desk = self._desk
        try:
            person = desk.person(recipient)
            refuse_to_write(desk, person.name, content.text)
        except SecureChatError as error:
            desk.report(error, message_id.hex())
            return
        desk.accept(person.name)
        self.keep(person, message_id, content)
        self.flush(person)

    def keep(self, person: Person, message_id: MessageId, content: Text) -> None:
        """Keep an own message until it is sealed, and in the history."""
        desk, now_ms = self._desk, self._desk.now_ms()
        self.take(person, Draft.of(desk.relay_id, message_id, content, now_ms))
        where = desk.history.person(person.name)
        desk.record(
            desk.history.written(
                where,
                message_id,
                content.text,
                now_ms,
                action=content.action,
                reply_to=content.reply_to,
            )
        )

    def take(self, person: Person, waiting: Draft) -> None:
        """Keep what is for a person until it is sealed; what it changes goes out as changed."""
        for changed in change_waiting(person.drafts, waiting):
            self._desk.change({changed.row: msgspec.msgpack.encode(changed)})
        if waiting.room and waiting.is_said:
            said = [each for each in person.drafts if each.room and each.is_said]
            if len(said) >= MAX_SAID_IN_ROOMS:
                person.drafts.remove(said[0])
                self._desk.change({said[0].row: None})
        numbered = self._desk.people.take_draft(person, waiting)
        self._desk.change({numbered.row: msgspec.msgpack.encode(numbered)})
        if person.user is None and len(person.drafts) == 1:
            self._lookups.watch()

    def flush(self, person: Person) -> None:
        """Seal and send what waits for a person, asking for their keys first if need be."""
        if not self._desk.online or not person.has_waiting:
            return
        if self._desk.is_barred(person.name):
            self.pass_over(person)
            return
        user = person.user
        if user is None:
            self._lookups.ask(person, claim=person.wants_claim)
            return
        if self._unplaced.concerns(person):
            return
        self._refresh(person, user)
        try:
            if not self._has_sessions(person, user):
                return
            self._seal_recoveries(person, user)
            self._seal_drafts(person, user)
            self._seal_comparing(person, user)
            for kind in Kind:
                self._seal_receipts(person, user, kind)
        except SecureChatError as error:
            if person.is_followed or not person.stuck:
                self._desk.report(error)
            person.stuck = True
            self.pass_over(person)

    def pass_over(self, person: Person) -> None:
        """Nothing can be sealed for somebody now: what rooms say is sealed for the others."""
        for each in person.drafts:
            if each.room and each.is_message:
                self._confirmations.note_sealed_for_room(each.room, each.message_id)

    def resume(self) -> None:
        """After a login: everything that is not accepted goes out once more, in its order."""
        self._in_flight.clear()
        self._held.clear()
        self._unplaced.begin()
        self.retry()

    def do_what_is_due(self) -> None:
        """Send again what was refused some seconds ago."""
        self.retry()

    def retry(self) -> None:
        """Send again what was refused.

        What is in flight behind it will be refused too, so what comes later waits for that.
        """
        again_at = self._desk.now_s() + RETRY_S
        self.due_at = again_at if self._unplaced.ask_again() else None
        self._held.clear()
        again: set[MailboxId] = set()
        for parcel in self._desk.outbox:
            if parcel.envelope_id not in self._in_flight:
                self._hand_over(parcel)
                again.add(parcel.mailbox)
            elif parcel.mailbox in again:
                self._hold(parcel.mailbox)

    def answered(self, news: Answered) -> None:
        """The relay answers for envelopes: they leave the outbox."""
        unsealed = self._desk.unsealed
        for envelope_id in news.envelope_ids:
            self._in_flight.discard(envelope_id)
            parcel = self._desk.outbox.get(envelope_id)
            if parcel is None:
                continue
            self._desk.change(self._desk.outbox.remove(parcel))
            if parcel.message_id:
                self._confirmations.note_accepted(parcel, unsealed)

    def not_taken(self, news: NotTaken) -> None:
        """The relay refuses an envelope: what follows to that mailbox waits with it."""
        self._in_flight.discard(news.envelope_id)
        parcel = self._desk.outbox.get(news.envelope_id)
        if parcel is None:
            return
        if news.code == "expired":
            self._desk.change(self._desk.outbox.remove(parcel))
        else:
            self._hold(parcel.mailbox, STORE_RETRY_S if news.code == "not-stored" else RETRY_S)
        if news.code == "unknown-mailbox":
            self._unplaced.refused(parcel)
        if news.code not in WAITS_FOR_THE_RECIPIENT:
            given_up = parcel.message_id if news.code == "expired" and not parcel.room else None
            self._desk.report(
                refusal_error(self._desk.called(parcel.recipient), news.code), given_up or None
            )

    def _refresh(self, person: Person, user: PeerUser) -> None:
        """Fetch a person's keys again when theirs may have been replaced; the old ones serve on."""
        now_ms, now_s = self._desk.now_ms(), self._desk.now_s()
        due = any(device.is_refresh_due(now_ms) for device in user.devices)
        if due and now_s >= person.fetched_at_s + REFRESH_EVERY_S:
            self._lookups.ask(person, claim=False)

    def _has_sessions(self, person: Person, user: PeerUser) -> bool:
        """Return whether what waits can be sealed; each message may wear a session out."""
        return not self._needs_sessions(person) or self._prepare_sessions(person, user)

    def _needs_sessions(self, person: Person) -> bool:
        """Tell whether any of what waits goes out encrypted, as recoveries always do."""
        if not self._agreement.is_plain(person):
            return True
        never_plain = bool(person.recoveries or person.requests or person.comparing)
        return never_plain or any(each.is_never_plain for each in person.drafts)

    def _prepare_sessions(self, person: Person, user: PeerUser) -> bool:
        """Return whether there is a session with each device; start what can be started."""
        now_ms, endpoint = self._desk.now_ms(), self._desk.endpoint
        lacking = [
            device
            for device in user.devices
            if endpoint.needs_session(device.address, now_ms)
            or person.recoveries.get(device.address)
        ]
        if lacking and not person.claimed:
            self._lookups.ask(person, claim=True)
            return False
        for device in lacking:
            recovery = person.recoveries.get(device.address, False)
            endpoint.start_session(device, now_ms, recovery=recovery)
            if recovery:
                person.recoveries[device.address] = False
        person.claimed = False
        return True

    def _seal_recoveries(self, person: Person, user: PeerUser) -> None:
        """Ask their devices for what is missing here, and give them what they have missed."""
        desk = self._desk
        for device in user.devices:
            if person.recoveries.pop(device.address, None) is not None:
                recovery = desk.endpoint.ask_recovery(device.address, desk.now_ms())
                if recovery is not None:
                    self._seal(person, device, recovery, desk.now_ms())
            if request := person.requests.pop(device.address, None):
                for sealed in desk.endpoint.resend(device, request, desk.now_ms()):
                    self._post(person, sealed, "")
        if not person.asked:  # else the others may be on the list that is under way
            person.recoveries.clear()
            person.requests.clear()

    def _seal_drafts(self, person: Person, user: PeerUser) -> None:
        rooms, user_key = self._desk.rooms, user.user_key
        for waiting in tuple(person.drafts):
            if not self._has_sessions(person, user):
                return
            place = rooms.place(waiting.room) if waiting.room else None
            if waiting.room and waiting.is_said and not rooms.has(waiting.room):
                if waiting.is_message:
                    self._confirmations.give_up(waiting)
            elif waiting.user_key not in (ANYBODY, user_key):
                self._refuse_other_key(person, waiting)
            elif not waiting.room or (place and rooms.admits(waiting.room, user_key)):
                self._seal_draft(person, user, waiting, place)
            elif place is None and rooms.get(waiting.room):
                continue  # the room is paused
            self._desk.change({waiting.row: None})
            person.drafts.remove(waiting)
            if waiting.room and waiting.is_message:
                self._confirmations.note_sealed_for_room(waiting.room, waiting.message_id)

    def _seal_draft(
        self, person: Person, user: PeerUser, waiting: Draft, place: RoomPlace | None
    ) -> None:
        content, message_id = waiting.content(place), waiting.message_id
        encrypted = self._is_encrypted(person, content)
        try:
            for device in user.devices:
                self._seal(
                    person, device, content, waiting.written_ms, message_id, room=waiting.room
                )
        except UsageError as error:
            self._desk.report(error, message_id.hex() if waiting.is_message else None)
            return
        if waiting.is_message and not waiting.room:
            self._confirmations.note_sealed(person, message_id, user.user_key, encrypted=encrypted)

    def _refuse_other_key(self, person: Person, waiting: Draft) -> None:
        where = self._desk.rooms.called(waiting.room) if waiting.room else "a room of yours"
        what = f"The relay shows another key for {person.name} than {where} has for them"
        self._desk.report(
            Untrusted(f"{what}: nothing of it was sent to them", f"/who {where}, and ask an admin")
        )

    def _seal_comparing(self, person: Person, user: PeerUser) -> None:
        """Send steps of comparing emoji; those for a device that is in no list go nowhere."""
        while person.comparing and self._has_sessions(person, user):
            address, step = person.comparing.pop(0)
            for device in user.devices:
                if address in (None, device.address):
                    self._seal(person, device, step, self._desk.now_ms())

    def _seal_receipts(self, person: Person, user: PeerUser, kind: Kind) -> None:
        """Tell what came, or was read; of devices that are in no list it is forgotten."""
        waiting = receipts_of(person, kind)
        devices = {device.address: device for device in user.devices}
        for address in tuple(waiting):
            device = devices.get(address)
            if device is None and person.asked:
                continue
            while named := tuple(waiting[address][:MAX_RECEIPT_IDS]):
                if device is not None:
                    if not self._has_sessions(person, user):
                        return
                    self._seal_receipt(person, device, kind, named)
                del waiting[address][: len(named)]
                origin = Origin(self._desk.relay_id, address)
                self._desk.change({due_row(kind, Due(origin, each)): None for each in named})
            del waiting[address]

    def _seal_receipt(
        self, person: Person, device: PeerDevice, kind: Kind, named: tuple[MessageId, ...]
    ) -> None:
        is_read = kind is Kind.READ
        content = ReadReceipt(named) if is_read else self._desk.endpoint.receipt(named)
        self._seal(person, device, content, self._desk.now_ms())

    def _seal(
        self,
        person: Person,
        device: PeerDevice,
        content: Content,
        written_ms: int,
        message_id: MessageId | None = None,
        room: RoomId = NO_ROOM,
    ) -> None:
        desk, now_ms = self._desk, self._desk.now_ms()
        if isinstance(content, PlainContent) and not self._is_encrypted(person, content):
            sealed = desk.endpoint.seal_plain(
                device, content, now_ms, message_id, written_ms=written_ms
            )
        else:
            sealed = desk.endpoint.seal(device, content, now_ms, message_id, written_ms=written_ms)
            if contact := desk.contacts.by_name(person.name):
                self._agreement.note_encrypted(contact)
        is_message = message_id is not None and isinstance(content, Text)
        self._post(person, sealed, sealed.message_id.hex() if is_message else "", room)

    def _is_encrypted(self, person: Person, content: Content) -> bool:
        """Tell whether a content goes out encrypted; what rooms and recoveries need always does."""
        may_be_plain = isinstance(content, PlainContent) and place_of(content) is None
        return not (may_be_plain and self._agreement.is_plain(person))

    def _post(
        self, person: Person, sealed: Sealed, message_id: str, room: RoomId = NO_ROOM
    ) -> None:
        """Keep an envelope until the relay answers for it, and hand it over."""
        envelope_id = EnvelopeId(secrets.token_bytes(ENVELOPE_ID_BYTES))
        parcel, row = self._desk.outbox.add(
            sealed.mailbox, envelope_id, sealed.envelope, message_id, person.name, room
        )
        self._desk.change(row)
        self._hand_over(parcel)

    def _hold(self, mailbox: MailboxId, retry_s: float = RETRY_S) -> None:
        self._held.add(mailbox)
        self.due_at = min(self.due_at or math.inf, self._desk.now_s() + retry_s)

    def _hand_over(self, parcel: Parcel) -> None:
        if parcel.mailbox not in self._held and not self._desk.is_withheld(parcel.recipient):
            self._in_flight.add(parcel.envelope_id)
            self._desk.batch.envelopes.append(parcel.outgoing)
            self._desk.sightings.note(
                parcel.mailbox,
                parcel.envelope,
                self._desk.now_ms(),
                parcel.recipient,
                parcel.room,
            )
