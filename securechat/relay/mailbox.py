"""One device's queue: what is in flight to it, what waits in memory, what waits in the store.

The order of a mailbox is ``in_flight``, then ``waiting``, then whatever the store holds beyond
these. Nothing leaves it before the device has acknowledged it, or it is older than its limit.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from securechat.config import ServerConfig
from securechat.identity.types import EnvelopeId, MailboxId
from securechat.store.mailboxes import Entry, MailboxStore
from securechat.wire.frames import MAX_ENVELOPES, Incoming, Outgoing

MAX_BATCH_BYTES = 128 * 1024
SENDER_SHARE = 4
"""One sender may fill at most this fraction (a quarter) of a mailbox."""


class Origin(Protocol):
    """The connection that handed an envelope in and waits to hear of it."""

    def answered(self, number: int) -> None:
        """The envelope of this number is accepted."""

    def settled(self, size_bytes: int) -> None:
        """An envelope of this size is out of the hands of this connection."""

    def refused(self, number: int, code: str) -> None:
        """The envelope of this number has been dropped, for this reason."""


@dataclass(slots=True, eq=False)
class Queued(Entry):
    """An entry, and whom to tell about it."""

    origin: Origin | None = None
    number: int = 0
    handed: bool = False
    """Whether the store has been given it."""
    committed: bool = False
    """Whether the store has said that it keeps it."""

    def settle(self) -> None:
        """Release the origin's budget, once: the envelope was acknowledged or committed."""
        if self.origin is not None and not self.committed:
            self.origin.settled(len(self.envelope))

    def answer(self) -> None:
        """Tell the origin, once, that the envelope is accepted."""
        if self.origin is not None:
            self.origin.answered(self.number)
            self.origin = None


