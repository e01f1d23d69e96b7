"""Ways to the relay that do not lead there, and those that do."""

import queue
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from securechat.errors import KeyChanged, SecureChatError, Unreachable, Untrusted
from securechat.identity.types import RelayId
from securechat.transport.loop import Loop
from securechat.transport.pins import relay_id
from securechat.transport.tls import ClientTls
from tests.sockets.loop_world import (
    FAILURE_S,
    Files,
    Recorder,
    Server,
    call,
    echo,
    make_files,
    running_loop,
)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return make_files(tmp_path_factory.mktemp("certs") / "certs")


@pytest.fixture
def loop() -> Iterator[Loop]:
    with running_loop() as loop:
        yield loop


@contextmanager
def full_queue() -> Iterator[int]:
    """A port that answers nobody: its queue of connections is full."""
    with ExitStack() as opened:
        listening = opened.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        port = listening.getsockname()[1]
        for _ in range(4):
            waiting = opened.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(("127.0.0.1", port))
        yield port


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


def failure(loop: Loop, files: Files, port: int, **options: Any) -> SecureChatError:
    """Dial and return the error that comes instead of a connection."""
    client = Recorder()
    tls = options.pop("tls", None) or files.client()
    loop.dial(options.pop("host", "127.0.0.1"), port, tls, client, **options)
    error = client.next("closed")
    assert isinstance(error, SecureChatError)
    assert error.try_next
    return error


def resolve_to(monkeypatch: pytest.MonkeyPatch, *targets: tuple[str, int]) -> None:
    """Let every name stand for these addresses."""
    numeric = socket.getaddrinfo

    def look_up(host: str, port: int, **options: Any) -> list[Any]:
        if options.get("flags", 0) & socket.AI_NUMERICHOST:
            return numeric(host, port, **options)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", target) for target in targets]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


def test_nothing_there(loop: Loop, files: Files) -> None:
    port = free_port()
    error = failure(loop, files, port)
    assert isinstance(error, Unreachable)
    assert (
        error.what == f"Cannot reach 127.0.0.1:{port} (connection refused: nothing listens there)."
    )
    assert f"securechat server --host 127.0.0.1 --port {port}; or securechat" in error.try_next


def test_no_answer(loop: Loop, files: Files) -> None:
    with full_queue() as port:
        error = failure(loop, files, port, timeout_s=0.2)
    assert error.what == f"Cannot reach 127.0.0.1:{port} (timed out after 0.2 s)."


