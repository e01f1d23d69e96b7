"""What is said when a device's state cannot be used; the tests of a client keep it in use."""

import errno
import os
import stat
from contextlib import closing
from itertools import chain, pairwise
from pathlib import Path

import pytest

from securechat.errors import FileProblem
from securechat.store import encrypted
from securechat.store import state as state_module
from securechat.store.encrypted import VaultKey, connect
from securechat.store.history import Amend, Entry, Expire, Query, React, Reindex
from securechat.store.state import StateFile
from tests.pure.store.entries import BOB, entry

PAGE_BYTES = 4096
KEY = VaultKey(bytes(range(32)))


def test_a_file_that_may_not_be_read_is_not_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may read all, so the refusal is made here."""
    path = tmp_path / "a home" / "state.db"

    def refuse(*_: object) -> int:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", refuse)
        with pytest.raises(FileProblem) as problem:
            StateFile(path, KEY)
    assert problem.value.what == f"Cannot open {path}: Permission denied"
    assert problem.value.try_next == f"ls -l '{path}'; if it is yours: chmod 600 '{path}'"


@pytest.mark.parametrize(
    ("without", "left"),
    [((), "abcde"), (("c",), "abde"), (("e", "b"), "acd"), (("a", "b", "z"), "cde")],
)
def test_some_tables_can_be_left_out(tmp_path: Path, without: tuple[str, ...], left: str) -> None:
    with closing(StateFile(tmp_path / "state.db", KEY)) as state:
        rows = {(table, b"%d" % number): b"x" for table in "abcde" for number in range(3)}
        state.commit(rows)
        assert state.load(without=without) == {at: rows[at] for at in rows if at[0] in left}


def test_only_a_damaged_file_is_to_be_moved_away(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    state = StateFile(path, KEY)
    state.commit({("kind", b"key"): b"value"})
    other = connect(path, KEY)
    other.execute("BEGIN EXCLUSIVE")
    state._database.execute("PRAGMA busy_timeout = 0")
    with pytest.raises(FileProblem, match="is locked") as problem:
        state.commit({("kind", b"key"): None})
    assert "moved away" not in problem.value.try_next
    other.close()
    state.close()
    path.write_bytes(b"garbage" * 1000)
    with pytest.raises(FileProblem) as problem:
        StateFile(path, KEY)
    assert "a damaged file can be moved away" in problem.value.try_next


def test_a_state_that_others_can_reach_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    StateFile(path, KEY).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o640)
    with pytest.raises(FileProblem, match="mode 0640") as refused:
        StateFile(path, KEY)
    assert refused.value.try_next == f"chmod 600 {path}"


def test_another_key_opens_nothing_and_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    StateFile(path, KEY).close()
    before = path.read_bytes()
    with pytest.raises(FileProblem, match="it is damaged, or its key is another one") as problem:
        StateFile(path, VaultKey(bytes(32)))
    assert problem.value.try_next.startswith(f"ls -l {tmp_path};")
    assert path.read_bytes() == before


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a closed state of short values, long ones that go on on other pages, and messages."""
    path = tmp_path / "state.db"
    state = StateFile(path, KEY)
    state.commit({("1 short", bytes([number])): bytes(100) for number in range(80)})
    state.commit({("2 long", bytes([number])): b"x" * 1500 * number for number in range(8)})
    state.commit({}, [message(number) for number in range(20)])
    state.close()
    return path


def message(number: int) -> Entry:
    """Return a message of up to 8 KiB."""
    text = f"number {number} " * 400
    return entry(text, sender="", message_id=bytes([number]))


def read_everything(path: Path) -> list[object]:
    """Return all that a state gives, whichever way it is asked."""
    state = StateFile(path, KEY)
    try:
        with state.read_history() as history:
            return [
                state.load(),
                [*chain.from_iterable(history.pages(BOB))],
                history.search(Query(words=("number",)), 9),
                history.own(bytes([7])),
                history.conversations(),
            ]
    finally:
        state.close()


def check_altered(path: Path, good: list[object]) -> bool:
    """Return whether an altered file is refused; else what it gives has to be what was written."""
    try:
        read = read_everything(path)
    except FileProblem:
        return True
    assert read == good
    return False


