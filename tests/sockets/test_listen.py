"""Strangers, crowds and broken clients at the door."""

import errno
import queue
import socket
import ssl
import struct
import time
from collections.abc import Iterator

import pytest

from securechat.transport.admission import Limits
from securechat.transport.loop import Loop
from tests.sockets.loop_world import (
    FAILURE_S,
    Files,
    Server,
    call,
    echo,
    make_files,
    running_loop,
    stranger_context,
)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return make_files(tmp_path_factory.mktemp("certs") / "certs")


@pytest.fixture
def loop() -> Iterator[Loop]:
    with running_loop() as loop:
        yield loop


def stranger(server: Server) -> socket.socket:
    """Return a plain TCP connection to the server that says nothing by itself."""
    return socket.create_connection((server.host, server.port), timeout=FAILURE_S)


def is_closed_by_server(sock: socket.socket) -> bool:
    """Wait for the end of the stream, reading alerts on the way."""
    try:
        while sock.recv(4096):
            pass
    except ConnectionResetError:
        pass
    return True


def is_open(sock: socket.socket) -> bool:
    sock.setblocking(False)
    try:
        return sock.recv(1) != b""
    except BlockingIOError:
        return True
    finally:
        sock.settimeout(FAILURE_S)


def assert_serves(server: Server) -> None:
    client, peer = server.pair()
    peer.answer = echo
    call(server.loop, lambda: client.connection.write(b"ping"))
    assert client.read(4) == b"ping"


def assert_shakes_hands(server: Server, source: str) -> None:
    """Connect from this address, and finish the handshake."""
    with (
        socket.create_connection((server.host, server.port), FAILURE_S, (source, 0)) as sock,
        stranger_context().wrap_socket(sock) as tls,
    ):
        assert tls.version() == "TLSv1.3"


def test_a_silent_client_delays_nobody_and_is_closed(loop: Loop, files: Files) -> None:
    server = Server(loop, files, limits=Limits(handshake_s=0.3))
    with stranger(server) as silent:
        assert_serves(server)
        assert is_closed_by_server(silent)
    assert server.handlers.empty()


def test_a_dripping_client_hello_meets_the_same_deadline(loop: Loop, files: Files) -> None:
    server = Server(loop, files, limits=Limits(handshake_s=0.3))
    with stranger(server) as dripping:
        dripping.settimeout(0.01)
        for byte in b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500):
            try:
                dripping.send(bytes([byte]))
                if not dripping.recv(4096):
                    break
            except TimeoutError:
                continue
            except ConnectionError:
                break
        else:
            pytest.fail("the server let a ClientHello drip for five seconds")
    assert server.handlers.empty()


@pytest.mark.parametrize(
    "garbage",
    [b"GET / HTTP/1.1\r\n\r\n", b"\x00" * 100, b"\xff" * 20_000, b"\x16\x03\x01\xff\xff"],
    ids=["http", "zeros", "ones", "huge record"],
)
def test_garbage_is_answered_with_an_end(loop: Loop, files: Files, garbage: bytes) -> None:
    server = Server(loop, files)
    with stranger(server) as other:
        other.sendall(garbage)
        assert is_closed_by_server(other)
    assert_serves(server)
    assert server.handlers.empty()


def test_a_client_of_tls_1_2_is_refused_with_an_alert(loop: Loop, files: Files) -> None:
    server = Server(loop, files)
    context = stranger_context(maximum_version=ssl.TLSVersion.TLSv1_2)
    with stranger(server) as old, pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
        context.wrap_socket(old)
    assert server.handlers.empty()


@pytest.mark.parametrize("linger", [None, struct.pack("ii", 1, 0)], ids=["end", "reset"])
def test_clients_that_leave_during_the_handshake_leave_nothing(
    loop: Loop, files: Files, linger: bytes | None
) -> None:
    server = Server(loop, files)
    for _ in range(20):
        with stranger(server) as leaving:
            leaving.sendall(b"\x16\x03\x01")
            if linger is not None:
                leaving.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    assert_serves(server)
    assert server.handlers.empty()


def test_a_flood_of_handshakes_makes_room(loop: Loop, files: Files) -> None:
    server = Server(loop, files, limits=Limits(max_unauthenticated=3, fair_chance_s=0.0))
    silent = [stranger(server) for _ in range(3)]
    client, _ = server.pair()
    assert is_closed_by_server(silent[0])
    assert is_open(silent[1])
    assert is_open(silent[2])
    call(loop, client.connection.abort)
    for sock in silent:
        sock.close()


