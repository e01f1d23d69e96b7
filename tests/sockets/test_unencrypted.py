"""A database of the first version, which was not encrypted, becomes an encrypted one."""

import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from securechat.client.profiles.profile import Profile
from securechat.errors import FileProblem
from securechat.identity.names import parse_name
from securechat.store.encrypted import VaultKey, connect
from securechat.store.schema import SCHEMA_VERSION
from securechat.store.state import StateFile
from tests.processes import environment
from tests.sockets.crashes import survives
from tests.sockets.markers import found_in_files

KEY = VaultKey(bytes(range(32)))
MARKER = "the eagle lands at noon"
ROWS = {("kind", n.to_bytes(4, "big")): f"{n}: {MARKER}".encode() * 50 for n in range(300)}
MAX_STEPS = 40

CHILD = """
import os, signal, sys
from pathlib import Path
from securechat.store import state, unencrypted
from securechat.store.encrypted import VaultKey

def dying(path, key):
    database = connect(path, key)
    database.set_progress_handler(lambda: os.kill(os.getpid(), signal.SIGKILL), int(sys.argv[2]))
    return database

connect, unencrypted.connect = unencrypted.connect, dying
state.StateFile(Path(sys.argv[1]), VaultKey(bytes(range(32)))).close()
"""

HOLDER = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1])
database.execute("SELECT * FROM rows").fetchall()
print("holds it", flush=True)
sys.stdin.read()
"""


@contextmanager
def first_version(path: Path, version: int = 1) -> Iterator[sqlite3.Connection]:
    """Make a database as the first version did, and provide it open: most of it is in its log."""
    path.touch(0o600)
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute(
            "CREATE TABLE rows"
            " (kind TEXT, key BLOB, value BLOB, PRIMARY KEY (kind, key)) WITHOUT ROWID"
        )
        database.execute(f"PRAGMA user_version = {version}")
        rows = [(kind, key, value) for (kind, key), value in ROWS.items()]
        database.execute("BEGIN")
        database.executemany("INSERT INTO rows VALUES (?, ?, ?)", rows)
        database.execute("COMMIT")
        yield database


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory with what a client left that ended well."""
    directory = tmp_path_factory.mktemp("closed")
    with first_version(directory / "state.db"):
        pass
    assert {each.name for each in directory.iterdir()} == {"state.db"}
    return directory


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory with what a client left that was killed: log and index."""
    directory = tmp_path_factory.mktemp("killed")
    with first_version(directory / "live.db"):
        for suffix in ("", "-wal", "-shm"):
            shutil.copy(directory / f"live.db{suffix}", directory / f"state.db{suffix}")
    for left in directory.glob("live.db*"):
        left.unlink()
    assert (directory / "state.db-wal").stat().st_size > 100_000
    return directory


@pytest.fixture(params=["closed", "killed"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return a copy of either, that may be changed."""
    directory = tmp_path / "profile"
    shutil.copytree(request.getfixturevalue(request.param), directory)
    assert found_in_files(directory, MARKER) == {"raw"}
    return directory


def check_encrypted(directory: Path) -> None:
    """Everything is there, for whoever has the key, and nothing else is."""
    state = StateFile(directory / "state.db", KEY)
    assert state.load() == ROWS
    assert found_in_files(directory, MARKER) == set()
    state.close()
    assert {each.name for each in directory.iterdir()} == {"state.db"}
    assert (directory / "state.db").stat().st_mode & 0o777 == 0o600
    assert b"SQLite" not in (directory / "state.db").read_bytes()


def test_its_rows_are_all_there_and_none_can_be_read(place: Path) -> None:
    check_encrypted(place)
    check_encrypted(place)


def test_killed_between_any_two_steps_it_is_repeated(place: Path, tmp_path: Path) -> None:
    for step in range(MAX_STEPS):
        directory = tmp_path / str(step)
        shutil.copytree(place, directory)
        done = survives(step, lambda: StateFile(directory / "state.db", KEY))  # noqa: B023
        check_encrypted(directory)
        if done:
            break
    assert done
    assert step >= 4


@pytest.mark.parametrize("instructions", [10, 100, 400, 1600, 3200])
def test_killed_while_rows_are_copied_it_is_repeated(
    place: Path, tmp_path: Path, instructions: int
) -> None:
    path = place / "state.db"
    child = subprocess.run(
        [sys.executable, "-c", CHILD, str(path), str(instructions)],
        env=environment(tmp_path / "home"),
        check=False,
    )
    assert child.returncode == -signal.SIGKILL
    check_encrypted(place)


def test_what_an_attempt_left_is_not_used(place: Path) -> None:
    for suffix in ("", "-journal", "-wal", "-shm"):
        (place / f"state.db.new{suffix}").write_bytes(MARKER.encode() * 1000)
    check_encrypted(place)


def test_a_newer_one_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with first_version(path, version=SCHEMA_VERSION + 1):
        pass
    before = path.read_bytes()
    with pytest.raises(FileProblem, match=r"newer securechat \(schema"):
        StateFile(path, KEY)
    assert path.read_bytes() == before
    assert {each.name for each in tmp_path.iterdir()} == {"state.db"}


def test_a_newer_encrypted_one_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    StateFile(path, KEY).close()
    with closing(connect(path, KEY)) as database:
        database.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    before = path.read_bytes()
    with pytest.raises(FileProblem, match=r"newer securechat \(schema"):
        StateFile(path, KEY)
    assert path.read_bytes() == before


def test_one_in_which_nothing_was_written_yet(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    path.touch(0o600)
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode = WAL")
    assert path.stat().st_size > 0
    state = StateFile(path, KEY)
    assert state.load() == {}
    state.commit(ROWS)
    state.close()
    check_encrypted(tmp_path)


def test_one_that_is_open_elsewhere_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with first_version(path):
        pass
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"holds it\n"
        with pytest.raises(FileProblem, match="is locked"):
            StateFile(path, KEY)
        holder.communicate(timeout=10)
    check_encrypted(tmp_path)


def test_a_damaged_one_is_said_to_be_damaged(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with first_version(path):
        pass
    path.write_bytes(path.read_bytes()[:6000])
    with pytest.raises(FileProblem, match="it is damaged"):
        StateFile(path, KEY)


def test_a_profile_of_the_first_version_gets_a_key(closed: Path, tmp_path: Path) -> None:
    shutil.copytree(closed, tmp_path / "profiles" / "alice")
    with Profile(tmp_path, parse_name("alice"), tuple) as profile:
        assert profile.has_new_key
        assert profile.state.load() == ROWS
    assert found_in_files(tmp_path, MARKER) == set()