def test_a_state_without_history_gets_room_for_it(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    path.touch(mode=0o600)
    with closing(connect(path, KEY)) as database:
        database.execute("CREATE TABLE rows (kind TEXT, key BLOB, value BLOB)")
        database.execute("INSERT INTO rows VALUES ('kind', x'01', x'02')")
        database.execute("PRAGMA user_version = 2")
    state = StateFile(path, KEY)
    state.commit({}, [message(1)])
    with state.read_history() as history:
        assert history.own(bytes([1])) is not None
    assert state.load() == {("kind", b"\1"): b"\2"}
    state.close()


VERSION_4 = """
    CREATE TABLE rows (kind TEXT, key BLOB, value BLOB, PRIMARY KEY (kind, key)) WITHOUT ROWID;
    CREATE TABLE conversations (number INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE,
        title TEXT NOT NULL, days INTEGER);
    CREATE TABLE history (sequence INTEGER PRIMARY KEY, conversation INTEGER NOT NULL,
        message_id BLOB NOT NULL, sender TEXT NOT NULL, user_key BLOB NOT NULL,
        time_ms INTEGER NOT NULL, kept_ms INTEGER NOT NULL, text TEXT NOT NULL, progress INTEGER,
        encrypted INTEGER NOT NULL, trust TEXT NOT NULL, missing INTEGER NOT NULL,
        late INTEGER NOT NULL, request INTEGER NOT NULL, action INTEGER NOT NULL DEFAULT 0);
    CREATE VIRTUAL TABLE history_text USING fts5 (text, content='history',
        content_rowid='sequence', tokenize='trigram remove_diacritics 1');
    CREATE TRIGGER history_added AFTER INSERT ON history BEGIN
        INSERT INTO history_text (rowid, text)
        VALUES (new.sequence, substr(new.text, 1, 1000)); END;
    INSERT INTO conversations VALUES (1, CAST('relay/bob' AS BLOB), 'bob', NULL);
    INSERT INTO history VALUES (7, 1, x'01', 'bob', x'', 1, 1, 'an old text', NULL, 1, 'new', 0, 0,
        0, 1);
    PRAGMA user_version = 4;
"""


def test_messages_of_version_4_can_be_changed(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    path.touch(mode=0o600)
    with closing(connect(path, KEY)) as database:
        database.executescript(VERSION_4)
    with closing(StateFile(path, KEY)) as state, state.read_history() as history:
        old = entry(
            "an old text", message_id=b"\1", user_key=b"", time_ms=1, kept_ms=1, action=True
        )
        assert history.last(9) == [old._replace(sequence=7)]
        state.commit({}, [old._replace(user_key=b"k", message_id=b"\2", reply_to=b"\1")])
        state.commit({}, [Amend(BOB, b"\2", b"k", "a new one", 5), React(BOB, b"\1", b"", "", "+")])
        assert history.search(Query(words=("new one",)), 9) == [history.last(1)[0]]
        assert history.last(1)[0].reply_to == b"\1"
        assert [each.sequence for each in history.reactions([7, 8])] == [7]
    with closing(StateFile(path, KEY)) as state, state.read_history() as history:
        assert [each.text for each in history.last(9)] == ["an old text", "a new one"]


VERSION_5 = """
    DROP TRIGGER history_changed;
    DROP TRIGGER history_removed;
    DROP TABLE unindexed;
    CREATE TRIGGER history_changed AFTER UPDATE OF text ON history BEGIN
        INSERT INTO history_text (history_text, rowid, text)
        VALUES ('delete', old.sequence, substr(old.text, 1, 1000));
        INSERT INTO history_text (rowid, text)
        VALUES (new.sequence, substr(new.text, 1, 1000)); END;
    CREATE TRIGGER history_removed AFTER DELETE ON history BEGIN
        INSERT INTO history_text (history_text, rowid, text)
        VALUES ('delete', old.sequence, substr(old.text, 1, 1000)); END;
    PRAGMA user_version = 5;
"""


def test_the_index_of_version_5_follows_as_any(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with closing(StateFile(path, KEY)) as state:
        state.commit({}, [entry("first-words", message_id=b"1", user_key=b"k")])
    with closing(connect(path, KEY)) as database:
        database.executescript(VERSION_5)
    with closing(StateFile(path, KEY)) as state, state.read_history() as history:
        state.commit({}, [Amend(BOB, b"1", b"k", "second-words", 5)])
        assert history.has_unindexed()
        state.commit({}, [Reindex(1)])
        assert not history.has_unindexed()
        assert [each.text for each in history.search(Query(words=("second",)), 9)] == [
            "second-words"
        ]
        assert history.search(Query(words=("first",)), 9) == []


def test_no_flipped_bit_is_read(path: Path) -> None:
    good, data = read_everything(path), path.read_bytes()
    refused = 0
    for place in range(0, len(data), 2039):  # in every page, at other places of it
        path.write_bytes(data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :])
        refused += check_altered(path, good)
    assert refused > len(data) // 2039 * 0.7  # nobody asks for what is on the others


def test_no_two_swapped_pages_are_read(path: Path) -> None:
    """A page is bound to its place, so no row gets into the place of another."""
    good, pages = read_everything(path), read_pages(path)
    for one, other in pairwise(range(len(pages))):
        swapped = list(pages)
        swapped[one], swapped[other] = pages[other], pages[one]
        path.write_bytes(b"".join(swapped))
        check_altered(path, good)


def test_no_page_of_zeros_is_read(path: Path) -> None:
    good, pages = read_everything(path), read_pages(path)
    refused = 0
    for place in range(len(pages)):
        path.write_bytes(b"".join([*pages[:place], bytes(PAGE_BYTES), *pages[place + 1 :]]))
        refused += check_altered(path, good)
    assert refused > len(pages) * 0.7


def test_nothing_is_added_to_an_altered_index(path: Path) -> None:
    """A full-text index is read when it is written to; what was in it must not become zeros."""
    data, refused = path.read_bytes(), 0
    for place in range(100, len(data), PAGE_BYTES):
        path.write_bytes(data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :])
        try:
            state = StateFile(path, KEY)
        except FileProblem:
            continue
        try:
            state.commit({}, [message(number) for number in range(20, 40)])
        except FileProblem:
            refused += 1
        finally:
            state.close()
    assert refused


def read_pages(path: Path) -> list[bytes]:
    data = path.read_bytes()
    pages = [data[at : at + PAGE_BYTES] for at in range(0, len(data), PAGE_BYTES)]
    assert len(pages) > 10
    return pages


@pytest.fixture
def unencrypted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where a state is that has no encryption, so that what else a file holds is seen."""
    monkeypatch.setattr(state_module, "connect", lambda at, _key: connect(at, None))
    monkeypatch.setattr(state_module, "is_unencrypted", lambda _: False)
    monkeypatch.setattr(encrypted, "check_pages", lambda _: None)
    monkeypatch.setattr(state_module, "check_pages", lambda _: None)
    return tmp_path / "state.db"


def test_a_text_that_was_replaced_is_overwritten(unencrypted: Path) -> None:
    state = StateFile(unencrypted, KEY)
    state.commit({}, [message(number)._replace(text=f"xyzzy {number}") for number in range(50)])
    state.commit({}, [Amend(BOB, bytes([number]), b"", "", 1) for number in range(20)])
    state.commit({}, [Amend(BOB, bytes([number]), b"", "plugh", 1) for number in range(20, 50)])
    with state.read_history() as history:
        while history.has_unindexed():
            state.commit({}, [Reindex(100)])
    state.close()
    data = unencrypted.read_bytes()
    assert data.count(b"plugh") == 30
    assert b"xyz" not in data
    assert b"yzz" not in data


def test_what_was_let_go_of_is_overwritten(unencrypted: Path) -> None:
    state = StateFile(unencrypted, KEY)
    state.commit({}, [message(number)._replace(text=f"xyzzy {number}") for number in range(50)])
    state.commit({}, [message(number) for number in range(9)])
    with state.read_history() as history:
        while history.has_expired(Expire(1000, 0)):
            state.commit({}, [Expire(1000, 0)])
    state.close()
    data = unencrypted.read_bytes()
    assert b"history_text" in data
    assert b"xyz" not in data
    assert b"yzz" not in data


def test_nothing_is_written_to_the_terminal(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "state.db"
    path.write_bytes(b"garbage" * 1000)
    path.chmod(0o600)
    with pytest.raises(FileProblem):
        StateFile(path, KEY)
    assert capfd.readouterr() == ("", "")
