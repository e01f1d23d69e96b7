"""The connection with the one peer: plain TCP, or the TLS of the transport floor over it.

Nothing here waits, except the handshake and the farewell, which have deadlines. How a connection
breaks makes no difference to this chat: the peer is gone, and that is the end of the stream.
"""

import socket
import time
from contextlib import suppress

from securechat.errors import RemoteProtocolError, SecureChatError, Unreachable
from securechat.transport.endpoint import Endpoint
from securechat.transport.tls_session import TlsSession

HANDSHAKE_S = 5.0

FLUSH_S = 2.0
"""How long to wait for a peer to take what was said last."""

LINGER_S = 0.5
"""How long to let the peer close first: closing over unread bytes destroys what we said."""

READ_BYTES = 65_536
UNSENT_MAX_BYTES = 1 << 20

_TLS_HANDSHAKE, _TLS_ALERT = b"\x16\x03", b"\x15\x03"


class Channel:
    """A connected socket with optional TLS; owns both, use it as a context manager."""

    def __init__(self, sock: socket.socket, remote: Endpoint, tls: TlsSession | None) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _keep_alive(sock)
        self.peer_address = Endpoint.from_sockaddr(sock.getpeername())
        """Where the peer is; its host is an IP address."""
        self._socket = sock
        self._remote = remote
        self._tls = tls
        self._unsent = bytearray()
        self._is_new = True
        self._peer_closed = False

    def __enter__(self) -> "Channel":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def fileno(self) -> int:
        """Return the socket's descriptor, for ``select``."""
        return self._socket.fileno()

    @property
    def has_unsent(self) -> bool:
        """Whether to call `flush` when the socket can be written."""
        return bool(self._unsent)

    @property
    def is_congested(self) -> bool:
        """Whether the peer does not take what is sent."""
        return len(self._unsent) > UNSENT_MAX_BYTES

    def open(self) -> None:
        """Do the TLS handshake, if there is TLS, within `HANDSHAKE_S`; nothing waits after it.

        Raises Untrusted or CertificateExpired for a peer that is not the right one, Unreachable
        for one that does not answer, or not in TLS 1.3.
        """
        if self._tls is not None:
            _shake_hands(self._socket, self._remote, self._tls)
        self._socket.setblocking(False)

    def receive(self) -> bytes | None:
        """Return what arrived: nothing (None), bytes, or the end of the stream (empty).

        Raises RemoteProtocolError when a plain chat gets TLS.
        """
        try:
            data = self._socket.recv(READ_BYTES)
        except BlockingIOError:
            data = None
        except OSError:
            data = b""
        received = data if self._tls is None else self._decrypt(self._tls, data)
        self._peer_closed = received == b""
        if received and self._is_new:
            self._is_new = False
            self._refuse_tls(received)
        return received

    def send(self, data: bytes) -> None:
        """Send ``data`` as far as the socket takes it now; `flush` sends the rest."""
        if self._tls is not None and data:
            with suppress(Unreachable):  # the next `receive` finds the end
                self._tls.encrypt(data)
            data = self._tls.output()
        self._unsent += data
        self.flush()

    def flush(self) -> None:
        """Send what the socket takes."""
        try:
            if self._unsent:
                del self._unsent[: self._socket.send(self._unsent)]
        except BlockingIOError:
            pass
        except OSError:
            self._unsent.clear()  # the next `receive` finds the end

    def close(self) -> None:
        """Send the rest and say that nothing more comes; then the peer may close first."""
        with suppress(OSError, ValueError):
            if self._tls is not None:
                self._tls.close_notify()
                self._unsent += self._tls.output()
            self._socket.settimeout(FLUSH_S)
            self._socket.sendall(self._unsent)
            self._socket.shutdown(socket.SHUT_WR)
            if not self._peer_closed:
                _drain(self._socket)
        self._socket.close()

    def _decrypt(self, tls: TlsSession, data: bytes | None) -> bytes | None:
        if data == b"":
            return data
        try:
            plaintext = tls.decrypt(memoryview(data or b""))
        except (Unreachable, RemoteProtocolError):
            return b""
        self.send(b"")  # TLS may have an answer of its own
        return plaintext or (b"" if tls.peer_closed else None)

    def _refuse_tls(self, received: bytes) -> None:
        if self._tls is None and received.startswith((_TLS_HANDSHAKE, _TLS_ALERT)):
            side = "server" if received.startswith(_TLS_HANDSHAKE) else "client"
            raise RemoteProtocolError(
                f"{self._remote} speaks TLS, and this chat is a plain one.",
                f"securechat {side} --quit-mode --tls",
            )


def _shake_hands(sock: socket.socket, remote: Endpoint, tls: TlsSession) -> None:
    deadline = time.monotonic() + HANDSHAKE_S
    data = b""
    try:
        while not _advance_handshake(sock, tls, data):
            sock.settimeout(max(deadline - time.monotonic(), 0.001))
            data = sock.recv(READ_BYTES)
            if not data:
                raise Unreachable(f"{remote} closed the connection during the TLS handshake.")
    except TimeoutError as error:
        raise Unreachable(f"{remote} did not finish the TLS handshake in time.") from error
    except OSError as error:
        raise Unreachable(f"{remote} broke off the TLS handshake.") from error


def _advance_handshake(sock: socket.socket, tls: TlsSession, data: bytes) -> bool:
    try:
        done = tls.handshake(data)
    except SecureChatError:
        with suppress(OSError):
            sock.sendall(tls.output())  # the alert that says why
        raise
    sock.sendall(tls.output())
    return done


def _drain(sock: socket.socket) -> None:
    deadline = time.monotonic() + LINGER_S
    while (left_s := deadline - time.monotonic()) > 0:
        sock.settimeout(left_s)
        if not sock.recv(READ_BYTES):
            return


def _keep_alive(sock: socket.socket) -> None:
    """Notice within a minute that the peer's machine is gone, where the system can."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, option):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
