"""The relay's store on a disk: one thread, one SQLite file, errors that a test makes."""

import itertools
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from securechat.errors import Busy
from securechat.identity.types import MailboxId
from securechat.store import relay_file, store_thread
from securechat.store.mailboxes import Entry, Outcome
from securechat.store.news import Failing, StoreNews, Working
from securechat.store.relay_file import RelayFile
from securechat.store.store_thread import StoreThread
from tests.pure.store.conformance import ALICE, Bench, StoreConformance, entry

WAIT_S = 10.0
NOBODY = MailboxId(b"nobody's mailbox")


class Disk:
    """A StoreThread, the loop that it calls back, and how its disk fails."""

    def __init__(self, path: Path) -> None:
        self.news: list[StoreNews] = []
        self._calls: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self.store = StoreThread(path, self._calls.put, self.news.append)
        self.bench = Bench(self.store, self.settle)

    def settle(self) -> None:
        """Wait until every order so far is answered, and take the answers."""
        answered = threading.Event()
        self.store.load(NOBODY, 0, 1, lambda _page: answered.set())
        self.until(answered.is_set)

    def until(self, is_done: Callable[[], bool]) -> None:
        """Take answers until something is the case."""
        while not is_done():
            self._calls.get(timeout=WAIT_S)()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    disk = Disk(tmp_path / "relay.db")
    disk.store.start()
    yield disk
    disk.store.close()


class TestStoreThread(StoreConformance):
    @pytest.fixture(autouse=True)
    def _directory(self, tmp_path: Path) -> Iterator[None]:
        self._paths = (tmp_path / f"{number}.db" for number in itertools.count())
        self._stores: list[StoreThread] = []
        yield
        for store in self._stores:
            store.close()

    def make_bench(self) -> Bench:
        disk = Disk(next(self._paths))
        self._stores.append(disk.store)
        disk.store.start()

        def run() -> None:
            disk.settle()

        return Bench(disk.store, run)


