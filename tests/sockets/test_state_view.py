"""Reading a device's state beside the process that writes it."""

import time
from collections.abc import Iterator
from contextlib import closing
from itertools import chain
from pathlib import Path

import pytest

from securechat.client.profiles.vault import Vault
from securechat.errors import FileProblem
from securechat.identity.types import Name
from securechat.store.encrypted import DatabaseError, VaultKey, connect
from securechat.store.state import StateFile
from securechat.store.state_view import StateView
from tests.pure.store.entries import BOB, entry

KEY = VaultKey(bytes(range(32)))
BUSY_S = 5.0
"""How long SQLite waits for a reader that it has to wait for."""


@pytest.fixture
def state(tmp_path: Path) -> Iterator[StateFile]:
    with closing(StateFile(tmp_path / "a ? home" / "state.db", KEY)) as state:
        state.commit({("kind", b"key"): b"value"}, [entry("one")])
        yield state


@pytest.fixture(autouse=True)
def directory(tmp_path: Path) -> Path:
    directory = tmp_path / "a ? home"
    directory.mkdir(mode=0o700)
    return directory


def files(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}


def test_what_is_committed_is_seen_while_it_is_written(state: StateFile) -> None:
    with closing(StateView(state.path, KEY)) as view, view.read_history() as table:
        assert view.load() == {("kind", b"key"): b"value"}
        state.commit({}, [entry("two")])
        assert [each.text for each in chain.from_iterable(table.pages(BOB))] == ["one", "two"]


def test_nothing_can_be_written(state: StateFile) -> None:
    with closing(StateView(state.path, KEY)) as view:
        for statement in ("DELETE FROM rows", "PRAGMA user_version = 9", "DROP TABLE history"):
            with pytest.raises(DatabaseError, match="readonly"):
                view._database.execute(statement)
    state.close()
    with closing(StateView(state.path, KEY)) as view, view.read_history() as table:
        assert view.load() == {("kind", b"key"): b"value"}
        assert [each.text for each in chain.from_iterable(table.pages(BOB))] == ["one"]


def test_a_reader_that_pauses_holds_nobody_up(directory: Path, state: StateFile) -> None:
    """A client is closed and started again, while somebody pages through an export."""
    with closing(StateView(state.path, KEY)) as view, view.read_history() as table:
        read = chain.from_iterable(table.pages(BOB))
        next(read)
        started = time.monotonic()
        state.close()
        with closing(StateFile(state.path, KEY)) as again:
            again.commit({}, [entry("two")])
        assert time.monotonic() - started < BUSY_S / 2
    assert files(directory) == {"state.db"}


def test_whoever_reads_last_leaves_no_log(directory: Path, state: StateFile) -> None:
    with closing(StateView(state.path, KEY)) as view:
        view.load()
        state.close()
        assert "state.db-wal" in files(directory)
    assert files(directory) == {"state.db"}


def test_another_key_opens_nothing(state: StateFile) -> None:
    with pytest.raises(FileProblem, match="it is damaged, or its key is another one"):
        StateView(state.path, VaultKey(bytes(32)))


def test_a_file_that_is_not_there_is_not_made(directory: Path) -> None:
    with pytest.raises(FileProblem, match="No such file"):
        StateView(directory / "state.db", KEY)
    assert files(directory) == set()


def test_a_state_of_an_earlier_version_is_left_as_it_is(state: StateFile) -> None:
    state._database.execute("PRAGMA user_version = 2")
    with pytest.raises(FileProblem, match="An older securechat has") as problem:
        StateView(state.path, KEY)
    assert problem.value.try_next == "end that one, then the same command again"
    state._database.execute("PRAGMA user_version = 99")
    with pytest.raises(FileProblem, match="newer securechat"):
        StateView(state.path, KEY)


def test_a_state_that_is_not_encrypted_is_left_as_it_is(directory: Path) -> None:
    path = directory / "state.db"
    with closing(connect(path, None)) as old:
        old.execute("CREATE TABLE rows (kind TEXT, key BLOB, value BLOB)")
    before = path.read_bytes()
    with pytest.raises(FileProblem, match="An older securechat has"):
        StateView(path, KEY)
    assert path.read_bytes() == before


def test_a_key_that_is_being_changed_is_left_alone(directory: Path) -> None:
    vault = Vault(directory, Name("alice"))
    vault.keep_in_file(KEY)
    half_way = directory / ".vault-key.0123456789abcdef"
    half_way.touch(0o600)
    assert Vault(directory, Name("alice"), locked=False).open(lambda: ()) == KEY
    assert half_way.exists()
    Vault(directory, Name("alice"))
    assert not half_way.exists()
