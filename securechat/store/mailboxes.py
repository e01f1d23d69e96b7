"""The port behind which a relay keeps envelopes.

A mailbox is one ordered queue. The relay numbers its entries; the store keeps them until they are
removed or expire. A store works in a thread of its own: every call returns at once, and what it
asks to be called back comes later, in the relay's thread, never inside the call.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from enum import Enum, auto
from typing import Protocol

import msgspec
from msgspec import Struct, field

from securechat.identity.types import EnvelopeId, MailboxId, UserKey

MIN_CHARGE_BYTES = 512
"""As what a smaller envelope counts: about what it costs in memory."""


def charge(envelope: bytes) -> int:
    """Return the bytes that an envelope counts in every quota, window and page."""
    size_bytes = len(envelope)
    return size_bytes if size_bytes > MIN_CHARGE_BYTES else MIN_CHARGE_BYTES


class Entry(msgspec.Struct, eq=False, gc=False):
    """One envelope in a mailbox; ``sequence`` orders it among the entries of its mailbox."""

    mailbox: MailboxId
    sequence: int
    sender: MailboxId
    envelope_id: EnvelopeId
    envelope: bytes
    account: UserKey
    """The account that handed it in, whose share of the mailbox it fills."""
    queued_ms: int
    """When the store was given it, milliseconds since 1970."""

    def __repr__(self) -> str:
        return f"<Entry {self.sequence} of {self.mailbox.hex()}>"


class Outcome(Enum):
    """What became of an entry that was put."""

    KEPT = auto()
    """It is committed: it survives a kill and a power cut."""
    KNOWN = auto()
    """The same envelope of this sender was committed before, in another place; kept once."""
    MISMATCH = auto()
    """Another envelope with its id is kept; this one is not."""
    FAILED = auto()
    """The disk does not take it; nothing of its `put` is kept."""


class Fill(Struct):
    """How much is queued: in a mailbox, or of one account in it."""

    messages: int = 0
    size_bytes: int = 0

    def add(self, size_bytes: int) -> None:
        """Count one more envelope of this charge."""
        self.messages += 1
        self.size_bytes += size_bytes


class StoredMailbox(Struct):
    """What a store holds of one mailbox: the highest sequence, and how much of each account."""

    last_sequence: int = 0
    fills: dict[UserKey, Fill] = field(default_factory=dict)

    def count(self, sequence: int, account: UserKey, size_bytes: int) -> None:
        """Count an entry."""
        self.last_sequence = max(self.last_sequence, sequence)
        self.fills.setdefault(account, Fill()).add(size_bytes)


Expired = Mapping[MailboxId, StoredMailbox]
"""What has gone of each mailbox."""


class MailboxStore(Protocol):
    """Where envelopes wait for a device that is away or slow."""

    def mailboxes(self) -> dict[MailboxId, StoredMailbox]:
        """Return what is kept; asked once, before anything is put."""

    def put(self, entries: Sequence[Entry], done: Callable[[Sequence[Outcome]], None]) -> None:
        """Keep the entries in one transaction, then tell the outcome of each.

        When an entry fails, so does every one of the same sender in the same mailbox that was put
        before that was told: what is kept of the two is a prefix of what was put.
        """

    def remove(self, entries: Iterable[Entry]) -> None:
        """Forget entries that were acknowledged; unknown ones are no error.

        While the disk takes nothing this is remembered, and done later.
        """

    def load(
        self,
        mailbox: MailboxId,
        after: int,
        limit_bytes: int,
        loaded: Callable[[list[Entry]], None],
    ) -> None:
        """Call ``loaded`` with the entries after this sequence, oldest first.

        Sees every earlier `put` and `remove`. At least one when there is any, then as many as
        fit ``limit_bytes`` by their `charge`. Waits while the disk cannot be read.
        """

    def expire(
        self, before_ms: int, spared: Collection[MailboxId], done: Callable[[Expired], None]
    ) -> None:
        """Forget entries that are older, but not those in the ``spared`` mailboxes."""
