"""One device's queue: what is in flight to it, what waits in memory, what waits in the store.

The order of a mailbox is ``in_flight``, then ``waiting``, then whatever the store holds beyond
these. Nothing leaves it before the device has acknowledged it, or it is older than its limit.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from typing import Protocol

from securechat.config import ServerConfig
from securechat.identity.types import EnvelopeId, MailboxId, UserKey
from securechat.relay.refusals import Refusals
from securechat.store.mailboxes import Entry, MailboxStore, charge
from securechat.wire.codes import RefusedCode
from securechat.wire.frames import MAX_ENVELOPES, Incoming, Outgoing

MAX_BATCH_BYTES = 128 * 1024
SENDER_SHARE = 4
"""One account may fill at most this fraction (a quarter) of a mailbox."""


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

    def refused(self, number: int, code: RefusedCode) -> None:
        """The envelope of this number has been dropped, for this reason."""


@dataclass(slots=True, eq=False)
class Queued(Entry):
    """An entry, and whom to tell about it."""

    size_bytes: int = 0
    """What it counts in quotas and windows; see `charge`."""
    user_key: UserKey | None = None
    """The account that it counts for; None if it is not kept."""
    origin: Origin | None = None
    number: int = 0
    handed: bool = False
    """Whether the store has been given it."""
    committed: bool = False
    """Whether the store has said that it keeps it."""
    held: bool = False
    """Whether it is in the mailbox still."""

    def settle(self) -> None:
        """Release the origin's budget, once: the envelope was acknowledged or committed."""
        if self.origin is not None and not self.committed:
            self.origin.settled(self.size_bytes)

    def answer(self) -> None:
        """Tell the origin, once, that the envelope is accepted."""
        if self.origin is not None:
            self.origin.answered(self.number)
            self.origin = None


@dataclass(slots=True)
class RelayFill:
    """How much is queued in all mailboxes of a relay."""

    size_bytes: int = 0


@dataclass(slots=True)
class Fill:
    """How much is queued: in a mailbox, or of one account in it."""

    messages: int = 0
    size_bytes: int = 0


