"""One device's queue: what is in flight to it, what waits in memory, what waits in the store.

The order of a mailbox is that of its window, then whatever the store holds beyond it. Memory holds
the window of a connected device, and what the store has been given and has not answered for; all
else is counted, no more. Nothing leaves a mailbox before the device has acknowledged it, or it is
older than its limit.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from securechat.config import ServerConfig
from securechat.identity.types import EnvelopeId, MailboxId, UserKey
from securechat.relay.fills import Fills, RelayFill
from securechat.relay.parcel import Parcel
from securechat.relay.patience import COMMIT_AFTER_S, after_wait
from securechat.relay.queued import Queued, from_store
from securechat.relay.window import Encode, Window
from securechat.store.mailboxes import (
    MIN_CHARGE_BYTES,
    Entry,
    MailboxStore,
    Outcome,
    StoredMailbox,
    charge,
)
from securechat.wire.codes import RefusedCode
from securechat.wire.frames import Outgoing

MAX_PAGE_BYTES = 4 * 1024
"""What comes from the store at once; little, so that others do not wait long in between."""

_UNKEPT = Parcel(None, MailboxId(bytes(16)), UserKey(bytes(32)), 0.0, 0)
"""The parcel of every ephemeral envelope."""


class Reader(Protocol):
    """The connected device that a mailbox is delivered to."""

    def wake(self) -> None:
        """The store has given something for it."""

    def flush(self) -> "Mailbox":
        """Deliver what the window allows; return the mailbox."""


class Mailbox:
    """The queue of one device; all mailboxes of a relay count in one ``relay_fill``.

    ``stored`` is what the store had of it at the start; ``now_ms`` gives the time of day, and
    ``later`` makes a call when a store that took nothing may take something again.
    """

    __slots__ = (
        "_fills",
        "_has_joined",
        "_is_live",
        "_is_window_safe",
        "_last_sequence",
        "_later",
        "_loading",
        "_now_ms",
        "_patience_s",
        "_queued",
        "_read_sequence",
        "_store",
        "_visit",
        "mailbox_id",
        "reader",
        "window",
    )

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
        self.reader: Reader | None = None
        """The device that is connected."""
        self._visit = 0
        self._store = store
        self._now_ms = now_ms
        self._loading = False
        self._patience_s = COMMIT_AFTER_S
        """How long to wait for an acknowledgement before the store is given an envelope."""
        self._is_window_safe = True
        """Whether nothing in the window was refused by the store."""
        self._queued: dict[bytes, Queued] = {}
        """What is in memory outside the lane, by its id; by its sender and id joined, where two
        chose the same."""
        self._has_joined = False
        """Whether there have been any of the latter."""
        kept = stored or StoredMailbox()
        self._fills = Fills(config, relay_fill, kept.fills)
        self._last_sequence = kept.last_sequence
        self._read_sequence = 0
        """Up to here entries have come to memory in this visit; the later ones are in the store."""
        self._is_live = False
        """Whether a device is connected, and none are later: what comes next goes to memory too."""
        self.window = Window(config.window_bytes, self._queued)
        """What is in memory for the device that is connected."""

    def __len__(self) -> int:
        return self._fills.messages

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing in it, nor on its way to the store."""
        return not self._fills.messages and not self._queued and self.window.is_empty

    # Handing in -----------------------------------------------------------------------------------

    def offer(
        self, outgoing: Outgoing, parcel: Parcel, number: int, rank: int = 0
    ) -> RefusedCode | None:
        """Queue an envelope; return the code with which it is refused, if it is.

        Its parcel, which counts it as open, hears of it when it is accepted.
        """
        window = self.window
        if window.lane is not None:
            if not rank and window.lane.take(outgoing, parcel, number):
                return None
            window.close_lane()
        key: bytes
        key = envelope_id = outgoing.envelope_id
        envelope = outgoing.envelope
        if key in self._queued or self._has_joined:
            if known := self._find(parcel.sender, envelope_id):
                return _offer_again(known, envelope, parcel, number)
            if key in self._queued:
                key = parcel.sender + envelope_id
                self._has_joined = True
        size_bytes = len(envelope)
        if size_bytes < MIN_CHARGE_BYTES:
            size_bytes = MIN_CHARGE_BYTES
        if self._is_live and window.room_bytes > 0:
            entry = Queued(envelope_id, envelope, size_bytes, parcel, number, key, True, rank)
            self._queued[key] = entry
            window.append(entry)
        elif not self._fills.has_room(parcel.account, size_bytes):
            return RefusedCode.MAILBOX_FULL
        else:
            entry = Queued(envelope_id, envelope, size_bytes, parcel, number, key, False, rank)
            self._queued[key] = entry
            if not self._put_behind(entry):
                self._release(entry)
                return RefusedCode.MAILBOX_FULL
        return None

    def _find(self, sender: MailboxId, envelope_id: EnvelopeId) -> Queued | None:
        """Return the envelope of this sender and id that is in memory."""
        known = self._queued.get(envelope_id)
        if known is None or known.parcel.sender != sender:
            known = self._queued.get(sender + envelope_id)
        return known

    def _put_behind(self, entry: Queued) -> bool:
        """Hand an entry that finds no place in the window to the store, behind what is there.

        Returns False if there is no room for it in all the mailboxes.
        """
        if self._is_live or not self._is_window_safe:
            self._is_window_safe = True
            self.commit([*self.window.entries(), entry])
        else:
            self.commit([entry])
        if self._is_live and entry.handed:
            self._is_live = False
            self._read_sequence = self._last_sequence - 1
        return entry.handed

    def offer_ephemeral(self, outgoing: Outgoing) -> None:
        """Deliver this envelope if that is possible at once; it is never kept."""
        self.window.close_lane()
        if not self._is_live or self.window.room_bytes <= 0:
            return
        envelope_id, envelope = outgoing.envelope_id, outgoing.envelope
        entry = Queued(
            envelope_id,
            envelope,
            charge(envelope),
            _UNKEPT,
            0,
            envelope_id,
            True,
            is_open=False,
            held=False,
        )
        self.window.append(entry)

    # Delivery -------------------------------------------------------------------------------------

    def attach(self, reader: Reader) -> None:
        """The device has come."""
        self.reader = reader
        self._visit += 1
        self._loading = False
        self._is_live = self._read_sequence == self._last_sequence
        self._open_lane()
        self._refill()

    def detach(self) -> None:
        """The device has gone: all that it has not acknowledged goes to the store."""
        self.window.close_lane()
        self.reader = None
        self._is_live = False
        window = self.window.entries()
        for entry in window:
            entry.in_window = False
            if entry.committed:
                self._forget(entry)
        self.commit(window)
        for entry in window:
            if entry.held and not entry.handed:
                self._refuse(entry, RefusedCode.MAILBOX_FULL)
        self._read_sequence = 0 if self._fills.messages else self._last_sequence
        self.window.clear()
        self._is_window_safe = True

    def deliver(self, encode: Encode) -> bytes:
        """Return a frame of what may be delivered now within the window; empty without any."""
        data = self.window.deliver(encode)
        if self.window.lane is None:
            self._open_lane()
        return data

    def _open_lane(self) -> None:
        """Have the fast lane take what comes next, if what is there needs no more care."""
        if not self._queued:
            self._has_joined = False
        if self._is_live and not self._has_joined:
            self.window.open_lane()

    def ack(self, count: int, now: float) -> None:
        """The device has disposed of the ``count`` oldest deliveries, one at least."""
        acked, parcel = self.window.take_acked(count)
        if parcel.at:
            self._patience_s = after_wait(self._patience_s, now - parcel.at)
        if acked:
            self._drop(acked)
        if not self._is_live:
            self._refill()
        elif self.window.lane is None:
            self._open_lane()

    def _drop(self, acked: list[Queued]) -> None:
        """Answer for these, and have the store forget them."""
        handed: list[Queued] = []
        for entry in acked:
            if entry.handed:
                handed.append(entry)
            if entry.held:
                self._release(entry)
            entry.answer()
        if handed:
            self._store.remove([entry.row for entry in handed if entry.row])

    def _release(self, entry: Queued) -> None:
        if entry.held:
            entry.held = False
            self._forget(entry)
            if entry.handed:
                self._fills.give_back(entry.parcel.account, 1, entry.size_bytes)

    def _forget(self, entry: Queued) -> None:
        """Drop it from the index, unless the store's copy of the same envelope is there."""
        found = self._queued.pop(entry.key, None)
        if found is not None and found is not entry:
            self._queued[entry.key] = found

    def _refill(self) -> None:
        """Ask the store for more when it has more and there is room in memory for it."""
        if self._is_live or self._loading:
            return
        room_bytes = self.window.room_bytes
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
        reader = self.reader
        if reader is None or visit != self._visit:
            return
        self._loading = False
        self._read_sequence = page[-1].sequence if page else upto
        for row in page:
            entry = from_store(row)
            if self._queued.setdefault(entry.key, entry).parcel.sender != row.sender:
                entry.key = row.sender + row.envelope_id
                self._has_joined = True
            self._queued[entry.key] = entry
            self.window.append(entry)
        if page:
            reader.wake()
        if self._read_sequence == self._last_sequence:
            self._is_live = True
            self._count_anew()
            self._open_lane()
        self._refill()

    def _count_anew(self) -> None:
        """Everything is in memory now: whatever else was counted has been lost to damage."""
        handed = [entry for entry in self._queued.values() if entry.handed]
        if self._fills.messages != len(handed):
            self._fills.count_anew((each.parcel.account, each.size_bytes) for each in handed)

    # The store ------------------------------------------------------------------------------------

    def commit(self, entries: list[Queued]) -> None:
        """Hand entries to the store that neither has them nor have been acknowledged.

        As long as all mailboxes together have room for them; the rest stays as it is.
        """
        fresh = [entry for entry in entries if not entry.handed and entry.held]
        rows: list[Entry] = []
        for entry in fresh:
            if not self._fills.has_room_at_all(entry.size_bytes):
                self._note_unsafe()  # the order wants the later ones to wait, too
                break
            rows.append(self._row(entry))
        if rows:
            given = fresh[: len(rows)]
            self._store.put(rows, lambda outcomes: self._stored(given, outcomes))

    def _row(self, entry: Queued) -> Entry:
        """Count what is handed to the store now; return it as the store keeps it."""
        parcel, row = entry.parcel, entry.row
        entry.handed = True
        self._fills.add(parcel.account, entry.size_bytes)
        if row is None:
            self._last_sequence += 1
            row = entry.row = Entry(
                self.mailbox_id,
                self._last_sequence,
                parcel.sender,
                entry.envelope_id,
                entry.envelope,
                parcel.account,
                0,
            )
        row.queued_ms = self._now_ms()
        return row

    def commit_older(self, now: float) -> bool:
        """Hand over what has waited too long in memory; return whether there is more.

        While the store has refused something in the window, that goes first; see `_note_unsafe`.
        """
        if not self._is_window_safe:
            return True
        old, is_more = self.window.take_old(now - self._patience_s / 2)
        self.commit(old)
        return is_more

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
                self._fills.give_back(entry.parcel.account, 1, entry.size_bytes)
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
            self.commit(self.window.entries())

    def _kept(self, entry: Queued) -> None:
        entry.committed = True
        entry.answer()
        if not entry.in_window:
            self._forget(entry)

    def _left_out(self, entry: Queued, outcome: Outcome) -> None:
        """The store has not taken an entry: it had it before, has another, or takes nothing."""
        if outcome is Outcome.KNOWN:
            self._release(entry)
            entry.answer()
        else:
            is_other = outcome is Outcome.MISMATCH
            self._refuse(entry, RefusedCode.MISMATCH if is_other else RefusedCode.NOT_STORED)

    def _refuse(self, entry: Queued, code: RefusedCode) -> None:
        """Drop an entry that had been taken; tell its sender, who may hand it in again."""
        self._release(entry)
        origin, number = entry.parcel.origin, entry.number
        if entry.is_open and origin is not None:
            place = entry.rank or number
            origin.dropped(self.mailbox_id, entry.envelope_id, number, place, code)
            entry.answer()


def _offer_again(known: Queued, envelope: bytes, parcel: Parcel, number: int) -> RefusedCode | None:
    """Take an envelope that is there already, from an earlier connection of its sender."""
    if known.envelope != envelope:
        return RefusedCode.MISMATCH
    if known.is_open and known.parcel.origin is parcel.origin:
        return RefusedCode.DUPLICATE
    if known.is_open:
        parcel.at = min(parcel.at, known.parcel.at)  # coming again must not put off the commit
        known.parcel, known.number, known.rank = parcel, number, 0
    else:
        parcel.open -= 1
    return None
