"""An envelope in a mailbox, as the relay holds it in memory, and who waits to hear of it."""

from securechat.relay.parcel import Parcel
from securechat.store.mailboxes import Entry, charge


class Queued(Entry, eq=False, gc=False):
    """An entry, and whom to tell about it."""

    queued_at: float = 0.0
    """When it was handed in, by the relay's clock."""
    size_bytes: int = 0
    """What it counts in quotas and windows; see `charge`."""
    parcel: Parcel | None = None
    """What it came with, until it is answered for."""
    number: int = 0
    """Its number on the connection that handed it in."""
    rank: int = 0
    """Its place in the order of that connection: the number under which it came there first."""
    key: bytes = b""
    """By what it is found again while it is in memory."""
    in_window: bool = False
    """Whether it is in flight, or waits in memory, for the device that is connected."""
    held: bool = True
    """Whether it is in the mailbox still."""
    handed: bool = False
    """Whether the store has been given it, and has not failed to keep it; then quotas count it."""
    committed: bool = False
    """Whether the store has said that it keeps it."""

    def answer(self) -> None:
        """Tell the origin, once, that the envelope is accepted and out of its hands."""
        parcel = self.parcel
        if parcel is not None:
            self.parcel = None
            parcel.settle()


def from_store(row: Entry) -> Queued:
    """Return an entry that the store has, to be delivered from memory."""
    return Queued(
        row.mailbox,
        row.sequence,
        row.sender,
        row.envelope_id,
        row.envelope,
        row.account,
        row.queued_ms,
        size_bytes=charge(row.envelope),
        handed=True,
        committed=True,
    )
