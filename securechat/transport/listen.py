"""Listening: take connections from the kernel, let in whom the limits allow, start TLS on them."""

import errno
import socket
from collections.abc import Callable

from securechat.errors import SecureChatError
from securechat.transport.admission import Admission, Limits, Ticket
from securechat.transport.connection import Connection, Handler
from securechat.transport.endpoint import Endpoint
from securechat.transport.poller import READ
from securechat.transport.reactor import Reactor, logger
from securechat.transport.tls_session import TlsSettings
from securechat.transport.waiting_room import Waiting, WaitingRoom

ACCEPTS_PER_TICK = 16
"""Few enough that the handshakes of those who are in go on while a crowd waits at the door."""

NO_ROOM_S = 0.01
"""How long to let nobody in when too many who are in have not logged in yet."""

MAX_WAITING = 2048
"""How many are accepted and wait because too many of their address have not logged in yet."""

SHORTEST_HANDSHAKE_S = 0.5
"""Who has less of its time left for the handshake after waiting may as well come again."""

NO_FILES_S = 0.2
"""How long to accept nobody when the process has no file descriptor left, nor a place to free."""

WARN_EVERY_S = 60.0
"""How often at most the log is told that nobody can be accepted."""

_OUT_OF_FILES = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


class Listener:
    """The listening sockets of one server; assign `tls` to use it for connections from now on."""

    def __init__(
        self,
        reactor: Reactor,
        sockets: list[socket.socket],
        tls: TlsSettings,
        accept: Callable[[Endpoint], Handler],
        limits: Limits,
    ) -> None:
        self.tls = tls
        self.addresses = [Endpoint.from_sockaddr(sock.getsockname()) for sock in sockets]
        self._reactor = reactor
        self._sockets = sockets
        self._accept = accept
        self._limits = limits
        self._admission = Admission(limits)
        self._waiting = WaitingRoom(MAX_WAITING)
        self._is_letting_in = False
        self._accepting = False
        self._warn_at = float("-inf")

    def begin(self) -> None:
        """Start to accept."""
        if self._reactor.add(self):
            self._resume()

    def ready(self, _events: int) -> None:
        """Accept some of those who wait."""
        for sock in self._sockets:
            for _ in range(ACCEPTS_PER_TICK):
                if not self._accepting or not self._accept_one(sock):
                    break

    def close(self, _deadline_s: float = 0.0) -> None:
        """Accept nobody any more; connections that are open stay."""
        self.abort()

    def abort(self, _error: SecureChatError | None = None) -> None:
        """Accept nobody any more; connections that are open stay."""
        self._reactor.discard(self)
        self._pause()
        for sock in self._sockets:
            sock.close()
        self._sockets = []
        self._waiting.close()

    def _accept_one(self, listening: socket.socket) -> bool:
        """Take one connection from the kernel's queue; False when to stop for now."""
        now = self._reactor.clock()
        if not self._admission.has_room(now):
            self._pause(NO_ROOM_S)
            return False
        try:
            sock, sockaddr = listening.accept()
        except BlockingIOError:
            return False
        except OSError as error:
            if error.errno not in _OUT_OF_FILES:
                return True  # that one is gone again
            return self._make_room(now, error)
        self._admit(Waiting(sock, Endpoint.from_sockaddr(sockaddr), now))
        return True

    def _make_room(self, now: float, error: OSError) -> bool:
        """Free a descriptor for who waits in the kernel's queue; False when to stop for now."""
        if self._waiting.turn_away() or self._admission.make_room(now):
            return True
        if now >= self._warn_at:
            self._warn_at = now + WARN_EVERY_S
            logger.warning("no connection can be accepted: %s", error.strerror)
        self._pause(NO_FILES_S)
        return False

    def _admit(self, waiting: Waiting) -> None:
        """Let it in, let it wait for those of its address, or turn it away."""
        if self._admission.connections + len(self._waiting) >= self._limits.max_connections:
            waiting.socket.close()
            return
        host = waiting.remote.host
        ticket = None
        if self._waiting.first(host) is None:
            ticket = self._admission.admit(host, waiting.since)
        if ticket is not None:
            self._let_in(waiting, ticket)
        elif not self._waiting.put(waiting):
            waiting.socket.close()
        elif not self._is_letting_in:
            self._is_letting_in = True
            self._reactor.call_later(NO_ROOM_S, self._let_waiting_in)

    def _let_waiting_in(self) -> None:
        """Let in who waits as far as there are places, and turn away who has waited too long."""
        for host in self._waiting.hosts:
            while (waiting := self._waiting.first(host)) is not None:
                now = self._reactor.clock()
                is_late = now - waiting.since > self._limits.handshake_s - SHORTEST_HANDSHAKE_S
                ticket = None if is_late else self._admit_one_more(host, now)
                if ticket is None and not is_late:
                    break
                self._waiting.take(host)
                if ticket is None:
                    waiting.socket.close()
                else:
                    self._let_in(waiting, ticket)
        self._is_letting_in = len(self._waiting) > 0
        if self._is_letting_in:
            self._reactor.call_later(NO_ROOM_S, self._let_waiting_in)

    def _admit_one_more(self, host: str, now: float) -> Ticket | None:
        return self._admission.admit(host, now) if self._admission.has_room(now) else None

    def _let_in(self, waiting: Waiting, ticket: Ticket) -> None:
        """Start TLS; all deadlines count from when the socket was accepted."""
        sock, remote, since = waiting
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            session = self.tls.session(remote)
        except OSError:
            ticket.leave()
            sock.close()
            return
        guest = _Guest(self._accept, ticket)
        connection = Connection(self._reactor, sock, remote, session, guest)
        connection.since = since
        connection.begin(since + self._limits.handshake_s - self._reactor.clock(), ticket)

    def _pause(self, pause_s: float | None = None) -> None:
        if self._accepting:
            self._accepting = False
            for sock in self._sockets:
                self._reactor.watch(sock, READ, 0, self)
        if pause_s is not None:
            self._reactor.call_later(pause_s, self._resume)

    def _resume(self) -> None:
        if not self._accepting:
            self._accepting = True
            for sock in self._sockets:
                self._reactor.watch(sock, 0, READ, self)


class _Guest:
    """Handles a connection until its handshake is done, and then makes its real handler."""

    __slots__ = ("_accept", "_ticket")

    def __init__(self, accept: Callable[[Endpoint], Handler], ticket: Ticket) -> None:
        self._accept = accept
        self._ticket = ticket

    def opened(self, connection: Connection) -> None:
        self._ticket.got_on()
        connection.handler = self._accept(connection.remote)
        connection.handler.opened(connection)

    def received(self, data: bytes) -> None:
        """Never called: nothing is decrypted before `opened`."""

    def timer(self, now: float) -> None:
        """Never called: only an open connection has a timer."""

    def closed(self, error: SecureChatError | None) -> None:
        logger.debug("a connection ended before its handshake did: %s", error)
