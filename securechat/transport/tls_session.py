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

FIRST_SLICE_BYTES, SLICE_BYTES = 1_024, 8_192
"""What TLS is given at a time: at first, and after some reads in which nothing was wrong.

TLS reads all key updates of a slice in one go, each of which costs as much as twenty records; and
its own buffer stays as large as it ever was.
"""

RECORD_HEAD = b"\x17\x03\x03"
RECORD_OVERHEAD_BYTES = 22
"""What a record is longer than its plaintext: head, type and tag of all suites in use."""

MAX_UNREAD_BYTES = 18_432
"""What a peer may send beyond whole records with plaintext: most of the longest record, and 2 KiB.

That is room for 75 key updates; honest peers send one in millions of records.
"""

PLAINTEXT_FOR_ONE = 64
"""How many bytes of plaintext make up for a byte of what is no plaintext."""

SUSPICIOUS_BYTES, SAMPLE_BYTES = 512, 64
MAX_EMPTY_RECORDS = 16
"""How many records of one slice may be without plaintext, when a sample shows several."""

MAX_REPLY_BYTES = 1_024
"""The most that TLS itself may want to answer to what one wake-up read: 37 key updates."""


class TlsSession:
    """The TLS state of one connection; it raises Unreachable when TLS fails."""

    __slots__ = (
        "_ca_file",
        "_check",
        "_engine",
        "_incoming",
        "_remote",
        "_slice_bytes",
        "_unread_bytes",
        "local_certificate",
        "outgoing",
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
        self.outgoing = ssl.MemoryBIO()
        """What TLS has for the network."""
        self.output = self.outgoing.read
        """Return all of that."""
        self._engine = context.wrap_bio(
            self._incoming,
            self.outgoing,
            server_side=server_hostname is None,
            server_hostname=server_hostname,
        )
        self._remote = remote
        self._ca_file = ca_file
        self._check = check
        self._slice_bytes = FIRST_SLICE_BYTES
        self._unread_bytes = 0
        self.local_certificate = local_certificate
        self.remote_certificate: bytes | None = None
        self.peer_closed = False

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
            self.outgoing.read()  # our Finished: a wrong relay learns nothing at all
            raise
        return True

    def decrypt(self, data: memoryview) -> bytes:
        """Return the plaintext of all whole records so far; sets `peer_closed` at close_notify.

        Raises RemoteProtocolError for a flood of key updates, which cost far more than data does.
        """
        if len(data) > self._slice_bytes:
            return self._decrypt_slices(data)
        incoming = self._incoming
        incoming.write(data)
        plaintext, records = b"", 1
        try:
            plaintext = self._engine.read(RECORD_BYTES)
            if not plaintext:
                self.peer_closed = True
            elif incoming.pending:
                plaintext, records = self._read_more(plaintext)
        except ssl.SSLWantReadError:
            records = 0
        except ssl.SSLZeroReturnError:  # as an empty read, but after our own close_notify
            self.peer_closed = True
        except ssl.SSLError as error:
            raise session_broken(error, self._remote) from error
        unread_bytes = len(data) - len(plaintext) - RECORD_OVERHEAD_BYTES * records
        if unread_bytes or self.outgoing.pending:
            self._bound_overhead(data, unread_bytes - len(plaintext) // PLAINTEXT_FOR_ONE, records)
        return plaintext

    def _decrypt_slices(self, data: memoryview) -> bytes:
        size = self._slice_bytes
        starts = range(0, len(data), size)
        plaintext = b"".join([self.decrypt(data[start : start + size]) for start in starts])
        self._slice_bytes = min(2 * size, SLICE_BYTES)
        return plaintext

    def _read_more(self, first: bytes) -> tuple[bytes, int]:
        """Return the plaintext of all records that are whole, and how many these are."""
        incoming, read = self._incoming, self._engine.read
        chunks = [first]
        try:
            while incoming.pending:
                if not (chunk := read(RECORD_BYTES)):
                    self.peer_closed = True
                    break
                chunks.append(chunk)
        except ssl.SSLWantReadError:
            pass
        return b"".join(chunks), len(chunks)

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

    def _bound_overhead(self, data: memoryview, unread_bytes: int, records: int) -> None:
        """Count what a slice with so many records in it brought beyond them."""
        self._unread_bytes = max(0, self._unread_bytes + unread_bytes)
        if (
            self._unread_bytes > MAX_UNREAD_BYTES
            or self.outgoing.pending > MAX_REPLY_BYTES
            or (self._unread_bytes > SUSPICIOUS_BYTES and self._is_flooded(data, records))
        ):
            raise RemoteProtocolError(f"{self._remote} floods the connection with key updates.")

    def _is_flooded(self, data: memoryview, records: int) -> bool:
        """Tell whether many records were empty, rather than a long one being on its way.

        To find all heads takes as long as to decrypt; so only when there are several close together
        where the unread part begins. In the midst of a long record that is chance.
        """
        start = max(0, len(data) - self._unread_bytes)
        sample = data[start : start + SAMPLE_BYTES].tobytes()
        if sample.count(RECORD_HEAD) < 2:
            return False
        return bytes(data).count(RECORD_HEAD) - records > MAX_EMPTY_RECORDS

    def release(self) -> None:
        """Free what OpenSSL holds; afterwards only the certificates can be asked for."""
        del self._engine


class TlsSettings(Protocol):
    """What starts TLS on a connection; securechat.transport.tls has one for each side."""

    def session(self, remote: Endpoint) -> TlsSession:
        """Return the TLS state for one connection with `remote`."""
