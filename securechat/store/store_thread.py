"""A relay's store in a thread of its own: batches in, one transaction each, answers out."""

import queue
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path

from msgspec import Struct

from securechat.identity.types import MailboxId
from securechat.store.mailboxes import Entry, Expired, Outcome, StoredMailbox
from securechat.store.news import Failing, StoreNews, Tell, Working
from securechat.store.places import Place
from securechat.store.relay_file import STRUCTURE, RelayFile
from securechat.store.rows import RowChanges, RowKey

MAX_BATCH_BYTES = 4 * 1024 * 1024
PROBE_EVERY_S = 1.0

REST_S = 0.0005
"""How long nothing is read after a page, so that a long queue leaves the processor to others."""

REMOVE_AFTER_S = 0.05
"""How long the thread is idle before it deletes what nothing else was written with."""

MAX_REMOVALS = 256
"""How many removals wait for that; more of them would be a long transaction."""

Call = Callable[[], None]


class _Put(Struct, frozen=True):
    entries: Sequence[Entry]
    done: Callable[[Sequence[Outcome]], None]
    failures_known: int


class _Remove(Struct, frozen=True):
    places: Sequence[Place]


class _Load(Struct, frozen=True):
    mailbox: MailboxId
    after: int
    limit_bytes: int
    loaded: Callable[[list[Entry]], None]


class _Expire(Struct, frozen=True):
    before_ms: int
    spared: Collection[MailboxId]
    done: Callable[[Expired], None]


class _Save(Struct, frozen=True):
    changes: RowChanges
    done: Callable[[bool], None]


class _Stop:
    """The last order."""


_Order = _Put | _Remove | _Load | _Expire | _Save | _Stop


