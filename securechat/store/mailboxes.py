"""The port behind which a relay keeps envelopes, and the model of it in memory.

A mailbox is one ordered queue. The relay numbers its entries; the store keeps them until they are
removed. Both `put` and `load` answer through a callback in the relay's thread, since a store on
disk works in a thread of its own.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from securechat.identity.types import EnvelopeId, MailboxId

MIN_CHARGE_BYTES = 512
"""As what a smaller envelope counts: about what it costs in memory."""


def charge(envelope: bytes) -> int:
    """Return the bytes that an envelope counts in every quota, window and page."""
    size_bytes = len(envelope)
    return size_bytes if size_bytes > MIN_CHARGE_BYTES else MIN_CHARGE_BYTES


@dataclass(slots=True, eq=False)
class Entry:
    """One envelope in a mailbox; ``sequence`` orders it among the entries of its mailbox."""

    mailbox: MailboxId
    sequence: int
    sender: MailboxId
    envelope_id: EnvelopeId
    envelope: bytes = field(repr=False)
    queued_at: float


class MailboxStore(Protocol):
    """Where envelopes wait for a device that is away or slow."""

    durable: bool
    """Whether an entry that `put` has committed survives the end of the process."""

    def put(self, entries: Sequence[Entry], committed: Callable[[], None]) -> None:
        """Keep the entries, all or none, then call ``committed``.

        Those of one mailbox come in the order of their sequence, over all calls.
        """

    def remove(self, entries: Iterable[Entry]) -> None:
        """Forget entries that were acknowledged or have expired; unknown ones are no error."""

    def load(
        self,
        mailbox: MailboxId,
        after: int,
        limit_bytes: int,
        loaded: Callable[[list[Entry]], None],
    ) -> None:
        """Call ``loaded`` with the entries after this sequence, oldest first.

        Sees every earlier `put` and `remove`. At least one when there is any, then as many as
        fit ``limit_bytes`` by their `charge`.
        """


class MemoryMailboxStore:
    """A MailboxStore that lives as long as the process, so what it holds is not yet accepted."""

    durable = False

    def __init__(self) -> None:
        self._mailboxes: dict[MailboxId, dict[int, Entry]] = {}

    def put(self, entries: Sequence[Entry], committed: Callable[[], None]) -> None:
        """Keep the entries; see MailboxStore."""
        for entry in entries:
            self._mailboxes.setdefault(entry.mailbox, {})[entry.sequence] = entry
        committed()

    def remove(self, entries: Iterable[Entry]) -> None:
        """Forget entries; see MailboxStore."""
        for entry in entries:
            rows = self._mailboxes.get(entry.mailbox, {})
            rows.pop(entry.sequence, None)
            if not rows:
                self._mailboxes.pop(entry.mailbox, None)

    def load(
        self,
        mailbox: MailboxId,
        after: int,
        limit_bytes: int,
        loaded: Callable[[list[Entry]], None],
    ) -> None:
        """Call ``loaded`` with the next entries; see MailboxStore."""
        page: list[Entry] = []
        size_bytes = 0
        for entry in self._mailboxes.get(mailbox, {}).values():
            if entry.sequence <= after:
                continue
            size_bytes += charge(entry.envelope)
            if page and size_bytes > limit_bytes:
                break
            page.append(entry)
        loaded(page)
