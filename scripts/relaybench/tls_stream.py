"""A TLS connection of the load: over memory BIOs, one recv for all that is there, no waiting."""

import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from relaybench.manner import Manner

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
    negotiated: set[str]
    """What the handshakes agreed on: versions, suites and groups."""
    manner: Manner
    receive_bytes: int = 0
    """What the kernel takes for a client that does not read; 0 leaves it to the kernel."""


DiallingAt = Callable[[int, Manner], Dialling]
"""Says how to connect to a port, for clients who write in this manner."""


class TlsStream:
    """One connection, over memory BIOs; see `relaybench.arrivals` for how it begins."""

    __slots__ = (
        "_group",
        "_incoming",
        "_negotiated",
        "_outgoing",
        "_tls",
        "_unsent",
        "manner",
        "socket",
    )

    def __init__(self, dialling: Dialling) -> None:
        self.socket = socket.socket()
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if dialling.receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, dialling.receive_bytes)
        self.socket.settimeout(CONNECT_S)
        self.socket.connect((HOST, dialling.port))
        self.socket.setblocking(False)
        self.manner = dialling.manner
        self._group = ""
        self._negotiated = dialling.negotiated
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = dialling.context.wrap_bio(self._incoming, self._outgoing, server_hostname=HOST)
        self._unsent = b""

    @property
    def certificate(self) -> bytes:
        """What the server showed, DER."""
        return self._tls.getpeercert(binary_form=True) or b""

    def read_plain(self) -> bytes:
        """Return what came before TLS began; call it when bytes have come."""
        data = self.socket.recv(READ_BYTES)
        if not data:
            raise ConnectionError("The server closed the connection")
        return data

    def shake_hands(self) -> bool:
        """Go on with the handshake; return whether it is done, else `receive` when bytes come."""
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        finally:
            self._send(self._outgoing.read())
        suite = self._tls.cipher()
        self._negotiated.add(
            f"{self._tls.version()}, {suite[0] if suite else 'no suite'}, {self._group}"
        )
        return True

    def receive(self) -> None:
        """Take what the socket has; ConnectionError when the server has closed it."""
        count = self.socket.recv_into(_buffer)
        if not count:
            raise ConnectionError("The server closed the connection")
        self._incoming.write(_buffer[:count])
        if not self._group:
            self._group = "X25519" if X25519_SHARE in bytes(_buffer[:count]) else "another group"

    def read(self) -> bytes:
        """Return the plaintext of one recv, perhaps nothing; call it when bytes have come."""
        self.receive()
        incoming, read = self._incoming, self._tls.read
        chunks: list[bytes] = []
        try:
            while incoming.pending:
                chunks.append(read(RECORD_BYTES))
        except ssl.SSLWantReadError:
            pass
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def read_if_any(self) -> bytes:
        """Return the plaintext of one recv, nothing if there is none."""
        try:
            return self.read()
        except BlockingIOError:
            return b""

    def write(self, messages: Sequence[bytes]) -> bool:
        """Send messages in the manner of this client.

        Return whether the socket has taken everything; else `flush` later. What it did not take
        leaves in the same records, but with one send.
        """
        if self.manner is Manner.JOINED and len(messages) > 1:
            messages = (b"".join(messages),)
        is_unbuffered = self.manner is Manner.UNBUFFERED
        for message in messages:
            self._tls.write(message)
            if is_unbuffered and not self._unsent:
                self._send(self._outgoing.read())
        return self._send(self._outgoing.read())

    def flush(self) -> bool:
        """Send what the socket did not take before; return whether it has taken everything."""
        return not self._unsent or self._send(b"")

    def close(self) -> None:
        """Hang up."""
        self.socket.close()

    def _send(self, data: bytes) -> bool:
        if self._unsent:
            data = self._unsent + data
        try:
            sent = self.socket.send(data) if data else 0
        except BlockingIOError:
            sent = 0
        self._unsent = data[sent:]
        return sent == len(data)
