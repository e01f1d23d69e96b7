"""Look at a relay's certificate before anything is trusted."""

import queue

from securechat.errors import SecureChatError
from securechat.transport.connection import Connection
from securechat.transport.loop import Loop
from securechat.transport.tls import AnyServerTls


def probe(host: str, port: int, timeout_s: float = 3.0) -> bytes:
    """Return the certificate (DER) that the relay shows; nothing of ours is sent to it.

    Blocks, at most for `timeout_s` and the handshake's deadline. Raises Unreachable.
    """
    loop = Loop()
    loop.start()
    try:
        look = _Look()
        loop.dial(host, port, AnyServerTls(), look, timeout_s=timeout_s)
        seen = look.result.get()
    finally:
        loop.stop(0.0)
    if isinstance(seen, SecureChatError):
        raise seen
    return seen


class _Look:
    """The handler of a connection that only shows its certificate."""

    def __init__(self) -> None:
        self.result: queue.SimpleQueue[bytes | SecureChatError] = queue.SimpleQueue()

    def opened(self, connection: Connection) -> None:
        self.result.put(connection.remote_certificate or b"")
        connection.close()

    def received(self, data: bytes) -> None:
        """Ignore what the relay says."""

    def timer(self, now: float) -> None:
        """Never called: no timer is set."""

    def closed(self, error: SecureChatError | None) -> None:
        if error is not None:
            self.result.put(error)
