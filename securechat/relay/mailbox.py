"""One device's queue: what is in flight to it, what waits in memory, what waits in the store.

The order of a mailbox is ``in_flight``, then ``waiting``, then whatever the store holds beyond
these. Memory holds a window for a connected device, and what the store has been given and has not
answered for; all else is counted, no more. Nothing leaves a mailbox before the device has
acknowledged it, or it is older than its limit.
"""

from collections import deque
from collections.abc import Callable, Sequence
from itertools import chain

from securechat.config import ServerConfig
from securechat.identity.types import EnvelopeId, MailboxId, UserKey
from securechat.relay.fills import Fills, RelayFill
from securechat.relay.queued import Origin, Queued, from_store
from securechat.store.mailboxes import Entry, MailboxStore, Outcome, StoredMailbox, charge
from securechat.wire.codes import RefusedCode
from securechat.wire.frames import MAX_ENVELOPES, Incoming, Outgoing

MAX_BATCH_BYTES = 128 * 1024

COMMIT_AFTER_S = 0.05
"""Within what time an envelope that is not acknowledged goes to the store."""

MAX_COMMIT_AFTER_S = 0.5
"""The same for a device whose last acknowledgement took long: the disk would slow it further."""

MAX_PAGE_BYTES = 4 * 1024
"""What comes from the store at once; little, so that others do not wait long in between."""

NOBODY = UserKey(bytes(32))
"""The account of what is not kept."""


