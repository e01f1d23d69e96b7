"""One TLS connection of the loop: handshake, reading, coalesced writing, orderly closing."""

import socket
from collections.abc import Callable
from enum import IntEnum
from selectors import EVENT_READ, EVENT_WRITE
from typing import Protocol

from securechat.errors import SecureChatError, Unreachable
from securechat.transport.admission import Ticket
from securechat.transport.endpoint import Endpoint
from securechat.transport.reactor import Reactor, internal_error, logger
from securechat.transport.send_queue import SendQueue
from securechat.transport.timers import Timer
from securechat.transport.tls_session import TlsSession

BATCH_BYTES = 65_536
"""What is encrypted at a time, and so the most ciphertext that waits for a slow reader."""

BATCHES_PER_TICK = 4

CLOSE_DEADLINE_S = 5.0

LINGER_S = 1.0
"""How long to wait for the other side to close, once all is sent and our close_notify too."""


class Handler(Protocol):
    """The meaning of one connection; every call comes from the loop's thread.

    A handler that raises closes its own connection; `closed` then gets the error.
    """

    def opened(self, connection: "Connection") -> None:
        """The TLS handshake is done."""

    def received(self, data: bytes) -> None:
        """Everything that one wake-up brought, decrypted; never empty, split anywhere."""

    def timer(self, now: float) -> float | None:
        """The deadline of `Connection.set_timer` has passed; return the next one, or None."""

    def closed(self, error: SecureChatError | None) -> None:
        """The last call, exactly once; None when either side closed in an orderly way."""


class _State(IntEnum):
    HANDSHAKE = 0
    OPEN = 1
    CLOSING = 2
    """Nothing more is read; what is queued goes out, then close_notify."""
    LINGERING = 3
    """All is out; the other side may read it and close first."""
    CLOSED = 4


