"""One connection of the loop, over real loopback sockets."""

import random
import socket
import ssl
import struct
import tracemalloc
from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest

from securechat.errors import RemoteProtocolError, SecureChatError, Unreachable
from securechat.transport.connection import Connection
from securechat.transport.endpoint import Endpoint
from securechat.transport.loop import Loop
from securechat.transport.tls import AnyServerTls
from securechat.transport.tls_session import FIRST_SLICE_BYTES, TlsSession
from tests.sockets.key_updates import KEY_UPDATE_BYTES, update_keys
from tests.sockets.loop_world import (
    FAILURE_S,
    Files,
    Recorder,
    Server,
    call,
    echo,
    make_files,
    running_loop,
    stranger_context,
)

MIB = 1_048_576


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return make_files(tmp_path_factory.mktemp("certs") / "certs")


@pytest.fixture
def loop() -> Iterator[Loop]:
    with running_loop() as loop:
        yield loop


@pytest.fixture
def server(loop: Loop, files: Files) -> Server:
    return Server(loop, files)


@pytest.fixture
def echo_server(loop: Loop, files: Files) -> Server:
    return Server(loop, files, answer=echo)


def plain_client(server: Server) -> ssl.SSLSocket:
    """Return a blocking TLS socket of the standard library, connected to the server."""
    sock = socket.create_connection((server.host, server.port), timeout=FAILURE_S)
    return stranger_context().wrap_socket(sock, suppress_ragged_eofs=False)


@pytest.mark.parametrize("size", [1, 255, 16_384, 16_385, 100_000, 3 * MIB])
def test_echo_gives_back_the_bytes_whatever_the_split(echo_server: Server, size: int) -> None:
    client, draw = echo_server.dial(), random.Random(size)
    data = draw.randbytes(size)
    cuts = sorted({0, size, *(draw.randrange(size) for _ in range(20))})
    for start, end in pairwise(cuts):
        echo_server.loop.call_soon(partial(client.connection.write, data[start:end]))
    assert client.read(size) == data


def test_writes_of_one_tick_arrive_as_one(server: Server) -> None:
    client, peer = server.pair()

    def write() -> None:
        for number in range(100):
            peer.connection.write(b"%03d" % number)

    server.loop.call_soon(write)
    assert client.next("received") == b"".join(b"%03d" % number for number in range(100))


def test_after_tick_runs_before_the_writes_leave(server: Server) -> None:
    client, peer = server.pair()
    dots = [b"."]

    def hook() -> None:
        peer.connection.write(dots.pop() if dots else b"")

    call(
        server.loop,
        lambda: server.loop.after_tick.append(hook),
        lambda: peer.connection.write(b"tick"),
    )
    assert client.next("received") == b"tick."


def test_a_hundred_megabytes_to_a_slow_reader_need_little_memory(server: Server) -> None:
    size, cap = 100 * MIB, MIB
    client, peer = server.pair()
    chunk, left, backlogs = bytes(65_536), [size], [0]

    def fill() -> None:
        while left[0] and peer.connection.backlog_bytes < cap:
            peer.connection.write(chunk)
            left[0] -= len(chunk)
        backlogs.append(peer.connection.backlog_bytes)

    def take_one_piece(connection: Connection, data: bytes) -> None:
        client.events.put(("received", data))
        connection.pause_reading()

    client.answer = take_one_piece
    server.loop.after_tick.append(fill)
    tracemalloc.start()
    server.loop.call_soon(lambda: None)
    received = 0
    while received < size:
        received += len(client.next("received"))
        server.loop.call_soon(client.connection.resume_reading)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    server.loop.after_tick.clear()
    assert received == size
    assert max(backlogs) < cap + len(chunk)
    assert peak_bytes < 8 * MIB


def test_a_paused_side_holds_the_sender_up(server: Server) -> None:
    client, peer = server.pair()
    size = 30 * MIB
    call(server.loop, client.connection.pause_reading)
    call(server.loop, lambda: peer.connection.write(bytes(size)))
    for _ in range(100):
        waiting = call(server.loop, lambda: peer.connection.backlog_bytes)
    assert waiting > MIB
    assert client.events.empty()
    call(server.loop, client.connection.resume_reading)
    assert client.read(size) == bytes(size)
    assert call(server.loop, lambda: peer.connection.backlog_bytes) == 0


def test_a_flooding_connection_starves_nobody(server: Server) -> None:
    flooder, sink = server.pair()
    client, peer = server.pair()
    sink.answer = lambda connection, data: None
    peer.answer = echo

    def flood() -> None:
        while flooder.connection.backlog_bytes < 4 * MIB:
            flooder.connection.write(bytes(MIB))

    server.loop.after_tick.append(flood)
    for number in range(100):
        server.loop.call_soon(partial(client.connection.write, b"%03d" % number))
        assert client.read(3) == b"%03d" % number
    server.loop.after_tick.clear()


