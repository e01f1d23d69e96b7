"""An envelope in a mailbox, as the relay holds it in memory, and who waits to hear of it."""

from dataclasses import dataclass
from typing import Protocol

from securechat.identity.types import UserKey
from securechat.relay.refusals import Refusals
from securechat.store.mailboxes import Entry, charge
from securechat.wire.codes import RefusedCode


class Origin(Protocol):
    """The connection that handed an envelope in and waits to hear of it."""

    user_key: UserKey
    """The account whose share of a mailbox its envelopes fill, from all its devices."""
    refusals: Refusals
    """What has to come again before anything else of this connection is taken."""

    def answered(self, number: int) -> None:
        """The envelope of this number is accepted."""

    def acknowledged(self, number: int, settled_bytes: int) -> None:
        """The envelope of this number is accepted; so much of its charge was not settled yet."""

    def settled(self, size_bytes: int) -> None:
        """An envelope of this charge is out of the hands of this connection."""

    def dropped(self, entry: "Queued", code: RefusedCode) -> None:
        """An envelope that had been taken is not kept after all, for this reason."""


@dataclass(slots=True, eq=False)
class Queued(Entry):
    """An entry, and whom to tell about it."""

    queued_at: float = 0.0
    """When it was handed in, by the relay's clock."""
    size_bytes: int = 0
    """What it counts in quotas and windows; see `charge`."""
    origin: Origin | None = None
    number: int = 0
    """Its number on the connection of the origin."""
    rank: int = 0
    """Its place in the order of that connection: the number under which it came there first."""
    handed: bool = False
    """Whether the store has been given it, and has not failed to keep it."""
    committed: bool = False
    """Whether the store has said that it keeps it."""
    held: bool = True
    """Whether it is in the mailbox still."""
    in_window: bool = False
    """Whether it is in flight, or waits in memory, for the device that is connected."""

    def answer(self) -> None:
        """Tell the origin, once, that the envelope is accepted and out of its hands."""
        if self.origin is not None:
            self.origin.settled(self.size_bytes)
            self.origin.answered(self.number)
            self.origin = None


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
