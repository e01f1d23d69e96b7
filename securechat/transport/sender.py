"""The output side of a connection: a queue of plaintext, TLS, and a socket that may be full."""

import socket

from securechat.transport.send_queue import SendQueue
from securechat.transport.tls_session import TlsSession

BATCH_BYTES = 65_536
"""What is encrypted at a time, and so about the most ciphertext that waits for a slow reader."""

BATCHES_PER_CALL = 4

_NOTHING = memoryview(b"")


class Sender:
    """Encrypts only what the socket is about to take, so that a slow reader holds plaintext."""

    __slots__ = ("_queue", "_session", "_socket", "_unsent", "append", "blocked")

    def __init__(self, sock: socket.socket, session: TlsSession) -> None:
        self._queue = SendQueue()
        self._session = session
        self._socket = sock
        self._unsent = _NOTHING
        self.append = self._queue.append
        """Queue plaintext."""
        self.blocked = False
        """Whether the socket was full at the last attempt."""

    @property
    def backlog_bytes(self) -> int:
        """What is queued, and what is encrypted and not yet taken by the socket."""
        return self._queue.size_bytes + len(self._unsent)

    def clear(self) -> None:
        """Forget everything that is not sent."""
        self._queue.clear()
        self._unsent = _NOTHING
        self.blocked = False

    def send(self) -> bool:
        """Send what the socket takes, at most 256 KiB; True when nothing is left.

        Raises OSError when the connection is broken and Unreachable when TLS is.
        """
        if self.blocked or self._queue.size_bytes > BATCH_BYTES:
            return self._send_batches()
        data = self._next_bytes()
        return not data or self._transmit(data)

    def _send_batches(self) -> bool:
        if self.blocked and not self._transmit(self._unsent):
            return False
        for _ in range(BATCHES_PER_CALL):
            data = self._next_bytes()
            if data and not self._transmit(data):
                return False
            if not self._queue.size_bytes:
                return True
        return False

    def _next_bytes(self) -> bytes:
        queue = self._queue
        if queue.size_bytes:
            return self._session.encrypt(queue.take(BATCH_BYTES))
        return self._session.output()

    def _transmit(self, data: bytes | memoryview) -> bool:
        try:
            size = self._socket.send(data)
        except BlockingIOError:
            size = 0
        self.blocked = size != len(data)
        if self.blocked or self._unsent:
            self._unsent = memoryview(data)[size:] if self.blocked else _NOTHING
        return not self.blocked
