"""Sealed envelopes until the relay answers for them: the same bytes on every retry."""

from collections import Counter
from collections.abc import Iterator, Mapping

import msgspec

from securechat.client.state.drafts import NO_ROOM
from securechat.identity.types import EnvelopeId, MailboxId, MessageId, RelayId, RoomId
from securechat.wire.frames import Outgoing

_TABLE = "outbox"

Changes = dict[tuple[str, bytes], bytes | None]


class Parcel(msgspec.Struct, frozen=True, array_like=True):
    """One envelope on its way; ``message_id`` is empty for what is no message (a receipt).

    The ``recipient`` is a person; ``room`` is that in which it is said, if it is in one.
    """

    relay_id: RelayId
    sequence: int
    mailbox: MailboxId
    envelope_id: EnvelopeId
    envelope: bytes
    message_id: str
    recipient: str
    room: RoomId = NO_ROOM

    @property
    def row(self) -> tuple[str, bytes]:
        """Table and key of its row."""
        return _TABLE, self.sequence.to_bytes(8, "big")

    @property
    def outgoing(self) -> Outgoing:
        """The parcel as it travels."""
        return Outgoing(self.mailbox, self.envelope_id, self.envelope)


def stored_parcels(rows: Mapping[tuple[str, bytes], bytes]) -> list[Parcel]:
    """Return the parcels of all relays, in the order in which they were sealed."""
    stored = (value for (table, _), value in rows.items() if table == _TABLE)
    parcels = (msgspec.msgpack.decode(value, type=Parcel) for value in stored)
    return sorted(parcels, key=lambda parcel: parcel.sequence)


class Outbox:
    """The parcels of one relay, in the order in which they were sealed."""

    def __init__(self, relay_id: RelayId, rows: Mapping[tuple[str, bytes], bytes]) -> None:
        parcels = stored_parcels(rows)
        self._next = max((parcel.sequence for parcel in parcels), default=0) + 1
        self._parcels = {p.envelope_id: p for p in parcels if p.relay_id == relay_id}
        self._relay_id = relay_id
        self._envelopes = Counter(p.message_id for p in self._parcels.values() if p.message_id)

    def __iter__(self) -> Iterator[Parcel]:
        return iter(self._parcels.values())

    def __contains__(self, message_id: str) -> bool:
        """Tell whether any envelope of this message is on its way."""
        return message_id in self._envelopes

    @property
    def message_ids(self) -> set[MessageId]:
        """The messages that are on their way."""
        return {MessageId(bytes.fromhex(message_id)) for message_id in self._envelopes}

    def add(
        self,
        mailbox: MailboxId,
        envelope_id: EnvelopeId,
        envelope: bytes,
        message_id: str,
        recipient: str,
        room: RoomId = NO_ROOM,
    ) -> tuple[Parcel, Changes]:
        """Keep an envelope; return its parcel, and the row to commit before it is sent."""
        parcel = Parcel(
            self._relay_id, self._next, mailbox, envelope_id, envelope, message_id, recipient, room
        )
        self._next += 1
        if message_id:
            self._envelopes[message_id] += 1
        self._parcels[envelope_id] = parcel
        return parcel, {parcel.row: msgspec.msgpack.encode(parcel)}

    def get(self, envelope_id: EnvelopeId) -> Parcel | None:
        """Return the parcel of this envelope, if it is still on its way."""
        return self._parcels.get(envelope_id)

    def remove(self, parcel: Parcel) -> Changes:
        """Forget a parcel; return the deletion to commit."""
        del self._parcels[parcel.envelope_id]
        if parcel.message_id:
            self._envelopes[parcel.message_id] -= 1
            if not self._envelopes[parcel.message_id]:
                del self._envelopes[parcel.message_id]
        return {parcel.row: None}
