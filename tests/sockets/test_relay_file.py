"""The relay's file: what damage, an older version, a later version and a second relay do to it."""

import os
import random
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from securechat.errors import FileProblem
from securechat.store.mailboxes import Entry, Outcome
from securechat.store.news import Damaged, StoreNews
from securechat.store.relay_file import RelayFile
from securechat.store.relay_schema import MIGRATIONS, USER_VERSION_AT, migrate
from tests.pure.store.conformance import ALICE, BOB, columns, entry

FLIPS = 200


@contextmanager
def opened(path: Path, news: list[StoreNews] | None = None) -> Iterator[RelayFile]:
    file = RelayFile(path, (news if news is not None else []).append)
    try:
        yield file
    finally:
        file.close()


def fill(path: Path, count: int = 20, size_bytes: int = 300) -> list[Entry]:
    """Put entries and rows into a file; return the entries."""
    entries = [entry(number, size_bytes=size_bytes) for number in range(1, count + 1)]
    with opened(path) as file, file.transaction():
        assert {file.put(each) for each in entries} == {Outcome.KEPT}
        file.save({("name", b"%d" % number): b"value %d" % number for number in range(count)})
    return entries


def change(path: Path, statement: str, *values: object) -> None:
    """Change a closed file behind the relay's back."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute(statement, values)
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def read(path: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute(query).fetchall()


# Opening ------------------------------------------------------------------------------------------


def test_a_new_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "relay.db"
    fill(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {each.name for each in tmp_path.iterdir()} == {"relay.db"}


def test_what_was_put_is_there_after_it_was_closed(tmp_path: Path) -> None:
    entries = fill(tmp_path / "relay.db")
    news: list[StoreNews] = []
    with opened(tmp_path / "relay.db", news) as file:
        assert columns(file.load(ALICE, 0, 10**6, ())) == columns(entries)
        assert file.rows()["name", b"7"] == b"value 7"
    assert news == []


def test_a_transaction_that_is_cut_short_leaves_nothing(tmp_path: Path) -> None:
    fill(tmp_path / "relay.db", 3)
    with opened(tmp_path / "relay.db") as file:

        def cut_short() -> None:
            with file.transaction():
                file.put(entry(4))
                file.save({("name", b"new"): b""})
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            cut_short()
        assert len(file.load(ALICE, 0, 10**6, ())) == 3
    news: list[StoreNews] = []
    with opened(tmp_path / "relay.db", news) as file:
        assert len(file.rows()) == 3
    assert news == []


def test_a_directory_in_the_place_of_the_file_is_told_with_the_next_step(tmp_path: Path) -> None:
    (tmp_path / "relay.db").mkdir()
    with pytest.raises(FileProblem) as caught:
        RelayFile(tmp_path / "relay.db", lambda _news: None)
    assert "ls -l" in caught.value.try_next


# Versions -----------------------------------------------------------------------------------------


def test_a_store_of_a_later_version_is_refused_and_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "relay.db"
    fill(path)
    change(path, f"PRAGMA user_version = {len(MIGRATIONS) + 6}")
    before = path.read_bytes()
    with pytest.raises(FileProblem, match=f"schema {len(MIGRATIONS) + 6}.*{len(MIGRATIONS)}"):
        RelayFile(path, lambda _news: None)
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["relay.db"]


def test_the_database_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "relay.db"
    change(path, "CREATE TABLE accounts (name)")
    path.chmod(0o600)
    with pytest.raises(FileProblem, match="not a relay's store"):
        RelayFile(path, [].append)
    assert read(path, "SELECT name FROM sqlite_master") == [("accounts",)]


def test_a_header_of_noise_is_no_later_version(tmp_path: Path) -> None:
    path = tmp_path / "relay.db"
    entries = fill(path)
    damaged = b"\xff" * 100 + path.read_bytes()[100:]
    path.write_bytes(damaged)
    news: list[StoreNews] = []
    with opened(path, news) as file:
        assert len(file.mailboxes()) == len({each.mailbox for each in entries})
    assert any(isinstance(each, Damaged) for each in news)


def test_failed_starts_do_not_pile_up_copies(tmp_path: Path) -> None:
    path = tmp_path / "relay.db"
    fill(path, count=200)
    os.truncate(path, 30_000)
    for _ in range(4):
        with pytest.raises((FileProblem, sqlite3.Error)):
            RelayFile(path, [].append)
    assert len(list(tmp_path.glob("relay.db.damaged-*"))) <= 2


def test_the_version_is_where_the_header_has_it(tmp_path: Path) -> None:
    fill(tmp_path / "relay.db")
    header = (tmp_path / "relay.db").read_bytes()
    assert header[USER_VERSION_AT : USER_VERSION_AT + 4] == bytes([0, 0, 0, len(MIGRATIONS)])


def test_a_migration_is_all_or_nothing(tmp_path: Path) -> None:
    fill(tmp_path / "relay.db")

    def half(database: sqlite3.Connection) -> None:
        database.execute("ALTER TABLE envelopes ADD COLUMN hue BLOB")
        database.execute("DELETE FROM rows")

    def breaks(database: sqlite3.Connection) -> None:
        database.execute("this is no SQL")

    with closing(sqlite3.connect(tmp_path / "relay.db", isolation_level=None)) as database:
        with pytest.raises(sqlite3.OperationalError):
            migrate(database, (*MIGRATIONS, half, breaks))
        migrate(database, MIGRATIONS)
        assert database.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    with opened(tmp_path / "relay.db") as file:
        assert len(file.rows()) == len(file.load(ALICE, 0, 10**6, ())) == 20
    with closing(sqlite3.connect(tmp_path / "relay.db", isolation_level=None)) as database:
        migrate(database, (*MIGRATIONS, half))
        assert database.execute("SELECT count(hue), count(*) FROM envelopes").fetchone() == (0, 20)
        assert database.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS) + 1,)


# Damage -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change_row",
    [
        "envelope = zeroblob(300)",
        "envelope = substr(envelope, 1, 299)",
        "envelope = 7",
        "envelope = NULL",
        "mailbox = zeroblob(16)",
        "sequence = 1000",
        "sequence = 'x'",
        "sender = zeroblob(15)",
        "envelope_id = zeroblob(16)",
        "account = zeroblob(32)",
        "queued_ms = 13",
        "digest = zeroblob(16)",
    ],
)
def test_a_damaged_envelope_is_set_aside_at_the_start(tmp_path: Path, change_row: str) -> None:
    path, news = tmp_path / "relay.db", list[StoreNews]()
    fill(path)
    change(path, f"UPDATE envelopes SET {change_row} WHERE id = 7")
    with opened(path, news) as file:
        found = [each.sequence for each in file.load(ALICE, 0, 10**6, ())]
        assert found == [number for number in range(1, 21) if number != 7]
    assert [event.rows for event in news if isinstance(event, Damaged)] == [1]
    assert read(path, "SELECT origin, length(columns) > 80 FROM damaged") == [(b"envelopes", 1)]
    with opened(path, again := []):
        assert again == []


def test_damage_that_comes_while_the_file_is_open_is_seen_when_the_row_is_read(
    tmp_path: Path,
) -> None:
    path, news = tmp_path / "relay.db", list[StoreNews]()
    fill(path)
    with opened(path, news) as file:
        file._database.execute("UPDATE envelopes SET envelope = zeroblob(9) WHERE sequence > 18")
        assert len(file.load(ALICE, 0, 10**6, ())) == 18
        assert [event.rows for event in news if isinstance(event, Damaged)] == [2]
        assert "dmesg" in news[0].error.try_next  # type: ignore[union-attr]
        with file.transaction():
            assert file.put(entry(21, number=19)) is Outcome.KEPT
        assert len(file.load(ALICE, 0, 10**6, ())) == 19


def test_handing_in_again_what_is_damaged_mends_it(tmp_path: Path) -> None:
    path, news = tmp_path / "relay.db", list[StoreNews]()
    entries = fill(path)
    with opened(path, news) as file:
        file._database.execute("UPDATE envelopes SET envelope = zeroblob(9) WHERE sequence = 5")
        with file.transaction():
            assert file.put(entry(30, number=5, size_bytes=300)) is Outcome.KEPT
        assert len(file.load(ALICE, 0, 10**6, ())) == len(entries)
    assert len(news) == 1


def test_a_damaged_row_of_the_directory_is_set_aside(tmp_path: Path) -> None:
    path, news = tmp_path / "relay.db", list[StoreNews]()
    fill(path)
    change(path, "UPDATE rows SET value = 'value 8' WHERE key = ?", b"7")
    with opened(path, news) as file:
        assert ("name", b"7") not in file.rows()
        assert len(file.rows()) == 19
    assert [event.rows for event in news if isinstance(event, Damaged)] == [1]


def test_rows_that_have_vanished_are_noticed(tmp_path: Path) -> None:
    path, news = tmp_path / "relay.db", list[StoreNews]()
    fill(path)
    change(path, "DELETE FROM envelopes WHERE id IN (3, 4)")
    with opened(path, news):
        pass
    assert [event.rows for event in news if isinstance(event, Damaged)] == [2]


def flip(path: Path, bit: int) -> None:
    with path.open("r+b") as file:
        file.seek(bit // 8)
        [byte] = file.read(1)
        file.seek(bit // 8)
        file.write(bytes([byte ^ 1 << bit % 8]))


def test_no_flipped_bit_makes_an_envelope_other_than_it_was_or_vanish_in_silence(
    tmp_path: Path,
) -> None:
    path, whole = tmp_path / "relay.db", tmp_path / "whole.db"
    entries = {each.sequence: columns([each]) for each in fill(path, 60)}
    path.rename(whole)
    size_bits = whole.stat().st_size * 8
    generator = random.Random(4)
    for bit in generator.sample(range(size_bits), FLIPS):
        path.write_bytes(whole.read_bytes())
        os.chmod(path, 0o600)
        flip(path, bit)
        news: list[StoreNews] = []
        try:
            with opened(path, news) as file:
                found = file.load(ALICE, 0, 10**6, ())
                rows = file.rows()
        except FileProblem:
            continue
        for each in found:
            assert columns([each]) == entries[each.sequence]
        lost = len(entries) - len(found) + 60 - len(rows)
        assert lost == sum(event.rows for event in news if isinstance(event, Damaged)), bit
        for leftover in tmp_path.glob("relay.db.*"):
            leftover.unlink()


def copy_of_a_killed_store(directory: Path) -> Path:
    """Return a store with 50 entries, each of a transaction of its own that only the log has."""
    path, killed = directory / "relay.db", directory / "killed.db"
    with opened(path) as file:
        for number in range(1, 51):
            with file.transaction():
                file.put(entry(number, size_bytes=300))
        for suffix in ("", "-wal"):
            killed.with_name(killed.name + suffix).write_bytes(
                path.with_name(path.name + suffix).read_bytes()
            )
    return killed


def test_a_whole_log_is_no_news(tmp_path: Path) -> None:
    killed, news = copy_of_a_killed_store(tmp_path), list[StoreNews]()
    with opened(killed, news) as file:
        assert len(file.load(ALICE, 0, 10**6, ())) == 50
    assert news == []


def test_a_log_that_ends_in_the_middle_of_a_transaction_is_no_news(tmp_path: Path) -> None:
    killed, news = copy_of_a_killed_store(tmp_path), list[StoreNews]()
    log = killed.with_name(killed.name + "-wal")
    log.write_bytes(log.read_bytes()[:-5000])
    with opened(killed, news) as file:
        assert len(file.load(ALICE, 0, 10**6, ())) == 49
    assert news == []


@pytest.mark.parametrize("place", [3, 14, 40, 5_000, 100_000])
def test_a_flipped_bit_in_the_log_is_noticed(tmp_path: Path, place: int) -> None:
    killed, news = copy_of_a_killed_store(tmp_path), list[StoreNews]()
    flip(killed.with_name(killed.name + "-wal"), place * 8 + 1)
    with opened(killed, news) as file:
        found = len(file.load(ALICE, 0, 10**6, ()))
    [event] = news
    assert isinstance(event, Damaged)
    assert event.rows == 50 - found - 1 > 0
    assert "killed.db-wal.damaged-1" in event.error.try_next


def test_a_broken_index_is_built_anew_and_the_damaged_file_kept(tmp_path: Path) -> None:
    path, news = tmp_path / "relay.db", list[StoreNews]()
    entries = fill(path, 200)
    with closing(sqlite3.connect(path)) as database:
        [[root]] = database.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'by_place'")
        [[page_bytes]] = database.execute("PRAGMA page_size")
    flip(path, ((root - 1) * page_bytes + page_bytes - 10) * 8)
    with opened(path, news) as file:
        assert columns(file.load(ALICE, 0, 10**6, ())) == columns(entries)
    [event] = news
    assert isinstance(event, Damaged)
    assert event.rows == 0
    assert "relay.db.damaged-1" in event.error.try_next
    assert (tmp_path / "relay.db.damaged-1").exists()


def test_what_lies_behind_a_broken_page_is_read_from_the_other_side(tmp_path: Path) -> None:
    path, news = tmp_path / "relay.db", list[StoreNews]()
    fill(path, 400)
    with closing(sqlite3.connect(path)) as database:
        [[page_bytes]] = database.execute("PRAGMA page_size")
    content = path.read_bytes()
    page = content.index(bytes([100]) * 300) // page_bytes
    flip(path, page * page_bytes * 8 + 3)
    with opened(path, news) as file:
        found = [each.sequence for each in file.load(ALICE, 0, 10**6, ())]
    [event] = news
    assert isinstance(event, Damaged)
    assert event.rows == 400 - len(found) > 0
    assert found[0] == 1
    assert found[-1] == 400
    assert len(found) > 380


def test_counting_goes_on_after_a_mailbox_of_somebody_else_was_used(tmp_path: Path) -> None:
    with opened(tmp_path / "relay.db") as file:
        with file.transaction():
            file.put(entry(1, BOB))
        with file.transaction():
            file.remove([(BOB, 1), (ALICE, 1)])
        assert file.mailboxes() == {}
