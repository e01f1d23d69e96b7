"""An envelope in a mailbox, as the relay holds it in memory, and who waits to hear of it."""

import msgspec

from securechat.identity.types import EnvelopeId
from securechat.relay.parcel import Parcel
from securechat.store.mailboxes import Entry, charge


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
    key: bytes
    """By what it is found again while it is in memory."""
    in_window: bool
    """Whether it is in flight, or waits in memory, for the device that is connected."""
    rank: int = 0
    """Its place in the order of its connection, if that is not its number; see `Refusals`."""
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


def from_store(row: Entry) -> Queued:
    """Return an envelope that the store has, to be delivered from memory."""
    return Queued(
        row.envelope_id,
        row.envelope,
        charge(row.envelope),
        Parcel(None, row.sender, row.account, 0.0, 0),
        0,
        row.envelope_id,
        True,
        is_open=False,
        handed=True,
        committed=True,
        row=row,
    )
