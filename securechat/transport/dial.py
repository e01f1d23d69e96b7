"""Dialling: look the name up, try its addresses, and start TLS on the first that answers.

The look-up has a thread of its own, since it may block for longer than anybody waits. A second
address is tried when the first fails or stays silent for `NEXT_ADDRESS_S`, so a dead IPv6 route
costs a quarter of a second; one deadline covers them all.
"""

import errno
import os
import socket
import threading
from collections import deque
from typing import Any

from securechat.errors import SecureChatError
from securechat.transport.connection import Connection, Handler
from securechat.transport.endpoint import Endpoint
from securechat.transport.network_errors import cannot_reach, reason
from securechat.transport.poller import WRITE
from securechat.transport.reactor import Reactor
from securechat.transport.timers import Timer
from securechat.transport.tls_session import TlsSettings

NEXT_ADDRESS_S = 0.25

HANDSHAKE_S = 5.0

_UNDER_WAY = {0, errno.EINPROGRESS, errno.EWOULDBLOCK}

Address = tuple[int, tuple[Any, ...]]
"""A family (``socket.AF_*``) and a socket address."""


class Dialling:
    """One attempt to reach `remote`; it ends in `handler.opened` or in `handler.closed`."""

    def __init__(
        self,
        reactor: Reactor,
        remote: Endpoint,
        tls: TlsSettings,
        handler: Handler,
        timeout_s: float,
    ) -> None:
        self._reactor = reactor
        self._remote = remote
        self._tls = tls
        self._handler = handler
        self._timeout_s = timeout_s
        self._untried: deque[Address] = deque()
        self._attempts: set[_Attempt] = set()
        self._failure = "it has no address"
        self._done = False
        self._deadline = Timer(self._timed_out)
        self._next_attempt = Timer(lambda _now: self._try_next())

    def begin(self) -> None:
        """Start with the look-up."""
        if not self._reactor.add(self):
            return
        self._reactor.timers.set(self._deadline, self._reactor.clock() + self._timeout_s)
        try:
            self._resolved(_look_up(self._remote, socket.AI_NUMERICHOST))
        except OSError:
            threading.Thread(target=self._look_up_name, name="look-up", daemon=True).start()

    def close(self, _deadline_s: float) -> None:
        """Give up."""
        self.abort()

    def abort(self, error: SecureChatError | None = None) -> None:
        """Give up; `handler.closed` gets `error`."""
        if not self._done:
            self._finish()
            self._reactor.call_soon(lambda: self._handler.closed(error))

    def connected(self, attempt: "_Attempt", sock: socket.socket) -> None:
        """Start TLS on the socket of this attempt and forget the others."""
        self._attempts.discard(attempt)
        self._finish()
        try:
            session = self._tls.session(self._remote)
        except (OSError, ValueError) as error:
            sock.close()
            failure = cannot_reach(self._remote, f"TLS cannot start: {error}")
            self._reactor.call_soon(lambda: self._handler.closed(failure))
            return
        connection = Connection(self._reactor, sock, self._remote, session, self._handler)
        connection.begin(HANDSHAKE_S)

    def failed(self, attempt: "_Attempt", why: str) -> None:
        """Go on with the next address; without one, give up."""
        self._attempts.discard(attempt)
        self._failure = why
        self._try_next()

    def _look_up_name(self) -> None:
        try:
            addresses = _look_up(self._remote)
        except OSError as error:
            why = reason(error)
            self._reactor.call_soon(lambda: self._give_up(why))
        else:
            self._reactor.call_soon(lambda: self._resolved(addresses))

    def _resolved(self, addresses: list[Address]) -> None:
        if not self._done:
            self._untried.extend(addresses)
            self._try_next()

    def _try_next(self) -> None:
        while self._untried and not self._done:
            try:
                sock = _start_connecting(*self._untried.popleft())
            except OSError as error:
                self._failure = reason(error)
                continue
            self._attempts.add(_Attempt(self._reactor, sock, self))
            next_at = self._reactor.clock() + NEXT_ADDRESS_S
            self._reactor.timers.set(self._next_attempt, next_at)
            return
        if not self._attempts:
            self._give_up(self._failure)

    def _timed_out(self, _now: float) -> None:
        self._give_up(f"timed out after {self._timeout_s:g} s")

    def _give_up(self, why: str) -> None:
        self.abort(cannot_reach(self._remote, why))

    def _finish(self) -> None:
        self._done = True
        self._reactor.timers.set(self._deadline, None)
        self._reactor.timers.set(self._next_attempt, None)
        self._reactor.discard(self)
        for attempt in self._attempts:
            attempt.abort()
        self._attempts.clear()


class _Attempt:
    """One socket on its way to one address."""

    def __init__(self, reactor: Reactor, sock: socket.socket, dialling: Dialling) -> None:
        self._reactor = reactor
        self._socket = sock
        self._dialling = dialling
        reactor.watch(sock, 0, WRITE, self)

    def ready(self, _events: int) -> None:
        """Learn how the connect went."""
        code = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            self.abort()
            self._dialling.failed(self, reason(OSError(code, os.strerror(code))))
        else:
            self._reactor.watch(self._socket, WRITE, 0, self)
            self._dialling.connected(self, self._socket)

    def abort(self, _error: SecureChatError | None = None) -> None:
        """Close the socket."""
        self._reactor.watch(self._socket, WRITE, 0, self)
        self._socket.close()


def _start_connecting(family: int, sockaddr: tuple[Any, ...]) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        code = sock.connect_ex(sockaddr)
        if code not in _UNDER_WAY:
            raise OSError(code, os.strerror(code))
    except OSError:
        sock.close()
        raise
    return sock


def _look_up(remote: Endpoint, flags: int = 0) -> list[Address]:
    try:
        found = socket.getaddrinfo(*remote, type=socket.SOCK_STREAM, flags=flags)
    except (UnicodeError, OverflowError) as error:
        raise socket.gaierror(str(error)) from error
    return [(family, sockaddr) for family, _, _, _, sockaddr in found]
