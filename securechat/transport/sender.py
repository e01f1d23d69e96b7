"""The output side of a connection: a queue of plaintext, TLS, and a socket that may be full."""

import socket

from securechat.transport.send_queue import SendQueue
from securechat.transport.tls_session import TlsSession

BATCH_BYTES = 65_536
"""What is encrypted at a time, and so about the most ciphertext that waits for a slow reader."""

BATCHES_PER_CALL = 4

_NOTHING = memoryview(b"")


class Sender(SendQueue):
    """Encrypts only what the socket is about to take, so that a slow reader holds plaintext."""

    __slots__ = ("_session", "_socket", "_unsent", "blocked")

    def __init__(self, sock: socket.socket, session: TlsSession) -> None:
        super().__init__()
        self._session = session
        self._socket = sock
        self._unsent = _NOTHING
        self.blocked = False
        """Whether the socket was full at the last attempt."""

    @property
    def backlog_bytes(self) -> int:
        """What is queued, and what is encrypted and not yet taken by the socket."""
        return self.size_bytes + len(self._unsent)

    def clear(self) -> None:
        """Forget everything that is not sent."""
        super().clear()
        self._unsent = _NOTHING
        self.blocked = False

    def send(self) -> bool:
        """Send what the socket takes, at most 256 KiB; True when nothing is left.

        Raises OSError when the connection is broken and Unreachable when TLS is.
        """
        if self.blocked or self.size_bytes > BATCH_BYTES:
            return self._send_batches()
        session = self._session
        data = session.encrypt(self.take_all()) if self.size_bytes else session.output()
        return not data or self._transmit(data)

    def _send_batches(self) -> bool:
        if self.blocked and not self._transmit(self._unsent):
            return False
        for _ in range(BATCHES_PER_CALL):
            if self.size_bytes <= BATCH_BYTES:
                return self.send()
            if not self._transmit(self._session.encrypt(self.take(BATCH_BYTES))):
                return False
        return False

    def _transmit(self, data: bytes | memoryview) -> bool:
        """Give the socket ciphertext that is not empty; return whether it took everything."""
        try:
            size = self._socket.send(data)
        except BlockingIOError:
            size = 0
        if size == len(data):
            if self.blocked:
                self.blocked, self._unsent = False, _NOTHING
            return True
        self.blocked = True
        self._unsent = memoryview(data)[size:]
        return False
