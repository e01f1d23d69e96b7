"""A TLS connection of the load: over memory BIOs, one recv for all that is there, no waiting."""

import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass

HOST = "127.0.0.1"
CONNECT_S = 10.0
READ_BYTES = 256 * 1024
RECORD_BYTES = 16 * 1024
X25519_SHARE = bytes.fromhex("0033 0024 001d 0020")
"""How a ServerHello begins its key share when the group is X25519."""

_buffer = memoryview(bytearray(READ_BYTES))


@dataclass(frozen=True, slots=True)
class Dialling:
    """How every client of one server connects."""

    context: ssl.SSLContext
    port: int
    joins: bool = False
    """Whether messages that are written together share TLS records."""


class TlsStream:
    """One connection; ``receive_bytes`` bounds what the kernel takes for a client that is slow."""

    __slots__ = ("_incoming", "_outgoing", "_tls", "_unsent", "group", "joins", "socket")

    def __init__(self, dialling: Dialling, receive_bytes: int | None = None) -> None:
        self.socket = socket.socket()
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.settimeout(CONNECT_S)
        self.socket.connect((HOST, dialling.port))
        self.socket.setblocking(False)
        self.joins = dialling.joins
        self.group = ""
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = dialling.context.wrap_bio(self._incoming, self._outgoing, server_hostname=HOST)
        self._unsent = b""

    @property
    def certificate(self) -> bytes:
        """What the server showed, DER."""
        return self._tls.getpeercert(binary_form=True) or b""

    @property
    def negotiated(self) -> str:
        """The version, the suite and the group of the handshake."""
        suite = self._tls.cipher()
        return f"{self._tls.version()}, {suite[0] if suite else 'no suite'}, {self.group}"

    def read_plain(self) -> bytes:
        """Return what came before TLS began, perhaps nothing."""
        try:
            return self.socket.recv(READ_BYTES)
        except BlockingIOError:
            return b""

    def shake_hands(self) -> bool:
        """Go on with the handshake; return whether it is done, else `receive` when bytes come."""
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        finally:
            self._send(self._outgoing.read())
        return True

    def receive(self) -> None:
        """Take what the socket has; ConnectionError when the server has closed it."""
        count = self.socket.recv_into(_buffer)
        if not count:
            raise ConnectionError("The server closed the connection")
        self._incoming.write(_buffer[:count])
        if not self.group:
            self.group = "X25519" if X25519_SHARE in bytes(_buffer[:count]) else "another group"

    def read(self) -> bytes:
        """Return the plaintext of one recv, perhaps nothing; BlockingIOError when nothing came."""
        self.receive()
        incoming, read = self._incoming, self._tls.read
        chunks: list[bytes] = []
        try:
            while incoming.pending:
                chunks.append(read(RECORD_BYTES))
        except ssl.SSLWantReadError:
            pass
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def write(self, messages: Sequence[bytes]) -> None:
        """Send messages with one system call, each in a TLS record of its own unless they join."""
        if self.joins and len(messages) > 1:
            messages = (b"".join(messages),)
        for message in messages:
            self._tls.write(message)
        self._send(self._outgoing.read())

    def flush(self) -> bool:
        """Send what the socket did not take before; return whether it has taken everything."""
        if self._unsent:
            self._send(b"")
        return not self._unsent

    def close(self) -> None:
        """Hang up."""
        self.socket.close()

    def _send(self, data: bytes) -> None:
        data = self._unsent + data if self._unsent else data
        try:
            sent = self.socket.send(data) if data else 0
        except BlockingIOError:
            sent = 0
        self._unsent = data[sent:] if sent < len(data) else b""