class Mailbox:
    """The queue of one device."""

    def __init__(self, mailbox_id: MailboxId, store: MailboxStore, config: ServerConfig) -> None:
        self.mailbox_id = mailbox_id
        self.size_bytes = 0
        self._wake: Callable[[], None] | None = None
        self._visit = 0
        self._store = store
        self._config = config
        self._in_flight: deque[Queued] = deque()
        self._in_flight_bytes = 0
        self._waiting: deque[Queued] = deque()
        self._waiting_bytes = 0
        self._beyond = False
        self._loading = False
        self._last_sequence = 0
        self._queued: dict[tuple[MailboxId, EnvelopeId], Queued] = {}
        self._sender_bytes: dict[MailboxId, int] = {}
        self._blocked: dict[MailboxId, EnvelopeId] = {}

    def __len__(self) -> int:
        return len(self._queued)

    # Handing in -----------------------------------------------------------------------------------

    def offer(
        self, outgoing: Outgoing, sender: MailboxId, origin: Origin, number: int, now: float
    ) -> Queued | str:
        """Queue an envelope; return its entry, or the code with which it is refused.

        After a refusal, later envelopes of the same sender are refused too until the refused one
        comes again, so that the sender's order survives.
        """
        known = self._queued.get((sender, outgoing.envelope_id))
        if known is not None:
            return self._offer_again(known, outgoing, origin, number)
        blocked = self._blocked.get(sender)
        if blocked is not None and blocked != outgoing.envelope_id:
            return "order"
        if self._is_full(sender, len(outgoing.envelope)):
            self._blocked[sender] = outgoing.envelope_id
            return "mailbox-full"
        if blocked is not None:
            del self._blocked[sender]
        return self._append(outgoing, sender, origin, number, now)

    def _offer_again(
        self, known: Queued, outgoing: Outgoing, origin: Origin, number: int
    ) -> Queued | str:
        if known.envelope != outgoing.envelope:
            return "mismatch"
        if known.origin is origin:
            return "duplicate"
        known.origin, known.number = origin, number
        return known

    def _is_full(self, sender: MailboxId, size_bytes: int) -> bool:
        limit = self._config.mailbox_bytes
        return (
            len(self._queued) >= self._config.mailbox_messages
            or self.size_bytes + size_bytes > limit
            or self._sender_bytes.get(sender, 0) + size_bytes > limit // SENDER_SHARE
        )

    def _append(
        self, outgoing: Outgoing, sender: MailboxId, origin: Origin, number: int, now: float
    ) -> Queued:
        self._last_sequence += 1
        entry = Queued(
            self.mailbox_id,
            self._last_sequence,
            sender,
            outgoing.envelope_id,
            outgoing.envelope,
            now,
            origin,
            number,
        )
        size_bytes = len(entry.envelope)
        self._queued[sender, entry.envelope_id] = entry
        self.size_bytes += size_bytes
        self._sender_bytes[sender] = self._sender_bytes.get(sender, 0) + size_bytes
        has_room = self._waiting_bytes < self._config.window_bytes
        if self._wake is not None and not self._beyond and has_room:
            self._waiting.append(entry)
            self._waiting_bytes += size_bytes
            return entry
        if not self._beyond:
            self._beyond = True
            self._commit_head()
        self.commit([entry])
        return entry

    def offer_ephemeral(self, outgoing: Outgoing) -> None:
        """Deliver this envelope if that is possible at once; it is never kept."""
        if self._beyond or self._waiting_bytes >= self._config.window_bytes:
            return
        self._waiting.append(
            Queued(
                self.mailbox_id,
                self._last_sequence,
                self.mailbox_id,
                outgoing.envelope_id,
                outgoing.envelope,
                0,
            )
        )
        self._waiting_bytes += len(outgoing.envelope)

    # Delivery -------------------------------------------------------------------------------------

    def attach(self, wake: Callable[[], None]) -> None:
        """The device has come; ``wake`` is called when the store has given something for it."""
        self._wake = wake
        self._visit += 1
        self._loading = False
        self._refill()

    def detach(self) -> None:
        """The device has gone: all that it has not acknowledged goes to the store."""
        self._wake = None
        self._commit_head()
        self._beyond = bool(self._queued)
        self._in_flight.clear()
        self._waiting.clear()
        self._in_flight_bytes = self._waiting_bytes = 0

    def take_batch(self) -> tuple[Incoming, ...]:
        """Return what may be delivered now within the window, at most one frame's worth."""
        batch: list[Incoming] = []
        batch_bytes = 0
        while self._waiting and len(batch) < MAX_ENVELOPES:
            entry = self._waiting[0]
            size_bytes = len(entry.envelope)
            if self._in_flight and self._in_flight_bytes + size_bytes > self._config.window_bytes:
                break
            if batch and batch_bytes + size_bytes > MAX_BATCH_BYTES:
                break
            self._waiting.popleft()
            self._waiting_bytes -= size_bytes
            self._in_flight.append(entry)
            self._in_flight_bytes += size_bytes
            batch_bytes += size_bytes
            batch.append(Incoming(entry.envelope_id, entry.envelope))
        return tuple(batch)

    def ack(self, count: int) -> None:
        """The device has disposed of the ``count`` oldest deliveries."""
        done = [self._in_flight.popleft() for _ in range(count)]
        for entry in done:
            self._in_flight_bytes -= len(entry.envelope)
            self._release(entry)
            entry.settle()
            entry.answer()
        handed = [entry for entry in done if entry.handed]
        if handed:
            self._store.remove(handed)
        if self._beyond:
            self._refill()

    def _release(self, entry: Queued) -> None:
        if not self._holds(entry):
            return
        size_bytes = len(entry.envelope)
        del self._queued[entry.sender, entry.envelope_id]
        self.size_bytes -= size_bytes
        left = self._sender_bytes[entry.sender] - size_bytes
        if left:
            self._sender_bytes[entry.sender] = left
        else:
            del self._sender_bytes[entry.sender]

    def _refill(self) -> None:
        """Ask the store for more when there is room in memory for it."""
        if not self._beyond or self._loading or self._waiting_bytes >= self._config.window_bytes:
            return
        self._loading = True
        last = self._waiting or self._in_flight
        after = last[-1].sequence if last else 0
        visit = self._visit
        self._store.load(
            self.mailbox_id,
            after,
            self._config.window_bytes,
            lambda page: self._loaded(page, visit),
        )

    def _loaded(self, page: list[Entry], visit: int) -> None:
        if self._wake is None or visit != self._visit:
            return
        self._loading = False
        for row in page:
            entry = self._queued.get((row.sender, row.envelope_id))
            if entry is not None:
                self._waiting.append(entry)
                self._waiting_bytes += len(entry.envelope)
        self._beyond = bool(page) and page[-1].sequence < self._last_sequence
        if page:
            self._wake()

    # The store ------------------------------------------------------------------------------------

    def commit(self, entries: list[Queued]) -> None:
        """Hand entries to the store that neither has them nor have been acknowledged."""
        fresh = [e for e in entries if not e.handed and self._holds(e)]
        if not fresh:
            return
        for entry in fresh:
            entry.handed = True
        self._store.put(list(fresh), lambda: self._committed(fresh))

    def expire(self, queued_before: float) -> int:
        """Drop the entries older than this; return how many."""
        old: list[Queued] = []
        for entry in self._queued.values():
            if entry.queued_at >= queued_before:
                break
            old.append(entry)
        flying = set(map(id, self._in_flight))
        old = [entry for entry in old if id(entry) not in flying]
        for entry in old:
            self._release(entry)
            entry.settle()
            if entry.origin is not None:
                entry.origin.refused(entry.number, "expired")
        self._waiting = deque(entry for entry in self._waiting if self._holds(entry))
        self._waiting_bytes = sum(len(entry.envelope) for entry in self._waiting)
        self._store.remove(old)
        return len(old)

    def _holds(self, entry: Queued) -> bool:
        return self._queued.get((entry.sender, entry.envelope_id)) is entry

    def _commit_head(self) -> None:
        self.commit([*self._in_flight, *self._waiting])

    def _committed(self, entries: list[Queued]) -> None:
        for entry in entries:
            if not self._holds(entry):
                continue
            entry.settle()
            entry.committed = True
            if self._store.durable:
                entry.answer()