def test_close_sends_what_is_queued_first(server: Server) -> None:
    client, peer = server.pair()
    data = random.Random(1).randbytes(5 * MIB)
    call(server.loop, lambda: peer.connection.write(data), peer.connection.close)
    assert client.read(len(data)) == data
    assert client.next("closed") is None
    assert peer.next("closed") is None


def test_close_survives_a_side_that_is_still_sending(server: Server) -> None:
    client, peer = server.pair()

    def answer_and_close(connection: Connection, _data: bytes) -> None:
        connection.write(bytes(MIB))
        connection.close()

    peer.answer = answer_and_close
    call(server.loop, lambda: client.connection.write(bytes(20 * MIB)))
    assert client.read(MIB) == bytes(MIB)
    assert client.next("closed") is None
    assert peer.next("closed") is None


def test_both_sides_closing_at_once_is_clean(server: Server) -> None:
    client, peer = server.pair()
    call(server.loop, client.connection.close, peer.connection.close)
    assert client.next("closed") is None
    assert peer.next("closed") is None


def test_close_gives_up_at_its_deadline(server: Server) -> None:
    client, peer = server.pair()
    call(server.loop, client.connection.pause_reading)
    call(
        server.loop,
        lambda: peer.connection.write(bytes(30 * MIB)),
        lambda: peer.connection.close(0.1),
    )
    error = peer.next("closed")
    assert isinstance(error, Unreachable)
    assert "not taken in time" in error.what


def test_nothing_is_received_after_close(server: Server) -> None:
    client, peer = server.pair()
    call(server.loop, peer.connection.close)
    call(server.loop, lambda: client.connection.write(b"too late"))
    assert peer.next("closed") is None


def test_writing_to_a_closed_connection_is_ignored(server: Server) -> None:
    client, peer = server.pair()
    call(server.loop, peer.connection.abort)
    call(server.loop, lambda: peer.connection.write(b"x"))
    call(server.loop, lambda: peer.connection.set_timer(0.0))
    call(server.loop, peer.connection.close)
    call(server.loop, peer.connection.pause_reading)
    assert peer.next("closed") is None
    assert client.next("closed") is not None
    assert peer.events.empty()


def test_abort_hands_its_error_on(server: Server) -> None:
    _, peer = server.pair()
    error = SecureChatError("enough")
    call(server.loop, lambda: peer.connection.abort(error))
    assert peer.next("closed") is error


def test_close_notify_is_a_clean_end(server: Server) -> None:
    client = plain_client(server)
    peer = server.next()
    client.sendall(b"bye")
    client.unwrap()
    assert peer.next("received") == b"bye"
    assert peer.next("closed") is None
    client.close()


def test_what_is_answered_to_the_last_words_still_arrives(echo_server: Server) -> None:
    with socket.create_connection((echo_server.host, echo_server.port), FAILURE_S) as sock:
        session = shake_hands(sock)
        last_words = session.output() + session.encrypt(b"last words")
        session.close_notify()
        sock.sendall(last_words + session.output())
        answer = b""
        while data := sock.recv(65_536):
            answer += session.decrypt(memoryview(data))
    assert answer == b"last words"
    assert session.peer_closed
    assert echo_server.next().next("closed") is None


def shake_hands(sock: socket.socket) -> TlsSession:
    """Return the session of a client whose last flight is still to be sent."""
    session = AnyServerTls().session(Endpoint("localhost", sock.getpeername()[1]))
    session.handshake()
    sock.sendall(session.output())
    while not session.handshake(sock.recv(65_536)):
        pass
    return session


def test_what_comes_with_the_end_of_the_handshake_arrives(server: Server) -> None:
    first_words = random.Random(1).randbytes(100_000)
    with socket.create_connection((server.host, server.port), FAILURE_S) as sock:
        session = shake_hands(sock)
        sock.sendall(session.output() + session.encrypt(first_words))
        peer, received = server.next(), b""
        while len(received) < len(first_words):
            received += peer.next("received")
    assert received == first_words


