"""Lines between processes of one user: bounded, private, and no burden to the loop."""

import os
import queue
import socket
import stat
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from securechat.errors import FileProblem, SecureChatError, TimedOut, Unreachable, Untrusted
from securechat.transport import local_place, local_socket
from securechat.transport.local_dial import LocalConnection, dial_local
from securechat.transport.local_place import DIRECTORY_PREFIX, SOCKET_NAME, remove_place
from securechat.transport.local_socket import (
    MAX_LINE_BYTES,
    MAX_SESSIONS,
    LocalListener,
    LocalSession,
)
from securechat.transport.loop import Loop
from tests.sockets.loop_world import FAILURE_S, call, running_loop

TOO_LONG = Path("/", "x" * 100)
"""No place for a socket: it is in a fresh temporary directory then."""


class Recorder:
    """A handler that tells the test what happens."""

    def __init__(self, session: LocalSession) -> None:
        self.session = session
        self.events: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()

    def received(self, line: bytes) -> None:
        self.events.put(line)

    def farewell(self, error: SecureChatError) -> bytes:
        return f"bye: {error.code}".encode()

    def closed(self) -> None:
        self.events.put(None)

    def next(self) -> bytes | None:
        return self.events.get(timeout=FAILURE_S)


class Place:
    """A listener in a running loop."""

    def __init__(self, loop: Loop, directory: Path = TOO_LONG) -> None:
        self.loop = loop
        self.handlers: queue.SimpleQueue[Recorder] = queue.SimpleQueue()
        self.listener = LocalListener(loop, directory, self._accept)

    def _accept(self, session: LocalSession) -> Recorder:
        handler = Recorder(session)
        self.handlers.put(handler)
        return handler

    def dial(self) -> LocalConnection:
        connection = dial_local(self.listener.path)
        assert connection is not None
        return connection

    def pair(self) -> tuple[LocalConnection, Recorder]:
        return self.dial(), self.handlers.get(timeout=FAILURE_S)


@pytest.fixture
def loop() -> Iterator[Loop]:
    with running_loop() as loop:
        yield loop


@pytest.fixture
def place(loop: Loop) -> Place:
    return Place(loop)


def test_lines_come_whole_and_in_order(place: Place) -> None:
    connection, handler = place.pair()
    with connection:
        longest = b"x" * MAX_LINE_BYTES
        for line in (b"one", b"", b"two\xff", longest):
            connection.write_line(line)
            assert handler.next() == line
        for line in (b"three", b"", longest):
            handler.session.write_line(line)
        assert [connection.read_line(FAILURE_S) for _ in range(3)] == [b"three", b"", longest]
    assert handler.next() is None


def test_nobody_waits_longer_than_he_wants(place: Place) -> None:
    connection, _ = place.pair()
    with connection, pytest.raises(TimedOut):
        connection.read_line(0.01)


def test_what_was_written_before_the_end_is_read(place: Place) -> None:
    connection, handler = place.pair()
    with connection:
        handler.session.write_line(b"last words")
        handler.session.end()
        handler.session.write_line(b"too late")
        assert connection.read_line(FAILURE_S) == b"last words"
        with pytest.raises(Unreachable):
            connection.read_line(FAILURE_S)
    assert handler.next() is None


def test_the_loop_that_stops_lets_the_last_words_be_read() -> None:
    with running_loop() as loop:
        connection, handler = Place(loop).pair()
        handler.session.write_line(b"last words")
    with connection:
        assert connection.read_line(FAILURE_S) == b"last words"


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_a_line_too_long_is_refused_with_a_word(place: Place, end: bytes) -> None:
    connection, handler = place.pair()
    with connection:
        connection._socket.sendall(b"x" * (MAX_LINE_BYTES + 1) + end)
        assert connection.read_line(FAILURE_S) == b"bye: usage"
        with pytest.raises(Unreachable):
            connection.read_line(FAILURE_S)
    assert handler.next() is None


def test_who_does_not_read_is_told_so_and_holds_up_nobody(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_socket, "LINGER_S", 0.05)
    (slow, slow_handler), (other, other_handler) = place.pair(), place.pair()
    with slow, other:
        lines = [str(number).encode() * 2000 for number in range(1000)]
        for line in lines:
            slow_handler.session.write_line(line)
        other_handler.session.write_line(b"hello")
        assert other.read_line(FAILURE_S) == b"hello"
        assert slow_handler.next() is None  # closed, though nothing was read
        read = []
        with suppress(Unreachable):
            while line := slow.read_line(FAILURE_S):
                read.append(line)
        assert 0 < len(read) < len(lines)
        assert read == lines[: len(read)]