def test_a_name_that_nobody_knows(
    loop: Loop, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_arguments: Any, **_options: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    error = failure(loop, files, 5555, host="nobody.example")
    assert error.what == "Cannot reach nobody.example:5555 (the name is not known)."


@pytest.mark.parametrize("host", ["", "a..b", "x" * 300, "a b", "256.256.256.256"])
def test_hosts_that_cannot_be(
    loop: Loop, files: Files, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve_to(monkeypatch)
    assert isinstance(failure(loop, files, 5555, host=host), Unreachable)


def test_a_slow_look_up_stops_nobody_else_and_meets_the_deadline(
    loop: Loop, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server(loop, files, answer=echo)
    client = server.dial()
    answered = threading.Event()
    numeric = socket.getaddrinfo

    def wait(host: str, port: int, **options: Any) -> list[Any]:
        if options.get("flags", 0) & socket.AI_NUMERICHOST:
            return numeric(host, port, **options)
        answered.wait(FAILURE_S)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", wait)
    stuck = Recorder()
    loop.dial("slow.example", 5555, files.client(), stuck, timeout_s=0.3)
    call(loop, lambda: client.connection.write(b"ping"))
    assert client.read(4) == b"ping"
    error = stuck.next("closed")
    answered.set()
    assert isinstance(error, Unreachable)
    assert "timed out after 0.3 s" in error.what
    call(loop, lambda: None)
    assert stuck.events.empty()


def test_the_second_address_serves_when_the_first_refuses(
    loop: Loop, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server(loop, files)
    resolve_to(monkeypatch, ("127.0.0.1", free_port()), ("127.0.0.1", server.port))
    server.host = "localhost"
    server.pair()


def test_the_second_address_serves_when_the_first_is_silent(
    loop: Loop, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server(loop, files)
    with full_queue() as port:
        resolve_to(monkeypatch, ("127.0.0.1", port), ("127.0.0.1", server.port))
        server.host = "localhost"
        server.pair()


def test_when_all_addresses_refuse_the_error_comes_once(
    loop: Loop, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve_to(monkeypatch, *(("127.0.0.1", free_port()) for _ in range(3)))
    client = Recorder()
    loop.dial("many.example", 5555, files.client(), client)
    assert "refused" in client.next("closed").what
    call(loop, lambda: None)
    assert client.events.empty()


@pytest.mark.parametrize("host", ["::1", "localhost"])
def test_ipv6(loop: Loop, files: Files, host: str) -> None:
    server = Server(loop, files, host="::1", answer=echo)
    assert str(server.listener.addresses[0]) == f"[::1]:{server.port}"
    if host == "::1":
        client, peer = server.pair()
        assert peer.connection.remote.host == "::1"
        call(loop, lambda: client.connection.write(b"six"))
        assert client.read(3) == b"six"


def test_the_ipv6_wildcard_takes_ipv4_too(loop: Loop, files: Files) -> None:
    server = Server(loop, files, host="::")
    for host in ("127.0.0.1", "::1"):
        server.host = host
        _, peer = server.pair()
        assert peer.connection.remote.host == host


def answer_with(data: bytes) -> Iterator[int]:
    """A server that says `data` to whoever comes, and closes."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            sock, _ = listening.accept()
            with sock:
                sock.recv(65_536)
                sock.sendall(data)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        thread.join(FAILURE_S)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "not TLS"),
        (b"SSH-2.0-OpenSSH_9.9\r\n", "not TLS"),
        (b"", "cut it off"),
    ],
    ids=["http", "ssh", "nothing"],
)
def test_what_is_no_relay_is_said_so(loop: Loop, files: Files, data: bytes, words: str) -> None:
    with contextmanager(answer_with)(data) as port:
        error = failure(loop, files, port)
    assert isinstance(error, Unreachable)
    assert words in error.what


def test_a_relay_that_never_answers_the_hello_meets_a_deadline(
    loop: Loop, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("securechat.transport.dial.HANDSHAKE_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        error = failure(loop, files, silent.getsockname()[1])
    assert isinstance(error, Unreachable)
    assert "handshake took too long" in error.what


def test_another_ca_is_refused_before_anything_is_sent(
    loop: Loop, files: Files, tmp_path: Path
) -> None:
    server = Server(loop, files)
    other = make_files(tmp_path / "other")
    error = failure(loop, files, server.port, tls=other.client())
    assert isinstance(error, Untrusted)
    server.pair()
    assert server.handlers.empty()


def test_a_pin_connects(loop: Loop, files: Files) -> None:
    server = Server(loop, files, answer=echo)
    client = Recorder()
    pin = relay_id(server.listener.tls.session(server.listener.addresses[0]).local_certificate)
    loop.dial("127.0.0.1", server.port, ClientTls(pin=pin), client)
    client.next("opened")
    assert relay_id(client.connection.remote_certificate or b"") == pin
    server.next()


def test_another_pin_gets_not_even_a_finished_handshake(loop: Loop, files: Files) -> None:
    results: queue.SimpleQueue[Exception | None] = queue.SimpleQueue()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            sock, _ = listening.accept()
            try:
                context.wrap_socket(sock, server_side=True).close()
                results.put(None)
            except OSError as error:
                results.put(error)
            finally:
                sock.close()

        thread = threading.Thread(target=serve)
        thread.start()
        port = listening.getsockname()[1]
        error = failure(loop, files, port, tls=ClientTls(pin=RelayId(bytes(32))))
        thread.join(FAILURE_S)
    assert isinstance(error, KeyChanged)
    assert isinstance(results.get(timeout=FAILURE_S), OSError)
