"""An envelope in a mailbox, as the relay holds it in memory, and who waits to hear of it."""

import msgspec

from securechat.identity.types import EnvelopeId
from securechat.relay.parcel import Parcel
from securechat.store.mailboxes import Entry, charge
from securechat.wire.codes import RefusedCode


class Queued(msgspec.Struct, eq=False, gc=False):
    """An envelope in memory; most are acknowledged before the store is given anything."""

    envelope_id: EnvelopeId
    envelope: bytes
    size_bytes: int
    """What it counts in quotas and windows; see `charge`."""
    parcel: Parcel
    """What it came with: from whom, when, and who waits to hear of it."""
    number: int
    """Its number on the connection that handed it in."""
    rank: int = 0
    """Its place in the order of its connection, if that is not its number; see `Refusals`."""
    key: bytes = b""
    """By what it is found again while it is in memory; see `Index`."""
    in_window: bool = False
    """Whether it is in flight, or waits in memory, for the device that is connected."""
    is_open: bool = True
    """Whether it is not answered for."""
    held: bool = True
    """Whether it is in the mailbox still."""
    handed: bool = False
    """Whether the store has been given it, and has not failed to keep it; then quotas count it."""
    committed: bool = False
    """Whether the store has said that it keeps it."""
    row: Entry | None = None
    """What the store has been given."""

    def answer(self) -> None:
        """Tell its parcel, once, that the envelope is accepted and out of its hands."""
        if self.is_open:
            self.is_open = False
            self.parcel.settle()

    def offer_again(self, envelope: bytes, parcel: Parcel, number: int) -> RefusedCode | None:
        """Take this envelope as come again, from an earlier connection of its sender.

        Returns the code with which it is refused, if it is.
        """
        if self.envelope != envelope:
            return RefusedCode.MISMATCH
        if self.is_open and self.parcel.origin is parcel.origin:
            return RefusedCode.DUPLICATE
        if self.is_open:
            parcel.at = min(parcel.at, self.parcel.at)  # coming again must not put off the commit
            self.parcel, self.number, self.rank = parcel, number, 0
        else:
            parcel.open -= 1
        return None


def from_store(row: Entry) -> Queued:
    """Return an envelope that the store has, to be delivered from memory."""
    return Queued(
        row.envelope_id,
        row.envelope,
        charge(row.envelope),
        Parcel(None, row.sender, row.account, 0.0, 0),
        0,
        is_open=False,
        handed=True,
        committed=True,
        row=row,
    )