def test_a_crowd_waits_instead_of_pushing_itself_out(loop: Loop, files: Files) -> None:
    server = Server(loop, files, limits=Limits(max_unauthenticated=2, fair_chance_s=0.05))
    silent = [stranger(server) for _ in range(2)]
    for _ in range(3):
        server.pair()
    for sock in silent:
        assert is_closed_by_server(sock)
        sock.close()


def test_a_place_that_gets_free_is_taken_at_once(loop: Loop, files: Files) -> None:
    server = Server(loop, files, limits=Limits(max_unauthenticated=1, fair_chance_s=60.0))
    for _ in range(3):
        _, peer = server.pair()
        call(loop, peer.connection.authenticated)


def test_those_who_logged_in_do_not_make_room(loop: Loop, files: Files) -> None:
    server = Server(loop, files, limits=Limits(max_unauthenticated=1, fair_chance_s=0.0))
    pairs = []
    for _ in range(5):
        client, peer = server.pair()
        call(loop, peer.connection.authenticated)
        pairs.append(client)
    assert all(client.events.empty() for client in pairs)


def test_an_address_has_its_own_cap_before_login(loop: Loop, files: Files) -> None:
    server = Server(loop, files, limits=Limits(max_per_address=2, fair_chance_s=60.0))
    silent = [stranger(server) for _ in range(2)]
    with stranger(server) as third:
        third.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert_shakes_hands(server, "127.0.0.2")
        assert is_open(third)
        silent[0].close()
        assert is_closed_by_server(third)
    assert is_open(silent[1])
    silent[1].close()


def test_who_waits_for_others_of_its_address_has_no_more_time_than_they(
    loop: Loop, files: Files
) -> None:
    limits = Limits(max_per_address=1, fair_chance_s=60.0, handshake_s=0.8)
    server = Server(loop, files, limits=limits)
    silent = [stranger(server) for _ in range(3)]
    began = time.monotonic()
    for sock in silent:
        assert is_closed_by_server(sock)
        sock.close()
    assert time.monotonic() - began < 2 * 0.8


def test_logging_in_frees_the_place_of_the_address(loop: Loop, files: Files) -> None:
    server = Server(loop, files, limits=Limits(max_per_address=1, fair_chance_s=60.0))
    for _ in range(3):
        _, peer = server.pair()
        call(loop, peer.connection.authenticated)


def test_beyond_max_connections_new_ones_are_closed(loop: Loop, files: Files) -> None:
    server = Server(loop, files, limits=Limits(max_connections=2))
    pairs = [server.pair() for _ in range(2)]
    with stranger(server) as third:
        assert is_closed_by_server(third)
    assert all(client.events.empty() for client, _ in pairs)


def test_without_file_descriptors_accepting_pauses(
    loop: Loop, files: Files, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    accept, calls = socket.socket.accept, queue.SimpleQueue[None]()

    def fail_twice(sock: socket.socket) -> tuple[socket.socket, object]:
        calls.put(None)
        if calls.qsize() <= 2:
            raise OSError(errno.EMFILE, "Too many open files")
        return accept(sock)

    monkeypatch.setattr(socket.socket, "accept", fail_twice)
    server = Server(loop, files)
    assert_serves(server)
    assert calls.qsize() < 10
    assert caplog.text.count("Too many open files") == 1


def test_without_file_descriptors_the_oldest_stranger_makes_room(
    loop: Loop, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept, failures = socket.socket.accept, [OSError(errno.EMFILE, "Too many open files")]
    server = Server(loop, files, limits=Limits(fair_chance_s=0.0, crowd_chance_s=0.0))
    silent = [stranger(server) for _ in range(2)]
    assert_serves(server)

    def fail_once(sock: socket.socket) -> tuple[socket.socket, object]:
        if failures:
            raise failures.pop()
        return accept(sock)

    monkeypatch.setattr(socket.socket, "accept", fail_once)
    assert_serves(server)
    assert is_closed_by_server(silent[0])
    assert is_open(silent[1])
    for sock in silent:
        sock.close()


def test_one_that_is_gone_before_accept_harms_nobody(
    loop: Loop, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept, failures = socket.socket.accept, [OSError(errno.ECONNABORTED, "gone")]

    def fail_once(sock: socket.socket) -> tuple[socket.socket, object]:
        if failures:
            raise failures.pop()
        return accept(sock)

    monkeypatch.setattr(socket.socket, "accept", fail_once)
    assert_serves(Server(loop, files))


def test_a_closed_listener_accepts_nobody_and_keeps_what_is_open(loop: Loop, files: Files) -> None:
    server = Server(loop, files)
    client, peer = server.pair()
    peer.answer = echo
    call(loop, server.listener.close)
    with pytest.raises(ConnectionRefusedError):
        stranger(server)
    call(loop, lambda: client.connection.write(b"still here"))
    assert client.read(10) == b"still here"