class Mailbox:
    """The queue of one device; all mailboxes of a relay count in one ``relay_fill``."""

    def __init__(
        self,
        mailbox_id: MailboxId,
        store: MailboxStore,
        config: ServerConfig,
        relay_fill: RelayFill,
    ) -> None:
        self.mailbox_id = mailbox_id
        self._wake: Callable[[], None] | None = None
        self._visit = 0
        self._store = store
        self._config = config
        self._in_flight: deque[Queued] = deque()
        self._in_flight_bytes = 0
        self._waiting: deque[Queued] = deque()
        self._waiting_bytes = 0
        self._last_sequence = 0
        self._read_sequence = 0
        """Up to here entries have come to memory in this visit; the later ones are in the store."""
        self._loading = False
        self._queued: dict[tuple[MailboxId, EnvelopeId], Queued] = {}
        self._relay_fill = relay_fill
        self._fill = Fill()
        self._account_fill: dict[UserKey, Fill] = {}

    def __len__(self) -> int:
        return len(self._queued)

    @property
    def has_waiting(self) -> bool:
        """Whether something in memory has not been delivered yet."""
        return len(self._waiting) > 0

    # Handing in -----------------------------------------------------------------------------------

    def offer(
        self, outgoing: Outgoing, sender: MailboxId, origin: Origin, number: int, now: float
    ) -> Queued | RefusedCode:
        """Queue an envelope; return its entry, or the code with which it is refused.

        After a refusal, later envelopes of the same sender are refused too until the refused ones
        have come again, so that the sender's order survives.
        """
        known = self._queued.get((sender, outgoing.envelope_id))
        if known is not None:
            return self._offer_again(known, outgoing, origin, number)
        refusals = origin.refusals
        if refusals.count and not refusals.is_turn_of(self.mailbox_id, outgoing.envelope_id):
            return RefusedCode.ORDER
        size_bytes = charge(outgoing.envelope)
        fill = self._account_fill.get(origin.user_key)
        if fill is None:
            fill = Fill()
        if self._is_full(fill, size_bytes):
            return RefusedCode.MAILBOX_FULL
        self._account_fill[origin.user_key] = fill
        self._relay_fill.size_bytes += size_bytes
        mailbox = self._fill
        mailbox.messages += 1
        mailbox.size_bytes += size_bytes
        fill.messages += 1
        fill.size_bytes += size_bytes
        return self._append(outgoing, sender, origin, number, now, size_bytes)

    def _offer_again(
        self, known: Queued, outgoing: Outgoing, origin: Origin, number: int
    ) -> Queued | RefusedCode:
        if known.envelope != outgoing.envelope:
            return RefusedCode.MISMATCH
        if known.origin is origin:
            return RefusedCode.DUPLICATE
        known.origin, known.number = origin, number
        if known.committed:
            origin.settled(known.size_bytes)
            if self._store.durable:
                known.answer()
        return known

    def _is_full(self, fill: Fill, size_bytes: int) -> bool:
        messages, limit_bytes = self._config.mailbox_messages, self._config.mailbox_bytes
        return (
            self._relay_fill.size_bytes + size_bytes > self._config.store_bytes
            or self._fill.messages >= messages
            or self._fill.size_bytes + size_bytes > limit_bytes
            or fill.messages * SENDER_SHARE >= messages
            or (fill.size_bytes + size_bytes) * SENDER_SHARE > limit_bytes
        )

    def _append(
        self,
        outgoing: Outgoing,
        sender: MailboxId,
        origin: Origin,
        number: int,
        now: float,
        size_bytes: int,
    ) -> Queued:
        is_next = self._read_sequence == self._last_sequence
        self._last_sequence = sequence = self._last_sequence + 1
        envelope_id, envelope = outgoing.envelope_id, outgoing.envelope
        entry = Queued(
            self.mailbox_id,
            sequence,
            sender,
            envelope_id,
            envelope,
            now,
            size_bytes,
            origin.user_key,
            origin,
            number,
        )
        entry.held = True
        self._queued[sender, envelope_id] = entry
        if is_next and self._wake and self._waiting_bytes < self._config.window_bytes:
            self._read_sequence = sequence
            self._waiting.append(entry)
            self._waiting_bytes += size_bytes
            return entry
        if is_next:
            self._commit_head()
        self.commit([entry])
        return entry

    def offer_ephemeral(self, outgoing: Outgoing) -> None:
        """Deliver this envelope if that is possible at once; it is never kept."""
        is_behind = self._read_sequence < self._last_sequence
        if is_behind or self._waiting_bytes >= self._config.window_bytes:
            return
        envelope_id, envelope = outgoing.envelope_id, outgoing.envelope
        size_bytes = charge(envelope)
        entry = Queued(self.mailbox_id, 0, self.mailbox_id, envelope_id, envelope, 0, size_bytes)
        self._waiting.append(entry)
        self._waiting_bytes += size_bytes

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
        self._read_sequence = 0 if self._queued else self._last_sequence
        self._in_flight.clear()
        self._waiting.clear()
        self._in_flight_bytes = self._waiting_bytes = 0

    def take_batch(self) -> tuple[Incoming, ...]:
        """Return what may be delivered now within the window, at most one frame's worth."""
        batch: list[Incoming] = []
        batch_bytes = 0
        while self._waiting and len(batch) < MAX_ENVELOPES:
            entry = self._waiting[0]
            size_bytes = entry.size_bytes
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
        handed: list[Queued] = []
        in_flight = self._in_flight
        for _ in range(count):
            entry = in_flight.popleft()
            size_bytes = entry.size_bytes
            self._in_flight_bytes -= size_bytes
            self._release(entry)
            if entry.handed:
                handed.append(entry)
            origin = entry.origin
            if origin is not None:
                entry.origin = None
                origin.acknowledged(entry.number, 0 if entry.committed else size_bytes)
        if handed:
            self._store.remove(handed)
        if self._read_sequence != self._last_sequence:
            self._refill()

    def _release(self, entry: Queued) -> None:
        if not entry.held or entry.user_key is None:
            return
        entry.held = False
        del self._queued[entry.sender, entry.envelope_id]
        fill, size_bytes = self._account_fill[entry.user_key], entry.size_bytes
        self._relay_fill.size_bytes -= size_bytes
        mailbox = self._fill
        mailbox.messages -= 1
        mailbox.size_bytes -= size_bytes
        fill.messages -= 1
        fill.size_bytes -= size_bytes
        if not fill.messages:
            del self._account_fill[entry.user_key]

    def _refill(self) -> None:
        """Ask the store for more when it has more and there is room in memory for it."""
        if self._read_sequence == self._last_sequence or self._loading:
            return
        room_bytes = self._config.window_bytes - self._waiting_bytes
        if room_bytes <= 0:
            return
        self._loading = True
        visit, upto = self._visit, self._last_sequence
        self._store.load(
            self.mailbox_id,
            self._read_sequence,
            room_bytes,
            lambda page: self._loaded(page, visit, upto),
        )

    def _loaded(self, page: list[Entry], visit: int, upto: int) -> None:
        """Take what the store gave; without any, there is nothing up to ``upto`` any more."""
        if self._wake is None or visit != self._visit:
            return
        self._loading = False
        self._read_sequence = page[-1].sequence if page else upto
        for row in page:
            entry = self._queued.get((row.sender, row.envelope_id))
            if entry is not None and entry.sequence == row.sequence:
                self._waiting.append(entry)
                self._waiting_bytes += entry.size_bytes
        if page:
            self._wake()
        self._refill()

    # The store ------------------------------------------------------------------------------------

    def commit(self, entries: list[Queued]) -> None:
        """Hand entries to the store that neither has them nor have been acknowledged."""
        fresh = [entry for entry in entries if not entry.handed and entry.held]
        if not fresh:
            return
        for entry in fresh:
            entry.handed = True
        self._store.put(fresh, lambda: self._committed(fresh))

    def commit_older(self, queued_before: float) -> bool:
        """Hand over what is in memory from before that time; return whether younger is there.

        Goes back from the youngest: before one that the store has been given, it has them all.
        """
        old: list[Queued] = []
        is_young_there = False
        for entry in chain(reversed(self._waiting), reversed(self._in_flight)):
            if entry.handed:
                break
            if entry.queued_at < queued_before:
                old.append(entry)
            else:
                is_young_there = True
        old.reverse()
        self.commit(old)
        return is_young_there

    def expire(self, queued_before: float) -> None:
        """Drop the entries older than this that are not in flight."""
        flying = set(map(id, self._in_flight))
        old: list[Queued] = []
        for entry in self._queued.values():
            if entry.queued_at >= queued_before:
                break
            if id(entry) not in flying:
                old.append(entry)
        if old:
            self._drop(old)

    def _drop(self, entries: list[Queued]) -> None:
        for entry in entries:
            self._release(entry)
            entry.settle()
            if entry.origin is not None:
                entry.origin.refused(entry.number, RefusedCode.EXPIRED)
        self._waiting = deque(entry for entry in self._waiting if entry.held)
        self._waiting_bytes = sum(entry.size_bytes for entry in self._waiting)
        self._store.remove(entries)

    def _commit_head(self) -> None:
        self.commit([*self._in_flight, *self._waiting])

    def _committed(self, entries: list[Queued]) -> None:
        for entry in entries:
            if not entry.held:
                continue
            entry.settle()
            entry.committed = True
            if self._store.durable:
                entry.answer()
