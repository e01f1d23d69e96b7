"""Sealed envelopes until the relay answers for them: the same bytes on every retry."""

from collections.abc import Iterator, Mapping

import msgspec

from securechat.identity.types import EnvelopeId, MailboxId, RelayId
from securechat.wire.frames import Outgoing

_TABLE = "outbox"

Changes = dict[tuple[str, bytes], bytes | None]


class Parcel(msgspec.Struct, frozen=True, array_like=True):
    """One envelope on its way; ``message_id`` is empty for what is no message (a receipt)."""

    relay_id: RelayId
    sequence: int
    mailbox: MailboxId
    envelope_id: EnvelopeId
    envelope: bytes
    message_id: str
    recipient: str

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

    def __iter__(self) -> Iterator[Parcel]:
        return iter(self._parcels.values())

    def __len__(self) -> int:
        """Count the messages; receipts do not count."""
        return sum(1 for parcel in self._parcels.values() if parcel.message_id)

    def add(
        self,
        mailbox: MailboxId,
        envelope_id: EnvelopeId,
        envelope: bytes,
        message_id: str,
        recipient: str,
    ) -> tuple[Parcel, Changes]:
        """Keep an envelope; return its parcel, and the row to commit before it is sent."""
        parcel = Parcel(
            self._relay_id, self._next, mailbox, envelope_id, envelope, message_id, recipient
        )
        self._next += 1
        self._parcels[envelope_id] = parcel
        return parcel, {parcel.row: msgspec.msgpack.encode(parcel)}

    def get(self, envelope_id: EnvelopeId) -> Parcel | None:
        """Return the parcel of this envelope, if it is still on its way."""
        return self._parcels.get(envelope_id)

    def remove(self, parcel: Parcel) -> Changes:
        """Forget a parcel; return the deletion to commit."""
        del self._parcels[parcel.envelope_id]
        return {parcel.row: None}
