"""The connection with the one peer: plain TCP, or the TLS of the transport floor over it.

Nothing here waits, except the handshake and the farewell, which have deadlines. How a connection
breaks makes no difference to this chat: the peer is gone, and that is the end of the stream.
"""

import errno
import socket
import time
from contextlib import suppress

from securechat.errors import RemoteProtocolError, SecureChatError, Unreachable
from securechat.transport.endpoint import Endpoint
from securechat.transport.network_errors import reason
from securechat.transport.tls_session import TlsSession

HANDSHAKE_S = 5.0

FLUSH_S = 2.0
"""How long to wait for a peer to take what was said last."""

LINGER_S = 0.5
"""How long to let the peer close first: closing over unread bytes destroys what we said."""

READ_BYTES = 65_536
UNSENT_MAX_BYTES = 1 << 20

_TLS_HANDSHAKE, _TLS_ALERT = b"\x16\x03", b"\x15\x03"

_UNEXPECTED_MESSAGE = b"\x15\x03\x03\x00\x02\x02\x0a"
"""A TLS alert of our own, for a peer that does not speak TLS: OpenSSL sends it none."""


class Channel:
    """A connected socket with optional TLS; owns both, use it as a context manager."""

    def __init__(self, sock: socket.socket, remote: Endpoint, tls: TlsSession | None) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _keep_alive(sock)
        self.peer_address = Endpoint.from_sockaddr(sock.getpeername())
        """Where the peer is; its host is an IP address."""
        self.peer_left = False
        """Whether the peer has closed the connection, or it broke."""
        self._socket = sock
        self._remote = remote
        self._tls = tls
        self._unsent = bytearray()
        self._is_new = True

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

    def receive(self) -> bytes:
        """Return what has arrived, perhaps nothing; sets `peer_left` at the end of the stream.

        Raises RemoteProtocolError when a plain chat gets TLS.
        """
        received = self._read_socket()
        if self._tls is not None:
            received = self._decrypt(self._tls, received)
        elif self._is_new and received:
            self._is_new = False
            self._refuse_tls(received)
        return received

    def send(self, data: bytes) -> None:
        """Send ``data`` as far as the socket takes it now; `flush` sends the rest."""
        if self._tls is None:
            self._unsent += data
        elif data:
            with suppress(Unreachable):  # the next `receive` finds the end
                self._unsent += self._tls.encrypt(data)
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
        with suppress(OSError):
            if self._tls is not None:
                self._tls.close_notify()
                self._unsent += self._tls.output()
            self._socket.settimeout(FLUSH_S)
            self._socket.sendall(self._unsent)
            self._socket.shutdown(socket.SHUT_WR)
            if not self.peer_left:
                _drain(self._socket)
        self._socket.close()

    def _read_socket(self) -> bytes:
        try:
            data = self._socket.recv(READ_BYTES)
        except BlockingIOError:
            return b""
        except OSError:
            data = b""
        self.peer_left = not data
        return data

    def _decrypt(self, tls: TlsSession, data: bytes) -> bytes:
        try:
            plaintext = tls.decrypt(memoryview(data))
        except (Unreachable, RemoteProtocolError):
            self.peer_left = True
            return b""
        self.peer_left |= tls.peer_closed
        self.send(b"")  # TLS may have an answer of its own
        return plaintext

    def _refuse_tls(self, received: bytes) -> None:
        if received.startswith((_TLS_HANDSHAKE, _TLS_ALERT)):
            side = "server" if received.startswith(_TLS_HANDSHAKE) else "client"
            raise RemoteProtocolError(
                f"{self._remote} speaks TLS, and this chat is a plain one.",
                f"securechat {side} --quit-mode --tls",
            )


def _shake_hands(sock: socket.socket, remote: Endpoint, tls: TlsSession) -> None:
    try:
        _exchange_handshake(sock, tls)
    except (SecureChatError, OSError) as error:
        with suppress(OSError):
            sock.sendall(tls.output() or _UNEXPECTED_MESSAGE)
        if isinstance(error, SecureChatError):
            raise
        raise Unreachable(
            f"{remote} did not complete the TLS handshake ({reason(error)})."
        ) from error


def _exchange_handshake(sock: socket.socket, tls: TlsSession) -> None:
    deadline = time.monotonic() + HANDSHAKE_S
    data = b""
    while not tls.handshake(data):
        sock.sendall(tls.output())
        sock.settimeout(max(deadline - time.monotonic(), 0.001))
        data = sock.recv(READ_BYTES)
        if not data:
            raise ConnectionResetError(errno.ECONNRESET, "end of the stream")
    sock.sendall(tls.output())


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