def test_key_updates_with_the_end_of_the_handshake_break_the_connection(server: Server) -> None:
    with socket.create_connection((server.host, server.port), FAILURE_S) as sock:
        session = shake_hands(sock)
        update_keys(session, 2 * FIRST_SLICE_BYTES // KEY_UPDATE_BYTES, wants_answer=False)
        sock.sendall(session.output())
        assert isinstance(server.next().next("closed"), RemoteProtocolError)


def test_an_end_without_close_notify_is_an_error(server: Server) -> None:
    client = plain_client(server)
    peer = server.next()
    client.sendall(b"half")
    assert peer.next("received") == b"half"
    client.shutdown(socket.SHUT_WR)
    error = peer.next("closed")
    assert isinstance(error, Unreachable)
    assert "cut it off" in error.what
    client.close()


def test_a_reset_is_an_error(server: Server) -> None:
    client = plain_client(server)
    peer = server.next()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    error = peer.next("closed")
    assert isinstance(error, Unreachable)
    assert "reset" in error.what


def test_a_reset_while_writing_is_an_error(server: Server) -> None:
    client = plain_client(server)
    peer = server.next()
    call(server.loop, peer.connection.pause_reading)
    call(server.loop, lambda: peer.connection.write(bytes(30 * MIB)))
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    assert isinstance(peer.next("closed"), Unreachable)


def test_garbage_after_the_handshake_is_an_error(server: Server) -> None:
    client = plain_client(server)
    peer = server.next()
    plain = socket.socket(fileno=client.detach())
    plain.sendall(b"\x17\x03\x03\x00\x20" + bytes(32))
    assert isinstance(peer.next("closed"), Unreachable)
    plain.close()


def explode(*_arguments: object) -> None:
    raise ZeroDivisionError("a bug in a handler")


@pytest.mark.parametrize("method", ["received", "timer"])
def test_a_raising_handler_closes_its_own_connection_only(
    server: Server, caplog: pytest.LogCaptureFixture, method: str
) -> None:
    client, peer = server.pair()
    other_client, other_peer = server.pair()
    other_peer.answer = echo
    setattr(peer, method, explode)
    if method == "timer":
        call(server.loop, lambda: peer.connection.set_timer(server.loop.clock()))
    call(server.loop, lambda: client.connection.write(b"x"))
    error = peer.next("closed") if method == "received" else last_event(peer)
    call(server.loop, lambda: other_client.connection.write(b"fine"))
    assert other_client.read(4) == b"fine"
    assert isinstance(error, SecureChatError)
    assert "ZeroDivisionError" in error.what
    assert any(record.exc_info for record in caplog.records)


def last_event(handler: Recorder) -> object:
    """Return what `closed` got, whatever came before it."""
    kind, value = "", None
    while kind != "closed":
        kind, value = handler.events.get(timeout=FAILURE_S)
    return value


def test_a_handler_that_raises_when_opened_is_closed(server: Server) -> None:
    client = Recorder()
    client.opened = explode  # type: ignore[assignment, method-assign]
    server.loop.dial(server.host, server.port, server.files.client(), client)
    error = client.next("closed")
    assert isinstance(error, SecureChatError)
    assert "ZeroDivisionError" in error.what


def test_a_handler_that_raises_when_closed_harms_nobody(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    client, peer = server.pair()
    peer.closed = explode  # type: ignore[assignment, method-assign]
    call(server.loop, peer.connection.close)
    assert client.next("closed") is None
    server.pair()
    assert any(record.exc_info for record in caplog.records)


def test_an_error_of_ours_passes_through_unlogged(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    client, peer = server.pair()

    def refuse(_connection: Connection, _data: bytes) -> None:
        raise RemoteProtocolError("no such frame")

    peer.answer = refuse
    call(server.loop, lambda: client.connection.write(b"x"))
    assert isinstance(peer.next("closed"), RemoteProtocolError)
    assert not caplog.records


def test_the_timer_never_fires_early_and_moves_later(server: Server) -> None:
    _, peer = server.pair()
    clock = server.loop.clock

    def set_twice() -> float:
        peer.connection.set_timer(clock() + 0.01)
        peer.connection.set_timer(deadline := clock() + 0.05)
        return deadline

    deadline = call(server.loop, set_twice)
    assert deadline <= peer.next("timer") < deadline + FAILURE_S
    assert peer.events.empty()


def test_the_timer_goes_on_with_what_it_returns(server: Server) -> None:
    _, peer = server.pair()
    delays = iter([0.01, 0.02, None])

    def timer(now: float) -> float | None:
        peer.events.put(("timer", now))
        delay = next(delays)
        return None if delay is None else now + delay

    peer.timer = timer  # type: ignore[method-assign]
    call(server.loop, lambda: peer.connection.set_timer(server.loop.clock()))
    times = [peer.next("timer") for _ in range(3)]
    assert times[1] >= times[0] + 0.01
    assert times[2] >= times[1] + 0.02


def test_a_stopped_timer_stays_silent(server: Server) -> None:
    _, peer = server.pair()

    def start_and_stop() -> None:
        peer.connection.set_timer(server.loop.clock())
        peer.connection.set_timer(None)

    call(server.loop, start_and_stop)
    call(server.loop, lambda: None)
    assert peer.events.empty()


def test_reload_changes_new_connections_only(server: Server, tmp_path: Path) -> None:
    client, peer = server.pair()
    old = peer.connection.local_certificate
    assert client.connection.remote_certificate == old
    server.files = make_files(tmp_path / "new")
    server.listener.tls = server.files.server()
    new_client, new_peer = server.pair()
    assert new_client.connection.remote_certificate == new_peer.connection.local_certificate != old
    assert peer.connection.local_certificate == old
    assert old == client.connection.remote_certificate