class Connection:
    """One side of a TLS connection; use it in the loop's thread only."""

    __slots__ = (
        "_dirty",
        "_events",
        "_paused",
        "_queue",
        "_reactor",
        "_session",
        "_socket",
        "_state",
        "_ticket",
        "_timer",
        "_unsent",
        "handler",
        "remote",
    )

    def __init__(
        self,
        reactor: Reactor,
        sock: socket.socket,
        remote: Endpoint,
        session: TlsSession,
        handler: Handler,
    ) -> None:
        self.remote = remote
        self.handler = handler
        self._reactor = reactor
        self._socket = sock
        self._session = session
        self._ticket: Ticket | None = None
        self._state = _State.HANDSHAKE
        self._queue = SendQueue()
        self._unsent = memoryview(b"")
        self._timer = Timer(self._deadline_passed)
        self._events = 0
        self._dirty = False
        self._paused = False

    # What handlers use ---------------------------------------------------------------------------

    @property
    def local_certificate(self) -> bytes:
        """The certificate that this side showed here, DER; empty on a dialling side."""
        return self._session.local_certificate

    @property
    def remote_certificate(self) -> bytes | None:
        """The certificate that the other side showed, DER; None on a listening side."""
        return self._session.remote_certificate

    @property
    def backlog_bytes(self) -> int:
        """What is written and not yet taken by the socket."""
        return self._queue.size_bytes + len(self._unsent)

    def write(self, data: bytes) -> None:
        """Queue `data` for the end of this tick; dropped when the connection is closing."""
        if self._state is not _State.OPEN:
            return
        self._queue.append(data)
        self._mark_dirty()

    def pause_reading(self) -> None:
        """Read no more until `resume_reading`; the other side's sends then block by themselves."""
        self._paused = True
        self._watch()

    def resume_reading(self) -> None:
        """Read again."""
        self._paused = False
        self._watch()

    def set_timer(self, deadline: float | None) -> None:
        """Have `Handler.timer` called at this time of the loop's clock, instead of any earlier set.

        Cheap to call for every message: a deadline that only moves later costs an assignment.
        """
        if self._state is _State.OPEN:
            self._reactor.timers.set(self._timer, deadline)

    def authenticated(self) -> None:
        """Count this connection no longer against the caps for strangers."""
        if self._ticket is not None:
            self._ticket.authenticated()

    def close(self, deadline_s: float = CLOSE_DEADLINE_S) -> None:
        """Send what is queued and close_notify, then close; after `deadline_s` close regardless.

        `received` and `timer` are not called any more. `closed` gets None, or Unreachable when the
        other side did not take everything in time.
        """
        if self._state is _State.HANDSHAKE:
            self.abort()
        elif self._state is _State.OPEN:
            self._state = _State.CLOSING
            self._set_deadline(deadline_s)
            self._mark_dirty()

    def abort(self, error: SecureChatError | None = None) -> None:
        """Close at once, losing what is queued; `closed` gets `error` a little later."""
        if self._state is _State.CLOSED:
            return
        self._state = _State.CLOSED
        self._reactor.timers.set(self._timer, None)
        self._watch()
        self._socket.close()
        self._queue.clear()
        self._unsent = memoryview(b"")
        self._reactor.channels.discard(self)
        if self._ticket is not None:
            self._ticket.leave()
        self._reactor.call_soon(lambda: self.handler.closed(error))

    # What the loop uses --------------------------------------------------------------------------

    def begin(self, handshake_s: float, ticket: Ticket | None = None) -> None:
        """Start the handshake, which must be done within `handshake_s`."""
        self._ticket = ticket
        self._reactor.channels.add(self)
        self._set_deadline(handshake_s)
        self._watch()
        if self._session.remote_certificate is None:
            self._shake_hands(memoryview(b""))

    def ready(self, events: int) -> None:
        """Read, write, or both."""
        if events & EVENT_READ:
            self._read()
        if events & EVENT_WRITE and self._state is not _State.CLOSED:
            self._send_more()

    def flush(self) -> None:
        """Send what this tick queued, unless the socket is still busy with earlier bytes."""
        self._dirty = False
        if not self._unsent and self._state is not _State.CLOSED:
            self._send_batches()

    # Reading -------------------------------------------------------------------------------------

    def _read(self) -> None:
        buffer = self._reactor.read_buffer
        try:
            size = self._socket.recv_into(buffer)
        except BlockingIOError:
            return
        except OSError as error:
            self._broken(error)
            return
        if not size:
            self._end_of_stream()
        elif self._state is _State.OPEN:
            self._receive(buffer[:size])
        elif self._state is _State.HANDSHAKE:
            self._shake_hands(buffer[:size])

    def _receive(self, data: memoryview) -> None:
        session = self._session
        try:
            plaintext = session.decrypt(data)
            if plaintext:
                self.handler.received(plaintext)
        except Exception as error:
            self._failed(error)
            return
        if session.peer_closed:
            self.close()
        elif session.has_output:
            self._mark_dirty()

    def _shake_hands(self, data: memoryview) -> None:
        session = self._session
        try:
            done = session.handshake(data)
        except SecureChatError as error:
            self._transmit(session.output())
            self.abort(error)
            return
        self._mark_dirty()
        if done:
            self._open()

    def _open(self) -> None:
        self._state = _State.OPEN
        self._reactor.timers.set(self._timer, None)
        try:
            self.handler.opened(self)
        except Exception as error:
            self._failed(error)
        if self._state is _State.OPEN:
            self._receive(memoryview(b""))  # what came in one piece with the end of the handshake

    def _end_of_stream(self) -> None:
        if self._state is _State.LINGERING:
            self.abort()
        elif self._state is _State.HANDSHAKE:
            self.abort(Unreachable(f"{self.remote} closed the connection during the TLS handshake."))
        else:
            self.abort(Unreachable(f"The connection to {self.remote} was cut off."))

    # Writing -------------------------------------------------------------------------------------

    def _mark_dirty(self) -> None:
        if not self._dirty:
            self._dirty = True
            self._reactor.dirty.append(self)

    def _send_more(self) -> None:
        if self._unsent and not self._transmit(self._unsent):
            return
        self._send_batches()

    def _send_batches(self) -> None:
        for _ in range(BATCHES_PER_TICK):
            if not self._send_batch():
                return
            if not self._queue.size_bytes:
                break
        if self._state is _State.CLOSING and not self._queue.size_bytes:
            self._say_goodbye()
        self._watch()

    def _send_batch(self) -> bool:
        """Encrypt and send some of the queue; False when the socket took less, or broke."""
        queue, session = self._queue, self._session
        if queue.size_bytes:
            try:
                session.encrypt(queue.take(BATCH_BYTES))
            except SecureChatError as error:
                self.abort(error)
                return False
        return self._transmit(session.output())

    def _transmit(self, data: bytes | memoryview) -> bool:
        """Send `data`; False when the socket did not take all of it, the rest then waits."""
        if not data:
            return True
        try:
            size = self._socket.send(data)
        except BlockingIOError:
            size = 0
        except OSError as error:
            self._broken(error)
            return False
        if size == len(data):
            self._unsent = memoryview(b"")
            return True
        self._unsent = memoryview(data)[size:]
        self._watch()
        return False

    # Closing -------------------------------------------------------------------------------------

    def _say_goodbye(self) -> None:
        self._state = _State.LINGERING
        self._session.close_notify()
        ...

    def _set_deadline(self, seconds: float) -> None:
        self._reactor.timers.set(self._timer, self._reactor.clock() + seconds)