class Mailbox:
    """The queue of one device; all mailboxes of a relay count in one ``relay_fill``.

    ``stored`` is what the store had of it at the start; ``now_ms`` gives the time of day, and
    ``later`` makes a call when a store that took nothing may take something again.
    """

    def __init__(
        self,
        mailbox_id: MailboxId,
        store: MailboxStore,
        config: ServerConfig,
        relay_fill: RelayFill,
        now_ms: Callable[[], int],
        later: Callable[[Callable[[], None]], object],
        stored: StoredMailbox | None = None,
    ) -> None:
        self.mailbox_id = mailbox_id
        self._later = later
        self._wake: Callable[[], None] | None = None
        self._visit = 0
        self._store = store
        self._config = config
        self._now_ms = now_ms
        self._in_flight: deque[Queued] = deque()
        self._in_flight_bytes = 0
        self._waiting: deque[Queued] = deque()
        self._waiting_bytes = 0
        self._loading = False
        self._patience_s = COMMIT_AFTER_S
        """How long to wait for an acknowledgement before the store is given an envelope."""
        self._is_window_safe = True
        """Whether nothing in the window was refused by the store."""
        self._queued: dict[tuple[MailboxId, EnvelopeId], Queued] = {}
        """What is in memory, by sender and id."""
        kept = stored or StoredMailbox()
        self._fills = Fills(config, relay_fill, kept.fills)
        self._last_sequence = kept.last_sequence
        self._read_sequence = 0
        """Up to here entries have come to memory in this visit; the later ones are in the store."""

    def __len__(self) -> int:
        return self._fills.messages

    @property
    def has_waiting(self) -> bool:
        """Whether something in memory has not been delivered yet."""
        return len(self._waiting) > 0

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing in it, nor on its way to the store."""
        return not self._fills.messages and not self._queued

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
        rank = number
        if refusals.count:
            if not refusals.is_turn_of(self.mailbox_id, outgoing.envelope_id):
                return RefusedCode.ORDER
            rank = refusals.rank_of(self.mailbox_id, outgoing.envelope_id) or number
        size_bytes = charge(outgoing.envelope)
        if not self._fills.take(origin.user_key, size_bytes):
            return RefusedCode.MAILBOX_FULL
        is_next = self._read_sequence == self._last_sequence
        self._last_sequence = sequence = self._last_sequence + 1
        envelope_id, envelope = outgoing.envelope_id, outgoing.envelope
        entry = Queued(
            self.mailbox_id,
            sequence,
            sender,
            envelope_id,
            envelope,
            origin.user_key,
            0,
            now,
            size_bytes,
            origin,
            number,
            rank,
        )
        self._queued[sender, envelope_id] = entry
        if is_next and self._wake and self._waiting_bytes < self._config.window_bytes:
            self._read_sequence = sequence
            self._append(entry)
        else:
            self._put_behind(entry, is_next=is_next)
        return entry

    def _offer_again(
        self, known: Queued, outgoing: Outgoing, origin: Origin, number: int
    ) -> Queued | RefusedCode:
        if known.envelope != outgoing.envelope:
            return RefusedCode.MISMATCH
        if known.origin is origin:
            return RefusedCode.DUPLICATE
        known.origin, known.number, known.rank = origin, number, number
        if known.committed:
            known.answer()
        return known

    def _put_behind(self, entry: Queued, *, is_next: bool) -> None:
        """Hand an entry that finds no place in the window to the store, behind what is there."""
        if is_next or not self._is_window_safe:
            self._is_window_safe = True
            self.commit([*self._in_flight, *self._waiting, entry])
        else:
            self.commit([entry])

    def offer_ephemeral(self, outgoing: Outgoing) -> None:
        """Deliver this envelope if that is possible at once; it is never kept."""
        is_behind = self._read_sequence < self._last_sequence
        if is_behind or self._waiting_bytes >= self._config.window_bytes:
            return
        envelope_id, envelope = outgoing.envelope_id, outgoing.envelope
        size_bytes = charge(envelope)
        entry = Queued(self.mailbox_id, 0, self.mailbox_id, envelope_id, envelope, NOBODY, 0)
        entry.size_bytes, entry.held = size_bytes, False
        self._append(entry)

    def _append(self, entry: Queued) -> None:
        entry.in_window = True
        self._waiting.append(entry)
        self._waiting_bytes += entry.size_bytes

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
        window = [*self._in_flight, *self._waiting]
        for entry in window:
            entry.in_window = False
            if entry.committed:
                self._forget(entry)
        self.commit(window)
        self._read_sequence = 0 if self._fills.messages else self._last_sequence
        self._in_flight.clear()
        self._waiting.clear()
        self._in_flight_bytes = self._waiting_bytes = 0
        self._is_window_safe = True

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

    def ack(self, count: int, now: float) -> None:
        """The device has disposed of the ``count`` oldest deliveries, one at least."""
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
        slow_s = 4 * (now - entry.queued_at) if entry.queued_at else 0.0
        self._patience_s = (
            COMMIT_AFTER_S if slow_s < COMMIT_AFTER_S else min(slow_s, MAX_COMMIT_AFTER_S)
        )
        if handed:
            self._store.remove(handed)
        if self._read_sequence != self._last_sequence:
            self._refill()

    def _release(self, entry: Queued) -> None:
        if entry.held:
            entry.held = False
            self._forget(entry)
            self._fills.give_back(entry.account, 1, entry.size_bytes)

    def _forget(self, entry: Queued) -> None:
        """Drop it from the index, unless the store's copy of the same envelope is there."""
        key = entry.sender, entry.envelope_id
        found = self._queued.pop(key, None)
        if found is not None and found is not entry:
            self._queued[key] = found

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
            min(room_bytes, MAX_PAGE_BYTES),
            lambda page: self._loaded(page, visit, upto),
        )

    def _loaded(self, page: list[Entry], visit: int, upto: int) -> None:
        """Take what the store gave; without any, there is nothing up to ``upto`` any more."""
        if self._wake is None or visit != self._visit:
            return
        self._loading = False
        self._read_sequence = page[-1].sequence if page else upto
        for row in page:
            entry = from_store(row)
            self._queued[row.sender, row.envelope_id] = entry
            self._append(entry)
        if page:
            self._wake()
        if self._read_sequence == self._last_sequence:
            self._count_anew()
        self._refill()

    def _count_anew(self) -> None:
        """Everything is in memory now: whatever else was counted has been lost to damage."""
        if self._fills.messages != len(self._queued):
            held = self._queued.values()
            self._fills.count_anew((entry.account, entry.size_bytes) for entry in held)

    # The store ------------------------------------------------------------------------------------

    def commit(self, entries: list[Queued]) -> None:
        """Hand entries to the store that neither has them nor have been acknowledged."""
        fresh = [entry for entry in entries if not entry.handed and entry.held]
        if not fresh:
            return
        queued_ms = self._now_ms()
        for entry in fresh:
            entry.handed = True
            entry.queued_ms = queued_ms
        self._store.put(fresh, lambda outcomes: self._stored(fresh, outcomes))

    def commit_older(self, now: float) -> bool:
        """Hand over what has waited too long in memory; return whether there is more.

        Goes back from the youngest: before one that the store has been given, it has them all.
        """
        queued_before = now - self._patience_s / 2
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

    def expired(self, gone: StoredMailbox) -> None:
        """The store has dropped entries that were too old, none of them in the window."""
        for account, fill in gone.fills.items():
            self._fills.give_back(account, fill.messages, fill.size_bytes)

    def _stored(self, entries: list[Queued], outcomes: Sequence[Outcome]) -> None:
        for entry, outcome in zip(entries, outcomes, strict=True):
            if not entry.held:
                continue
            if outcome is Outcome.KEPT:
                self._kept(entry)
            elif outcome is Outcome.FAILED and entry.in_window:
                entry.handed = False
                self._note_unsafe()
            else:
                self._left_out(entry, outcome)

    def _note_unsafe(self) -> None:
        """Keep in mind that the store has refused what is in the window, and give it again later.

        Its device may not be able to acknowledge it before: a relay that has too much of a client's
        on hand does not read on, acknowledgements included.
        """
        if self._is_window_safe:
            self._is_window_safe = False
            self._later(self._commit_window)

    def _commit_window(self) -> None:
        if not self._is_window_safe:
            self._is_window_safe = True
            self.commit([*self._in_flight, *self._waiting])

    def _kept(self, entry: Queued) -> None:
        entry.committed = True
        entry.answer()
        if not entry.in_window:
            self._forget(entry)

    def _left_out(self, entry: Queued, outcome: Outcome) -> None:
        """The store has not taken an entry: it had it before, has another, or takes nothing."""
        self._release(entry)
        if outcome is Outcome.KNOWN:
            entry.answer()
        elif entry.origin is not None:
            is_other = outcome is Outcome.MISMATCH
            code = RefusedCode.MISMATCH if is_other else RefusedCode.NOT_STORED
            entry.origin.dropped(entry, code)
            entry.origin = None