def broken(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = code
    return error


class Breaks:
    """Makes a method of RelayFile fail while it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, method: str, code: int) -> None:
        self.is_on = True
        self.calls = 0
        works = getattr(RelayFile, method)

        def maybe(file: RelayFile, *arguments: object, **options: object) -> object:
            self.calls += 1
            if self.is_on:
                raise broken(code)
            return works(file, *arguments, **options)

        monkeypatch.setattr(RelayFile, method, maybe)


def test_orders_that_came_together_are_one_transaction(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered, go_on = threading.Event(), threading.Event()
    begins: list[None] = []
    works = RelayFile.transaction

    def slow(file: RelayFile) -> object:
        begins.append(None)
        entered.set()
        assert go_on.wait(WAIT_S)
        return works(file)

    monkeypatch.setattr(RelayFile, "transaction", slow)
    disk.bench.put(entry(1))
    assert entered.wait(WAIT_S)
    for number in range(2, 50):
        disk.bench.put(entry(number))
    go_on.set()
    disk.until(lambda: len(disk.bench.outcomes) == 49)
    assert len(begins) == 2


def count_transactions(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """Return a list that grows by one with each transaction from now on."""
    begun: list[None] = []
    works = RelayFile.transaction

    def counted(file: RelayFile) -> object:
        begun.append(None)
        return works(file)

    monkeypatch.setattr(RelayFile, "transaction", counted)
    return begun


def test_removals_alone_wait_until_they_are_many(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_thread, "REMOVE_AFTER_S", 60.0)
    monkeypatch.setattr(store_thread, "MAX_REMOVALS", 3)
    entries = [entry(number) for number in range(1, 5)]
    disk.bench.put(*entries)
    disk.settle()
    begun = count_transactions(monkeypatch)
    for removed in (1, 2):
        disk.store.remove([entries[removed - 1]])
        assert disk.bench.sequences(ALICE) == list(range(removed + 1, 5))
        assert begun == []
    disk.store.remove([entries[2]])
    assert disk.bench.sequences(ALICE) == [4]
    assert len(begun) == 1


def test_removals_go_with_whatever_is_written_next(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_thread, "REMOVE_AFTER_S", 60.0)
    disk.bench.put(entry(1), entry(2))
    disk.settle()
    disk.store.remove([entry(1)])
    disk.settle()
    begun = count_transactions(monkeypatch)
    disk.bench.put(entry(3, number=1))
    assert disk.bench.sequences(ALICE) == [2, 3]
    assert disk.bench.outcomes[-1] == [Outcome.KEPT]
    assert len(begun) == 1


def test_removals_alone_are_carried_out_when_the_store_is_idle(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_thread, "REMOVE_AFTER_S", 0.01)
    disk.bench.put(entry(1))
    disk.settle()
    begun = count_transactions(monkeypatch)
    disk.store.remove([entry(1)])
    while disk.store._gone or not begun:
        threading.Event().wait(0.001)
    assert disk.store.mailboxes() == {}


def test_closing_carries_out_removals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_thread, "REMOVE_AFTER_S", 60.0)
    disk = Disk(tmp_path / "relay.db")
    disk.store.start()
    disk.bench.put(entry(1), entry(2))
    disk.settle()
    disk.store.remove([entry(1)])
    disk.settle()
    disk.store.close()
    again = Disk(tmp_path / "relay.db")
    assert again.bench.store.mailboxes()[ALICE].fills[entry(1).account].messages == 1
    again.store.close()


def test_between_two_pages_others_are_served(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_thread, "REST_S", 60.0)
    pages: list[list[Entry]] = []
    for _ in range(2):
        disk.store.load(ALICE, 0, 1, pages.append)
    disk.until(lambda: bool(pages))
    for number in range(1, 4):
        disk.bench.outcomes.clear()
        disk.bench.put(entry(number))
        disk.until(lambda: bool(disk.bench.outcomes))
    assert len(pages) == 1


def test_closing_carries_out_everything_that_was_ordered(tmp_path: Path) -> None:
    disk = Disk(tmp_path / "relay.db")
    for number in range(1, 100):
        disk.bench.put(entry(number))
    disk.store.start()
    disk.store.close()
    again = Disk(tmp_path / "relay.db")
    assert again.store.mailboxes()[ALICE].last_sequence == 99
    again.store.close()


def test_a_store_that_is_in_use_is_refused_with_the_next_step(disk: Disk, tmp_path: Path) -> None:
    with pytest.raises(Busy) as caught:
        Disk(tmp_path / "relay.db")
    assert "--data" in caught.value.try_next
    disk.bench.put(entry(1))
    assert disk.bench.sequences(ALICE) == [1]


@pytest.mark.parametrize("code", [sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR])
def test_a_write_that_fails_is_told_and_all_goes_on_when_there_is_room(
    disk: Disk, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    monkeypatch.setattr(store_thread, "PROBE_EVERY_S", 0.01)
    disk.bench.put(entry(1))
    disk.settle()
    breaks = Breaks(monkeypatch, "put", code)
    disk.bench.put(entry(2), entry(3))
    disk.until(lambda: len(disk.bench.outcomes) == 2)
    assert disk.bench.outcomes[1] == [Outcome.FAILED] * 2
    [failing] = disk.news[:1]
    assert isinstance(failing, Failing)
    assert "df -h" in failing.error.try_next
    breaks.is_on = False
    disk.until(lambda: Working() in disk.news)
    disk.bench.put(entry(4, number=2))
    assert disk.bench.sequences(ALICE) == [1, 4]
    assert disk.bench.outcomes[2] == [Outcome.KEPT]
    assert len(disk.news) == 2


def put_before_a_failure_is_told(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put an entry that cannot be kept, and a second one when the disk works again."""
    breaks = Breaks(monkeypatch, "put", sqlite3.SQLITE_FULL)
    disk.bench.put(entry(1))
    while not disk.store._is_failing:
        threading.Event().wait(0.001)
    breaks.is_on = False
    disk.bench.put(entry(2))


def test_what_was_put_before_a_failure_was_told_fails_with_it(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_before_a_failure_is_told(disk, monkeypatch)
    disk.until(lambda: len(disk.bench.outcomes) == 2)
    disk.bench.put(entry(3))
    disk.settle()
    assert disk.bench.outcomes == [[Outcome.FAILED], [Outcome.FAILED], [Outcome.KEPT]]
    assert disk.bench.sequences(ALICE) == [3]


def test_what_was_put_before_a_refusal_was_told_is_refused_with_it(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refusal for coming too early is one like any other; other pairs have nothing to do with it.

    Else the third entry would be kept before the second one, which has to come again.
    """
    put_before_a_failure_is_told(disk, monkeypatch)
    disk.until(lambda: len(disk.bench.outcomes) == 1)
    disk.bench.put(entry(3), entry(1, NOBODY))
    disk.settle()
    disk.bench.put(entry(4))
    assert disk.bench.sequences(ALICE) == [4]
    assert disk.bench.outcomes == [
        [Outcome.FAILED],
        [Outcome.FAILED],
        [Outcome.FAILED, Outcome.KEPT],
        [Outcome.KEPT],
    ]


def test_a_commit_that_failed_after_all_was_written_leaves_nothing_behind(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    works = relay_file.transaction

    @contextmanager
    def commits_and_fails(database: sqlite3.Connection) -> Iterator[None]:
        with works(database):
            yield
        monkeypatch.undo()
        raise broken(sqlite3.SQLITE_IOERR_FSYNC)

    monkeypatch.setattr(relay_file, "transaction", commits_and_fails)
    disk.bench.put(entry(1))
    disk.until(lambda: len(disk.bench.outcomes) == 1)
    assert disk.bench.sequences(ALICE) == []
    disk.bench.put(entry(2, number=1))
    assert disk.bench.sequences(ALICE) == [2]
    assert disk.bench.outcomes == [[Outcome.FAILED], [Outcome.KEPT]]


def test_what_was_removed_while_nothing_could_be_written_does_not_come_again(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_thread, "PROBE_EVERY_S", 0.01)
    disk.bench.put(entry(1), entry(2))
    disk.settle()
    breaks = Breaks(monkeypatch, "transaction", sqlite3.SQLITE_FULL)
    disk.store.remove([entry(1)])
    disk.until(lambda: bool(disk.news))
    pages: list[list[int]] = []
    disk.store.load(ALICE, 0, 10**6, lambda page: pages.append([each.sequence for each in page]))
    disk.until(lambda: bool(pages))
    assert pages == [[2]]
    breaks.is_on = False
    disk.until(lambda: Working() in disk.news)
    assert disk.bench.sequences(ALICE) == [2]


def test_a_page_that_cannot_be_read_comes_when_it_can(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_thread, "PROBE_EVERY_S", 0.01)
    disk.bench.put(entry(1))
    disk.settle()
    breaks = Breaks(monkeypatch, "load", sqlite3.SQLITE_IOERR_READ)
    pages: list[list[int]] = []
    disk.store.load(ALICE, 0, 10**6, lambda page: pages.append([each.sequence for each in page]))
    disk.until(lambda: len(disk.news) > 0)
    assert pages == []
    breaks.is_on = False
    disk.until(lambda: bool(pages))
    assert pages == [[1]]
    disk.bench.put(entry(2))
    disk.settle()
    assert disk.bench.outcomes[-1] == [Outcome.KEPT]


def test_a_save_that_fails_is_told(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    breaks = Breaks(monkeypatch, "save", sqlite3.SQLITE_FULL)
    assert not disk.bench.save({("a", b"1"): b"x"})
    breaks.is_on = False
    assert disk.bench.save({("a", b"1"): b"x"})