class StoreThread:
    """A MailboxStore and RowStore on a RelayFile.

    ``call_soon`` runs a call in the relay's thread, to which every method but `close` belongs;
    ``tell`` is called there.
    """

    def __init__(self, path: Path, call_soon: Callable[[Call], None], tell: Tell) -> None:
        """Open and check the file; raises what RelayFile raises."""
        self._call_soon = call_soon
        self._tell_relay = tell
        self._file = RelayFile(path, self._tell)
        self._orders: queue.SimpleQueue[_Order] = queue.SimpleQueue()
        self._failures_known = 0
        """How many failures the relay's thread has heard of; all else belongs to the store's."""
        self._failures = 0
        self._refused: dict[tuple[MailboxId, MailboxId], int] = {}
        """Of whom, and for which mailbox, entries were refused, with the number of the failure."""
        self._is_failing = False
        self._is_readable = True
        self._is_broken = False
        """Whether the last failure was about the file's structure."""
        self._gone: dict[Place, None] = {}
        """What was removed, and is in the file still."""
        self._doubtful: list[Place] = []
        """What was refused because its commit failed, and may be in the file all the same."""
        self._loads: deque[_Load] = deque()
        self._rested_at = 0.0
        self._thread = threading.Thread(target=self._run, name="store")

    # What the relay's thread calls ----------------------------------------------------------------

    def mailboxes(self) -> dict[MailboxId, StoredMailbox]:
        """Return what is kept, before `start`; see MailboxStore."""
        return self._file.mailboxes()

    def rows(self) -> dict[RowKey, bytes]:
        """Return every row, before `start`; see RowStore."""
        return self._file.rows()

    def save_now(self, changes: RowChanges, emptied: Iterable[MailboxId] = ()) -> None:
        """Carry out changes before `start`, and have them on the disk; raises FileProblem.

        In the same transaction the ``emptied`` mailboxes lose all that waits in them.
        """
        try:
            with self._file.transaction():
                self._file.save(changes)
                for mailbox in emptied:
                    self._file.empty(mailbox)
        except (sqlite3.Error, OSError) as error:
            raise self._file.problem("write", error) from error

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def put(self, entries: Sequence[Entry], done: Callable[[Sequence[Outcome]], None]) -> None:
        """Keep the entries; see MailboxStore."""
        self._orders.put(_Put(entries, done, self._failures_known))

    def remove(self, entries: Iterable[Entry]) -> None:
        """Forget entries; see MailboxStore."""
        self._orders.put(_Remove([_place(entry) for entry in entries]))

    def load(
        self,
        mailbox: MailboxId,
        after: int,
        limit_bytes: int,
        loaded: Callable[[list[Entry]], None],
    ) -> None:
        """Call ``loaded`` with the next entries; see MailboxStore."""
        self._orders.put(_Load(mailbox, after, limit_bytes, loaded))

    def expire(
        self, before_ms: int, spared: Collection[MailboxId], done: Callable[[Expired], None]
    ) -> None:
        """Forget what is older; see MailboxStore."""
        self._orders.put(_Expire(before_ms, spared, done))

    def save(self, changes: RowChanges, done: Callable[[bool], None]) -> None:
        """Carry out changes; see RowStore."""
        self._orders.put(_Save(changes, done))

    def close(self) -> None:
        """Carry out every order that was given, then close the file and end the thread."""
        if self._thread.is_alive():
            self._orders.put(_Stop())
            self._thread.join()
        self._file.close()

    # The store's thread ---------------------------------------------------------------------------

    def _run(self) -> None:
        is_stopping = False
        while not is_stopping:
            batch = self._collect()
            is_stopping = any(isinstance(order, _Stop) for order in batch)
            self._write(batch)
            self._loads += (order for order in batch if isinstance(order, _Load))
            self._read()

    def _collect(self) -> list[_Order]:
        """Wait for an order and take whatever came with it; nothing when other work is due."""
        batch: list[_Order] = []
        try:
            batch.append(self._orders.get(timeout=self._patience_s()))
            size_bytes = _size(batch[0])
            while size_bytes < MAX_BATCH_BYTES:
                order = self._orders.get_nowait()
                batch.append(order)
                size_bytes += _size(order)
        except queue.Empty:
            pass
        return batch

    def _patience_s(self) -> float | None:
        """Return how long to wait for an order before there is something to do without one."""
        if self._loads and self._is_readable:
            return max(0.0, self._rested_at - time.monotonic())
        if self._is_failing:
            return PROBE_EVERY_S
        return REMOVE_AFTER_S if self._gone else None

    def _write(self, batch: list[_Order]) -> None:
        """Carry out what changes the file, in one transaction, then answer it all.

        Removals alone wait: one that is lost is a delivery more, which the device knows already.
        """
        if not any(isinstance(order, _Put | _Expire | _Save) for order in batch):
            self._note_removed(batch)
            if not self._is_time_to_write(batch):
                return
            batch = []
        is_begun = False
        try:
            if self._is_failing:
                self._recover()
            is_begun = True
            with self._file.transaction():
                self._file.remove(self._gone)
                answers = [self._do(order) for order in batch]
            self._gone.clear()
        except (sqlite3.Error, OSError) as error:
            puts = [order for order in batch if isinstance(order, _Put)]
            self._failures += bool(puts)
            if is_begun:
                self._doubtful += [_place(entry) for order in puts for entry in order.entries]
            self._note_removed(batch)
            self._fail("write", error)
            answers = [self._refuse(order) for order in batch]
        for answer in answers:
            if answer is not None:
                self._call_soon(answer)

    def _note_removed(self, batch: list[_Order]) -> None:
        for order in batch:
            if isinstance(order, _Remove):
                self._gone.update(dict.fromkeys(order.places))

    def _is_time_to_write(self, batch: list[_Order]) -> bool:
        """Return whether removals, or a file that has failed, wait for other changes no longer."""
        if len(self._gone) >= MAX_REMOVALS:
            return True
        is_idle = not batch and (self._is_failing or not self._loads)
        is_last = any(isinstance(order, _Stop) for order in batch)
        return (is_idle or is_last) and (self._is_failing or len(self._gone) > 0)

    def _do(self, order: _Order) -> Call | None:
        """Carry out an order inside the transaction; return its answer."""
        match order:
            case _Put():
                return self._put(order)
            case _Remove(places):
                self._file.remove(places)
                return None
            case _Expire(before_ms, spared, expired):
                gone = self._file.expire(before_ms, spared)
                return lambda: expired(gone)
            case _Save(changes, saved):
                self._file.save(changes)
                return lambda: saved(True)
            case _:
                return None

    def _put(self, order: _Put) -> Call:
        """Keep entries, but none that was put not knowing that an earlier one was refused."""
        known = order.failures_known
        if known == self._failures:
            self._refused.clear()
        late = {_pair(entry) for entry in order.entries}
        late = {pair for pair in late if self._refused.get(pair, 0) > known}
        if late:
            self._failures += 1
            self._refused.update(dict.fromkeys(late, self._failures))
        outcomes = [
            Outcome.FAILED if _pair(entry) in late else self._file.put(entry)
            for entry in order.entries
        ]
        return self._tell_put(order, outcomes) if late else lambda: order.done(outcomes)

    def _tell_put(self, order: _Put, outcomes: list[Outcome]) -> Call:
        failures = self._failures
        return lambda: self._tell_failed(lambda: order.done(outcomes), failures)

    def _refuse(self, order: _Order) -> Call | None:
        """Return the answer to an order that was not carried out."""
        match order:
            case _Put(entries):
                self._refused.update((_pair(entry), self._failures) for entry in entries)
                return self._tell_put(order, [Outcome.FAILED] * len(entries))
            case _Expire(done=expired):
                return lambda: expired({})
            case _Save(done=saved):
                return lambda: saved(False)
            case _:
                return None

    def _tell_failed(self, tell: Call, failures: int) -> None:
        """In the relay's thread: what is put from now on was put knowing of the failure."""
        self._failures_known = max(self._failures_known, failures)
        tell()

    def _read(self) -> None:
        """Answer one load, so that writers do not wait for all; none while nothing can be read."""
        if not self._loads or not self._is_readable or time.monotonic() < self._rested_at:
            return
        order, hidden = self._loads[0], {*self._gone, *self._doubtful}
        try:
            page = self._file.load(order.mailbox, order.after, order.limit_bytes, hidden)
        except (sqlite3.Error, OSError) as error:
            self._is_readable = False
            self._fail("read", error)
            return
        self._loads.popleft()
        self._call_soon(lambda: order.loaded(page))
        self._rested_at = time.monotonic() + REST_S

    def _fail(self, verb: str, error: sqlite3.Error | OSError) -> None:
        """Note that the file must be opened again; tell it when that is new."""
        code = getattr(error, "sqlite_errorcode", None) or 0
        self._is_broken = self._is_broken or code & 0xFF in STRUCTURE
        if not self._is_failing:
            self._is_failing = True
            self._tell(Failing(self._file.problem(verb, error)))

    def _recover(self) -> None:
        """Open the file again, and bring it up to date; raises while that does not work.

        A transaction whose commit failed may be there all the same: its envelopes were refused.
        """
        self._is_readable = True
        self._file.reopen(check=self._is_broken)
        with self._file.transaction():
            self._file.remove(self._doubtful)
            self._file.remove(self._gone)
            self._file.touch()
        self._doubtful.clear()
        self._gone.clear()
        self._is_failing = self._is_broken = False
        self._tell(Working())

    def _tell(self, news: StoreNews) -> None:
        self._call_soon(lambda: self._tell_relay(news))


def _place(entry: Entry) -> Place:
    return entry.mailbox, entry.sequence


def _pair(entry: Entry) -> tuple[MailboxId, MailboxId]:
    return entry.sender, entry.mailbox


def _size(order: _Order) -> int:
    """Return what an order adds to a transaction, in bytes, roughly."""
    if isinstance(order, _Put):
        return sum(len(entry.envelope) for entry in order.entries)
    return 0
