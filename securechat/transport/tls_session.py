"""One TLS connection in memory: bytes of the network in, plaintext out, and back; no socket.

An `ssl.SSLObject` over two memory queues. It belongs to one thread, never waits, and takes and
gives as many records at once as there are.
"""

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from securechat.errors import RemoteProtocolError, SecureChatError
from securechat.transport.endpoint import Endpoint
from securechat.transport.tls_errors import client_refused, handshake_failed, session_broken

RECORD_BYTES = 16_384
"""The most plaintext that one TLS record carries, so that a read of it leaves nothing behind."""

SLICE_BYTES = 8_192
"""What TLS's own buffer is given at a time: it stays as large as it ever was."""

MAX_OVERHEAD_BYTES = 20_480
"""What a peer may send beyond `FAIR_EXPANSION` times its plaintext: more than half a record."""

FAIR_EXPANSION = 32
"""A record with a single byte in it is 23 bytes; a key update is 27, with no plaintext at all."""

MAX_REPLY_BYTES = 16_384
"""The most that TLS itself may want to answer to what one wake-up read."""


class TlsSession:
    """The TLS state of one connection; it raises Unreachable when TLS fails."""

    __slots__ = (
        "_ca_file",
        "_check",
        "_engine",
        "_incoming",
        "_outgoing",
        "_overhead_bytes",
        "_remote",
        "local_certificate",
        "output",
        "peer_closed",
        "remote_certificate",
    )

    def __init__(
        self,
        context: ssl.SSLContext,
        remote: Endpoint,
        *,
        server_hostname: str | None = None,
        ca_file: Path | None = None,
        local_certificate: bytes = b"",
        check: Callable[[bytes], None] = lambda _certificate: None,
    ) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self.output = self._outgoing.read
        """Return all bytes for the network."""
        self._engine = context.wrap_bio(
            self._incoming,
            self._outgoing,
            server_side=server_hostname is None,
            server_hostname=server_hostname,
        )
        self._remote = remote
        self._ca_file = ca_file
        self._check = check
        self._overhead_bytes = 0
        self.local_certificate = local_certificate
        self.remote_certificate: bytes | None = None
        self.peer_closed = False

    @property
    def has_output(self) -> bool:
        """Whether TLS has bytes for the network."""
        return self._outgoing.pending > 0

    def handshake(self, data: bytes | memoryview = b"") -> bool:
        """Go on with the handshake; True once it is done and the other side is who it should be.

        Raises Untrusted, CertificateExpired or KeyChanged for a certificate that is not the right
        one, and Unreachable for what is not TLS 1.3; `output` then holds the alert to send.
        """
        self._incoming.write(data)
        try:
            self._engine.do_handshake()
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLError as error:
            if self._engine.server_side:
                raise client_refused(error, self._remote) from error
            raise handshake_failed(error, self._remote, self._ca_file) from error
        self.remote_certificate = self._engine.getpeercert(binary_form=True)
        try:
            self._check(self.remote_certificate or b"")
        except SecureChatError:
            self._outgoing.read()  # our Finished: a wrong relay learns nothing at all
            raise
        return True

    def decrypt(self, data: memoryview) -> bytes:
        """Return the plaintext of all whole records so far; sets `peer_closed` at close_notify.

        Raises RemoteProtocolError for a flood of key updates, which cost far more than data does.
        """
        if len(data) > SLICE_BYTES:
            starts = range(0, len(data), SLICE_BYTES)
            return b"".join([self.decrypt(data[start : start + SLICE_BYTES]) for start in starts])
        incoming = self._incoming
        incoming.write(data)
        plaintext = b""
        try:
            plaintext = self._engine.read(RECORD_BYTES)
            if not plaintext:
                self.peer_closed = True
            elif incoming.pending:
                plaintext += self._read_more()
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:  # as an empty read, but after our own close_notify
            self.peer_closed = True
        except ssl.SSLError as error:
            raise session_broken(error, self._remote) from error
        excess_bytes = len(data) - FAIR_EXPANSION * len(plaintext)
        if excess_bytes > 0 or self._overhead_bytes or self._outgoing.pending:
            self._bound_overhead(excess_bytes)
        return plaintext

    def _read_more(self) -> bytes:
        """Return the plaintext of all further records that are whole."""
        incoming, read = self._incoming, self._engine.read
        chunks: list[bytes] = []
        try:
            while incoming.pending:
                chunks.append(read(RECORD_BYTES))
                if not chunks[-1]:
                    self.peer_closed = True
                    break
        except ssl.SSLWantReadError:
            pass
        return b"".join(chunks)

    def encrypt(self, data: bytes | memoryview) -> bytes:
        """Return all bytes for the network, at the end the records of this plaintext."""
        try:
            if len(data) <= RECORD_BYTES:
                self._engine.write(data)
                return self.output()
            view, records = memoryview(data), []
            for start in range(0, len(data), RECORD_BYTES):
                self._engine.write(view[start : start + RECORD_BYTES])
                records.append(self.output())
            return b"".join(records)
        except ssl.SSLError as error:
            raise session_broken(error, self._remote) from error

    def close_notify(self) -> None:
        """Say that nothing more comes from this side; `output` holds the alert."""
        try:
            self._engine.unwrap()
        except ssl.SSLError:
            return  # what the other side still sends is of no interest any more

    def _bound_overhead(self, excess_bytes: int) -> None:
        self._overhead_bytes = max(0, self._overhead_bytes + excess_bytes)
        if self._overhead_bytes > MAX_OVERHEAD_BYTES or self._outgoing.pending > MAX_REPLY_BYTES:
            raise RemoteProtocolError(f"{self._remote} floods the connection with key updates.")

    def release(self) -> None:
        """Free what OpenSSL holds; afterwards only the certificates can be asked for."""
        del self._engine


class TlsSettings(Protocol):
    """What starts TLS on a connection; securechat.transport.tls has one for each side."""

    def session(self, remote: Endpoint) -> TlsSession:
        """Return the TLS state for one connection with `remote`."""
