"""One TLS connection of the loop: handshake, reading, coalesced writing, orderly closing."""

import socket
from contextlib import suppress
from enum import IntEnum
from typing import Protocol

from securechat.errors import LimitExceeded, SecureChatError
from securechat.transport.admission import Ticket
from securechat.transport.endpoint import Endpoint
from securechat.transport.network_errors import cannot_reach, connection_lost, reason
from securechat.transport.poller import READ, READABLE, WRITABLE, WRITE
from securechat.transport.reactor import Reactor, internal_error, logger
from securechat.transport.sender import Sender
from securechat.transport.timers import Timer
from securechat.transport.tls_session import FIRST_SLICE_BYTES, TlsSession

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
    """What arrives is dropped; what is queued goes out."""
    ENDING = 3
    """The queue is empty, close_notify goes out."""
    LINGERING = 4
    """All is out; the other side may read it and close first."""
    CLOSED = 5


_HANDSHAKE, _OPEN, _CLOSING, _ENDING, _LINGERING, _CLOSED = _State

_NOTHING = memoryview(b"")


class Connection:
    """One side of a TLS connection; use it in the loop's thread only.

    ``since`` is when the socket was connected or accepted, on the loop's clock.
    """

    __slots__ = (
        "_dirty",
        "_events",
        "_paused",
        "_reactor",
        "_sender",
        "_session",
        "_socket",
        "_state",
        "_ticket",
        "_timer",
        "handler",
        "remote",
        "since",
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
        self.since = reactor.clock()
        self.handler = handler
        self._reactor = reactor
        self._socket = sock
        self._session = session
        self._ticket: Ticket | None = None
        self._state = _HANDSHAKE
        self._sender = Sender(sock, session)
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
        return self._sender.backlog_bytes

    def write(self, data: bytes) -> None:
        """Queue `data` for the end of this tick; dropped when the connection is closing."""
        if self._state is _OPEN:
            self._sender.append(data)
            if not self._dirty:
                self._dirty = True
                self._reactor.dirty.append(self)

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
        if self._state is _OPEN:
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
        if self._state is _HANDSHAKE:
            self.abort()
        elif self._state is _OPEN:
            self._state = _CLOSING
            self._set_deadline(deadline_s)
            self._watch()
            self._mark_dirty()

    def abort(self, error: SecureChatError | None = None) -> None:
        """Close at once, losing what is queued; `closed` gets `error` a little later."""
        if self._state is _CLOSED:
            return
        self._state = _CLOSED
        self._reactor.timers.set(self._timer, None)
        self._watch()
        self._socket.close()
        self._sender.clear()
        self._session.release()
        self._reactor.discard(self)
        if self._ticket is not None:
            self._ticket.leave()
        self._reactor.call_soon(lambda: self.handler.closed(error))

    # What the loop uses --------------------------------------------------------------------------

    def begin(self, handshake_s: float, ticket: Ticket | None = None) -> None:
        """Start the handshake, which must be done within `handshake_s`."""
        if ticket is not None:
            self._ticket = ticket
            ticket.evict = self._make_room
        if self._reactor.add(self):
            self._set_deadline(handshake_s)
            self._watch()
            self._shake_hands(_NOTHING)

    def ready(self, events: int) -> None:
        """Read, write, or both."""
        if events & READABLE:
            self._read()
        if events & WRITABLE and self._state is not _CLOSED:
            self._send()

    def flush(self) -> None:
        """Send what this tick queued, unless the socket is still busy with earlier bytes."""
        self._dirty = False
        if not self._sender.blocked and self._state is not _CLOSED:
            self._send()

    # Reading -------------------------------------------------------------------------------------

    def _read(self) -> None:
        buffer = self._reactor.read_buffer
        try:
            size = self._socket.recv_into(buffer)
        except BlockingIOError:
            return
        except OSError as error:
            self._lost(reason(error))
            return
        state = self._state
        if size and (state is _OPEN or state is _CLOSING):
            self._receive(buffer[:size])
        elif not size:
            self._end_of_stream()
        elif state is _HANDSHAKE:
            self._shake_hands(buffer[:size])

    def _receive(self, data: memoryview) -> None:
        session = self._session
        try:
            plaintext = session.decrypt(data)
            if plaintext and self._state is _OPEN:
                self.handler.received(plaintext)
        except Exception as error:
            self._fail(error)
            return
        if session.peer_closed:
            self.close()
        elif session.outgoing.pending:
            self._mark_dirty()

    def _shake_hands(self, data: memoryview) -> None:
        """Go on with the handshake, a slice at a time: what follows its end is for `_receive`."""
        self._mark_dirty()
        for start in range(0, len(data) or 1, FIRST_SLICE_BYTES):
            end = start + FIRST_SLICE_BYTES
            try:
                done = self._session.handshake(data[start:end])
            except SecureChatError as error:
                self._fail(error)
                return
            if done:
                self._open(data[end:])
                return

    def _open(self, rest: memoryview) -> None:
        self._state = _OPEN
        self._reactor.timers.set(self._timer, None)
        try:
            self.handler.opened(self)
        except Exception as error:
            self._fail(error)
        if self._state is _OPEN:
            self._receive(_NOTHING)  # what came in one slice with the end of the handshake
        if rest and self._state is not _CLOSED:
            self._receive(rest)

    def _end_of_stream(self) -> None:
        if self._state >= _ENDING:
            self.abort()
        else:
            self._lost("the other side cut it off")

    # Writing -------------------------------------------------------------------------------------

    def _mark_dirty(self) -> None:
        if not self._dirty:
            self._dirty = True
            self._reactor.dirty.append(self)

    def _send(self) -> None:
        sender = self._sender
        try:
            all_sent = sender.send()
        except OSError as error:
            self._lost(reason(error))
            return
        except SecureChatError as error:
            self.abort(error)
            return
        if sender.blocked or self._events & WRITE:
            self._watch()
        if not all_sent:
            if not sender.blocked:
                self._mark_dirty()  # the next tick goes on, after others had their turn
        elif self._state is not _OPEN:
            self._all_sent()

    def _all_sent(self) -> None:
        if self._state is _CLOSING:
            self._state = _ENDING
            self._session.close_notify()
            self._send()
        elif self._state is _ENDING:
            self._linger()

    # Closing -------------------------------------------------------------------------------------

    def _linger(self) -> None:
        """Let the other side close first: closing over unread bytes would destroy what we sent."""
        if self._session.peer_closed:
            self.abort()
            return
        self._state = _LINGERING
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            self.abort()
            return
        if (deadline := self._timer.deadline) is not None:
            self._set_deadline(min(LINGER_S, deadline - self._reactor.clock()))
        self._watch()

    def _deadline_passed(self, now: float) -> None:
        if self._state is _OPEN:
            try:
                self.set_timer(self.handler.timer(now))
            except Exception as error:
                self._fail(error)
        elif self._state is _HANDSHAKE:
            self.abort(cannot_reach(self.remote, "the TLS handshake took too long"))
        elif self._state is _LINGERING:
            self.abort()
        else:
            self._lost(f"{self.backlog_bytes} bytes were not taken in time")

    def _make_room(self) -> None:
        self.abort(LimitExceeded("Too many connections wait to log in; the oldest made room."))

    def _lost(self, why: str) -> None:
        if self._state is _HANDSHAKE:
            self.abort(cannot_reach(self.remote, f"during the TLS handshake: {why}"))
        elif self._session.peer_closed:
            self.abort()
        else:
            self.abort(connection_lost(self.remote, why))

    def _fail(self, error: Exception) -> None:
        """Close for an error that is not the network's, with TLS's own alert if there is one."""
        if not isinstance(error, SecureChatError):
            logger.error("the handler of %s failed", self.remote, exc_info=error)
        if self._state is not _CLOSED and self._session.outgoing.pending:
            with suppress(OSError):
                self._socket.send(self._session.output())
        self.abort(internal_error(error))

    def _set_deadline(self, seconds: float) -> None:
        self._reactor.timers.set(self._timer, self._reactor.clock() + seconds)

    def _watch(self) -> None:
        """Tell the poller what this connection waits for now."""
        events = 0
        if self._state is not _CLOSED:
            paused = self._paused and self._state is _OPEN
            if not paused and not self._session.peer_closed:
                events = READ
            if self._sender.blocked:
                events |= WRITE
        if events != self._events:
            self._reactor.watch(self._socket, self._events, events, self)
            self._events = events
