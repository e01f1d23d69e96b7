"""What the tests of the loop share: throw-away certificates, recording handlers, a running loop."""

import queue
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from securechat.errors import SecureChatError
from securechat.transport.addresses import LOOPBACK, Host
from securechat.transport.certificates import (
    encode_certificate,
    encode_key,
    issue_server_certificate,
    make_authority,
    make_key,
)
from securechat.transport.connection import Connection
from securechat.transport.loop import Loop
from securechat.transport.private_files import write_new
from securechat.transport.tls import ClientTls, ServerTls

FAILURE_S = 10.0
"""A bound for what must happen; nothing waits that long unless it is broken."""

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Files:
    ca: Path
    certificate: Path
    key: Path

    def server(self) -> ServerTls:
        return ServerTls(self.certificate, self.key)

    def client(self) -> ClientTls:
        return ClientTls(ca_file=self.ca)


def make_files(
    directory: Path,
    *,
    hosts: tuple[Host, ...] = (*LOOPBACK, Host("localhost")),
    age: timedelta = DAY,
    lifetime: timedelta = 30 * DAY,
) -> Files:
    """Make a CA and a server certificate that was issued `age` ago."""
    issued = datetime.now(UTC) - age
    authority, key = make_authority(issued), make_key()
    certificate = issue_server_certificate(authority, key.public_key(), hosts, issued, lifetime)
    directory.mkdir(exist_ok=True)
    files = Files(directory / "ca.pem", directory / "server.pem", directory / "server-key.pem")
    write_new(files.ca, encode_certificate(authority.certificate))
    write_new(files.certificate, encode_certificate(certificate))
    write_new(files.key, encode_key(key))
    return files


class Recorder:
    """A handler that tells the test what happens, and answers with what it is told to."""

    def __init__(self, answer: Callable[[Connection, bytes], None] | None = None) -> None:
        self.events: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self.answer = answer
        self.connection: Connection

    def opened(self, connection: Connection) -> None:
        self.connection = connection
        self.events.put(("opened", connection))

    def received(self, data: bytes) -> None:
        if self.answer is not None:
            self.answer(self.connection, data)
        else:
            self.events.put(("received", data))

    def timer(self, now: float) -> float | None:
        self.events.put(("timer", now))
        return None

    def closed(self, error: SecureChatError | None) -> None:
        self.events.put(("closed", error))

    def next(self, kind: str) -> Any:
        """Return what the next event carries, which must be of this kind."""
        found, value = self.events.get(timeout=FAILURE_S)
        assert found == kind, (found, value)
        return value

    def read(self, size: int) -> bytes:
        """Return exactly the next `size` bytes that arrive."""
        data = b""
        while len(data) < size:
            data += self.next("received")
        assert len(data) == size
        return data


def echo(connection: Connection, data: bytes) -> None:
    connection.write(data)


class Server:
    """A listening loop whose handlers are recorders, in the order of the connections."""

    def __init__(self, loop: Loop, files: Files, host: str = "127.0.0.1", **options: Any) -> None:
        self.answer: Callable[[Connection, bytes], None] | None = options.pop("answer", None)
        self.handlers: queue.SimpleQueue[Recorder] = queue.SimpleQueue()
        self.loop = loop
        self.files = files
        self.listener = loop.listen(host, 0, files.server(), self._accept, **options)
        self.host, self.port = host, self.listener.addresses[0].port

    def _accept(self, _remote: object) -> Recorder:
        handler = Recorder(self.answer)
        self.handlers.put(handler)
        return handler

    def next(self) -> Recorder:
        """Return the handler of the next connection, once it is open."""
        handler = self.handlers.get(timeout=FAILURE_S)
        handler.next("opened")
        return handler

    def dial(self, **options: Any) -> Recorder:
        """Return an open client of this server."""
        client = Recorder()
        self.loop.dial(self.host, self.port, self.files.client(), client, **options)
        client.next("opened")
        return client

    def pair(self) -> tuple[Recorder, Recorder]:
        """Return a new client and its handler on the server."""
        client = self.dial()
        return client, self.next()


@contextmanager
def running_loop() -> Iterator[Loop]:
    loop = Loop()
    loop.start()
    try:
        yield loop
    finally:
        loop.stop(1.0)


def call(loop: Loop, *functions: Callable[[], Any]) -> Any:
    """Run the functions in one tick, in the loop's thread, and return the result of the last."""
    result: queue.SimpleQueue[Any] = queue.SimpleQueue()
    loop.call_soon(lambda: result.put([function() for function in functions][-1]))
    return result.get(timeout=FAILURE_S)


def stranger_context(**attributes: Any) -> ssl.SSLContext:
    """Return a context of plain ssl that trusts anybody."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    for name, value in attributes.items():
        setattr(context, name, value)
    return context