def test_who_reads_late_sees_whole_lines_and_why_they_end(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_socket, "LINGER_S", FAILURE_S)
    connection, handler = place.pair()
    with connection:
        lines = [str(number).encode() * 2000 for number in range(1000)]
        for line in lines:
            handler.session.write_line(line)
        call(place.loop, lambda: None)
        read = []
        while (line := connection.read_line(FAILURE_S)) != b"bye: limit":
            read.append(line)
        assert 0 < len(read) < len(lines)
        assert read == lines[: len(read)]


def test_more_than_there_is_room_for_wait_at_the_door(place: Place) -> None:
    inside = [place.pair() for _ in range(MAX_SESSIONS)]
    waiting = place.dial()
    waiting.write_line(b"let me in")
    connection, _ = inside[0]
    other, other_handler = inside[1]
    other.write_line(b"we talk on")
    assert other_handler.next() == b"we talk on"
    assert place.handlers.empty()
    connection.close()
    assert place.handlers.get(timeout=FAILURE_S).next() == b"let me in"
    for each in (waiting, *(connection for connection, _ in inside)):
        each.close()


def test_the_place_is_its_owners_alone_and_goes_away(loop: Loop) -> None:
    place = Place(loop)
    path = place.listener.path
    found = path.parent.stat()
    assert (stat.S_IMODE(found.st_mode), found.st_uid) == (0o700, os.geteuid())
    assert path.parent.name.startswith(DIRECTORY_PREFIX)
    call(loop, place.listener.abort)
    assert not path.parent.exists()
    assert dial_local(path) is None


def test_the_place_is_in_the_directory_where_the_path_is_short_enough(loop: Loop) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        directory = Path(name)
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(directory / SOCKET_NAME))  # of a process that was killed
        place = Place(loop, directory)
        assert place.listener.path == directory / SOCKET_NAME
        place.dial().close()
        call(loop, place.listener.abort)
        assert list(directory.iterdir()) == []


def test_a_directory_that_others_can_enter_is_no_place(loop: Loop, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    assert Place(loop, tmp_path).listener.path.parent != tmp_path


def test_the_place_goes_away_with_the_loop() -> None:
    with running_loop() as loop:
        path = Place(loop).listener.path
        assert path.exists()
    assert not path.exists()


@pytest.mark.parametrize("mode", [0o701, 0o710, 0o777])
def test_a_place_that_others_can_enter_is_not_used(place: Place, mode: int) -> None:
    directory = place.listener.path.parent
    directory.chmod(mode)
    with pytest.raises(Untrusted):
        dial_local(place.listener.path)
    directory.chmod(0o700)
    place.dial().close()


def test_a_place_of_another_user_is_not_used(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: place.listener.path.stat().st_uid + 1)
    with pytest.raises(Untrusted):
        dial_local(place.listener.path)


def test_a_link_to_a_place_is_not_used(place: Place, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(place.listener.path.parent)
    with pytest.raises(Untrusted):
        dial_local(link / "socket")


def test_nobody_behind_a_path_is_nobody(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    assert dial_local(tmp_path / "nothing" / "socket") is None
    assert dial_local(tmp_path / "socket") is None
    (tmp_path / "socket").write_bytes(b"")
    assert dial_local(tmp_path / "socket") is None
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "dead"))
    assert dial_local(tmp_path / "dead") is None


def test_no_room_for_a_path_leaves_nothing_behind(
    loop: Loop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("x" * 100)
    deep.mkdir()
    for parent in (deep, tmp_path / "missing"):
        monkeypatch.setattr(tempfile, "tempdir", str(parent))
        with pytest.raises(FileProblem):
            Place(loop, deep)
    assert list(deep.iterdir()) == []


def test_only_what_is_a_place_is_removed(tmp_path: Path) -> None:
    for path in (tmp_path / "securechat-x" / "other", tmp_path / "x" / "socket"):
        path.parent.mkdir()
        path.write_bytes(b"")
        remove_place(path)
        assert path.exists()


def test_no_place_for_temporary_files_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: ["/nowhere/at/all"])
    with pytest.raises(FileProblem, match="temporary files"):
        local_place._make_temporary_path()
