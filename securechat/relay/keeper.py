"""What a mailbox has the store keep: what it is handed, what comes of that, what it may forget."""

from collections.abc import Callable, Sequence

from securechat.identity.types import MailboxId
from securechat.relay.fills import Fills
from securechat.relay.index import Index
from securechat.relay.queued import Queued
from securechat.relay.window import Window
from securechat.store.mailboxes import Entry, MailboxStore, Outcome
from securechat.wire.codes import RefusedCode


class Keeper:
    """The store's side of one mailbox, whose envelopes are in its ``index`` and ``window``.

    ``fills`` counts what the store has been handed; ``last_sequence`` is that of the youngest entry
    that it has at the start. ``now_ms`` gives the time of day, and ``later`` makes a call when a
    store that took nothing may take something again.
    """

    __slots__ = (
        "_fills",
        "_index",
        "_later",
        "_mailbox_id",
        "_now_ms",
        "_store",
        "_window",
        "is_window_safe",
        "last_sequence",
    )

    def __init__(
        self,
        mailbox_id: MailboxId,
        store: MailboxStore,
        fills: Fills,
        index: Index,
        window: Window,
        last_sequence: int,
        now_ms: Callable[[], int],
        later: Callable[[Callable[[], None]], object],
    ) -> None:
        self._mailbox_id = mailbox_id
        self._store = store
        self._fills = fills
        self._index = index
        self._window = window
        self._now_ms = now_ms
        self._later = later
        self.last_sequence = last_sequence
        """That of the youngest entry that the store has been handed."""
        self.is_window_safe = True
        """Whether nothing in the window was refused by the store."""

    # Handing over ---------------------------------------------------------------------------------

    def commit(self, entries: Sequence[Queued]) -> None:
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

    def commit_window(self, *behind: Queued) -> None:
        """Hand over all that is in the window, and what comes right behind it."""
        self.is_window_safe = True
        self.commit([*self._window.entries(), *behind])

    def take_window(self) -> None:
        """The device has gone: hand over all that it has not acknowledged."""
        entries = self._window.take_all()
        for entry in entries:
            if entry.committed:
                self._index.forget(entry)
        self.commit(entries)
        for entry in entries:
            if entry.held and not entry.handed:
                self._refuse(entry, RefusedCode.MAILBOX_FULL)
        self.is_window_safe = True

    def _row(self, entry: Queued) -> Entry:
        """Count what is handed to the store now; return it as the store keeps it."""
        parcel, row = entry.parcel, entry.row
        entry.handed = True
        self._fills.add(parcel.account, entry.size_bytes)
        if row is None:
            self.last_sequence += 1
            row = entry.row = Entry(
                self._mailbox_id,
                self.last_sequence,
                parcel.sender,
                entry.envelope_id,
                entry.envelope,
                parcel.account,
                0,
            )
        row.queued_ms = self._now_ms()
        return row

    # What comes of it -----------------------------------------------------------------------------

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
        if self.is_window_safe:
            self.is_window_safe = False
            self._later(self._commit_window_again)

    def _commit_window_again(self) -> None:
        if not self.is_window_safe:
            self.commit_window()

    def _kept(self, entry: Queued) -> None:
        entry.committed = True
        entry.answer()
        if not entry.in_window:
            self._index.forget(entry)

    def _left_out(self, entry: Queued, outcome: Outcome) -> None:
        """The store has not taken an entry: it had it before, has another, or takes nothing."""
        if outcome is Outcome.KNOWN:
            self.release(entry)
            entry.answer()
        else:
            is_other = outcome is Outcome.MISMATCH
            self._refuse(entry, RefusedCode.MISMATCH if is_other else RefusedCode.NOT_STORED)

    def _refuse(self, entry: Queued, code: RefusedCode) -> None:
        """Drop an entry that had been taken; tell its sender, who may hand it in again."""
        self.release(entry)
        origin, number = entry.parcel.origin, entry.number
        if entry.is_open and origin is not None:
            place = entry.rank or number
            origin.dropped(self._mailbox_id, entry.envelope_id, number, place, code)
            entry.answer()

    # Forgetting -----------------------------------------------------------------------------------

    def drop(self, acked: list[Queued]) -> None:
        """Answer for what the device has acknowledged, and have the store forget it."""
        handed: list[Queued] = []
        for entry in acked:
            if entry.handed:
                handed.append(entry)
            if entry.held:
                self.release(entry)
            entry.answer()
        if handed:
            self._store.remove([entry.row for entry in handed if entry.row])

    def release(self, entry: Queued) -> None:
        """Take an entry out of the mailbox, and out of its count."""
        if entry.held:
            entry.held = False
            self._index.forget(entry)
            if entry.handed:
                self._fills.give_back(entry.parcel.account, 1, entry.size_bytes)

    def count_anew(self) -> None:
        """Everything is in memory now: whatever else was counted has been lost to damage."""
        handed = [entry for entry in self._index.by_key.values() if entry.handed]
        if self._fills.messages != len(handed):
            self._fills.count_anew((each.parcel.account, each.size_bytes) for each in handed)
