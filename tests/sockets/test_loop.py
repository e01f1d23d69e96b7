"""The loop's life: start, calls from other threads, hooks, stop."""

import queue
import socket
import ssl
import threading
from collections import deque
from collections.abc import Iterator

import pytest

from securechat.errors import Unreachable
from securechat.transport.loop import Loop
from tests.sockets.loop_world import (
    FAILURE_S,
    Files,
    Recorder,
    Server,
    call,
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


def test_calls_run_in_the_loops_thread_in_order(loop: Loop) -> None:
    seen: queue.SimpleQueue[tuple[int, int]] = queue.SimpleQueue()
    for number in range(100):
        loop.call_soon(lambda n=number: seen.put((n, threading.get_ident())))  # type: ignore[misc]
    results = [seen.get(timeout=FAILURE_S) for _ in range(100)]
    assert [number for number, _ in results] == list(range(100))
    assert {thread for _, thread in results} == {call(loop, threading.get_ident)}
    assert results[0][1] != threading.get_ident()


def test_no_call_of_many_threads_is_lost(loop: Loop) -> None:
    counts, done = [0], threading.Event()

    def count() -> None:
        counts[0] += 1
        if counts[0] == 8000:
            done.set()

    threads = [
        threading.Thread(target=lambda: deque(map(loop.call_soon, [count] * 1000), maxlen=0))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    assert done.wait(FAILURE_S)
    for thread in threads:
        thread.join()
    assert counts == [8000]


def test_a_call_may_ask_for_another(loop: Loop) -> None:
    done = threading.Event()
    loop.call_soon(lambda: loop.call_soon(lambda: loop.call_soon(done.set)))
    assert done.wait(FAILURE_S)


def test_a_raising_call_or_hook_harms_nobody(loop: Loop, caplog: pytest.LogCaptureFixture) -> None:
    def explode() -> None:
        raise ZeroDivisionError("a bug")

    loop.call_soon(explode)
    loop.after_tick.append(explode)
    assert call(loop, lambda: 1) == 1
    loop.after_tick.clear()
    assert call(loop, lambda: 2) == 2
    assert caplog.text.count("ZeroDivisionError") >= 2


def test_later_is_not_early(loop: Loop) -> None:
    times: queue.SimpleQueue[float] = queue.SimpleQueue()
    start = loop.clock()
    call(loop, lambda: loop.call_later(0.03, lambda: times.put(loop.clock())))
    assert 0.03 <= times.get(timeout=FAILURE_S) - start < FAILURE_S


def test_a_cancelled_call_does_not_come(loop: Loop) -> None:
    called = threading.Event()

    def schedule() -> None:
        loop.timers.set(loop.call_later(0.0, called.set), None)

    call(loop, schedule)
    call(loop, lambda: None)
    assert not called.is_set()


def test_timers_follow_the_clock_given() -> None:
    now, called = [100.0], threading.Event()
    loop = Loop(clock=lambda: now[0])
    loop.start()
    call(loop, lambda: loop.call_later(3600.0, called.set))
    call(loop, lambda: None)
    assert not called.is_set()
    now[0] += 3600.0
    call(loop, lambda: None)
    assert called.wait(FAILURE_S)
    loop.stop()


def test_stop_says_goodbye_to_everybody(files: Files) -> None:
    loop = Loop()
    loop.start()
    server = Server(loop, files)
    sock = socket.create_connection((server.host, server.port), timeout=FAILURE_S)
    plain = stranger_context().wrap_socket(sock, suppress_ragged_eofs=False)
    peer = server.next()
    silent = socket.create_connection((server.host, server.port), timeout=FAILURE_S)

    def read_to_the_end() -> None:
        assert plain.recv(1) == b""
        plain.close()

    reader = threading.Thread(target=read_to_the_end)
    reader.start()
    loop.stop(drain_s=FAILURE_S)
    reader.join(FAILURE_S)
    assert peer.next("closed") is None
    assert silent.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((server.host, server.port))
    silent.close()
    assert not loop._thread.is_alive()


def test_stop_sends_what_is_queued(files: Files) -> None:
    with running_loop() as client_loop:
        loop = Loop()
        loop.start()
        server = Server(loop, files)
        client = Recorder()
        client_loop.dial(server.host, server.port, files.client(), client)
        client.next("opened")
        peer = server.next()
        data = bytes(range(256)) * 40_960
        loop.call_soon(lambda: peer.connection.write(data))
        loop.stop(drain_s=FAILURE_S)
        assert client.read(len(data)) == data
        assert client.next("closed") is None
        assert peer.next("closed") is None


def test_stop_does_not_wait_for_a_stuck_reader(files: Files) -> None:
    loop = Loop()
    loop.start()
    server = Server(loop, files)
    with socket.create_connection((server.host, server.port)) as sock:
        stuck = stranger_context().wrap_socket(sock)
        peer = server.next()
        call(loop, lambda: peer.connection.write(bytes(30 * MIB)))
        loop.stop(drain_s=0.1)
        assert isinstance(peer.next("closed"), Unreachable)
        stuck.close()


def test_dialling_ends_with_the_loop(files: Files) -> None:
    loop = Loop()
    loop.start()
    client = Recorder()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        loop.dial("127.0.0.1", silent.getsockname()[1], files.client(), client)
        call(loop, lambda: None)
        loop.stop(0.1)
    assert client.next("closed") is None


def test_what_begins_while_the_loop_stops_ends_at_once(files: Files) -> None:
    loop = Loop()
    loop.start()
    server, client = Server(loop, files), Recorder()

    def stop_then_dial() -> None:
        loop._begin_stop(FAILURE_S)
        loop.dial(server.host, server.port, files.client(), client)
        loop.listen("127.0.0.1", 0, files.server(), lambda _remote: Recorder())

    loop.call_soon(stop_then_dial)
    assert client.next("closed") is None
    loop._thread.join(FAILURE_S)
    assert not loop._thread.is_alive()


def test_calls_after_the_end_are_ignored() -> None:
    loop = Loop()
    loop.start()
    loop.stop(0.0)
    loop.call_soon(lambda: pytest.fail("the loop has ended"))


def test_many_starts_and_stops_leave_no_socket_behind(files: Files) -> None:
    for _ in range(5):
        with running_loop() as loop:
            server = Server(loop, files)
            server.pair()


def test_a_plain_ssl_client_sees_a_clean_end_of_the_loop(files: Files) -> None:
    loop = Loop()
    loop.start()
    server = Server(loop, files)
    with socket.create_connection((server.host, server.port), FAILURE_S) as sock:
        plain: ssl.SSLSocket = stranger_context().wrap_socket(sock, suppress_ragged_eofs=False)
        server.next()
        loop.call_soon(lambda: loop._begin_stop(1.0))
        assert plain.recv(1) == b""
        plain.close()
    loop._thread.join(FAILURE_S)
    assert not loop._thread.is_alive()
