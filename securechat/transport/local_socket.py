"""Lines from other processes of the same user: a local socket in a directory nobody else enters.

The sockets live in the loop. A session that sends a line too long, or does not read what it asked
for, is told so and ended; none of them can make the loop or another thread wait.
"""

import socket
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Protocol

from securechat.errors import LimitExceeded, SecureChatError, UsageError
from securechat.transport.local_place import make_place, remove_place
from securechat.transport.poller import READ, READABLE, WRITABLE, WRITE
from securechat.transport.reactor import Reactor, logger

MAX_LINE_BYTES = 64 * 1024
MAX_SESSIONS = 16
"""More than these wait at the door; the system keeps them there."""
MAX_QUEUED_BYTES = 1024 * 1024
LINGER_S = 2.0
"""How long somebody may take to read the last lines."""

_READ_BYTES = 64 * 1024


class LineHandler(Protocol):
    """What a session's lines are for; everything is called in the loop's thread."""

    def received(self, line: bytes) -> None:
        """Take a line, without its end."""

    def farewell(self, error: SecureChatError) -> bytes:
        """Return the last line to write to somebody who is ended because of this error."""

    def closed(self) -> None:
        """The session is over."""


class LocalSession:
    """One process that has connected; `write_line` and `end` serve any thread."""

    def __init__(
        self, reactor: Reactor, sock: socket.socket, on_closed: Callable[[], None]
    ) -> None:
        self._reactor = reactor
        self._socket = sock
        self._on_closed = on_closed
        self._handler: LineHandler | None = None
        self._watched = 0
        self._incoming = bytearray()
        self._outgoing: deque[memoryview] = deque()
        self._queued_bytes = 0
        self._refused = self._ending = self._closed = False

    def write_line(self, line: bytes) -> None:
        """Queue a line; whoever leaves `MAX_QUEUED_BYTES` unread is ended with a word."""
        self._reactor.call_soon(partial(self._write, line))

    def end(self) -> None:
        """Close it when all that was written has been read, within `LINGER_S`."""
        self._reactor.call_soon(lambda: self.close(LINGER_S))

    # In the loop's thread -------------------------------------------------------------------------

    def begin(self, accept: "Callable[[LocalSession], LineHandler]") -> None:
        """Make the handler and start to read."""
        if self._reactor.add(self):
            self._handler = accept(self)
            self._watch()

    def ready(self, events: int) -> None:
        """Read and write what can be."""
        if events & READABLE:
            self._read()
        if events & WRITABLE and not self._closed:
            self._flush()

    def close(self, deadline_s: float = LINGER_S) -> None:
        """Take nothing more; close when all is read, or when the time is over."""
        if not (self._ending or self._closed):
            self._ending = True
            self._reactor.call_later(min(deadline_s, LINGER_S), self.abort)
            self._flush()

    def abort(self, _error: SecureChatError | None = None) -> None:
        """Close at once."""
        if self._closed:
            return
        self._closed = True
        self._reactor.discard(self)
        if self._watched:
            self._reactor.watch(self._socket, self._watched, 0, self)
        self._socket.close()
        if self._handler is not None:
            self._handler.closed()
        self._on_closed()

    def _write(self, line: bytes) -> None:
        if self._refused or self._ending or self._closed:
            return
        if self._queued_bytes + len(line) > MAX_QUEUED_BYTES:
            begun = self._outgoing[0] if self._outgoing else None
            self._outgoing.clear()
            self._queued_bytes = 0
            if begun is not None:  # a part of it has gone out already
                self._queue(begun)
            self._refuse(LimitExceeded("You did not read what you asked for", "ask again"))
            return
        self._queue(memoryview(line + b"\n"))
        self._flush()

    def _queue(self, data: memoryview) -> None:
        self._outgoing.append(data)
        self._queued_bytes += len(data)

    def _refuse(self, error: SecureChatError) -> None:
        self._refused = True
        if self._handler is not None:
            self._queue(memoryview(self._handler.farewell(error) + b"\n"))
        self.close(LINGER_S)

    def _flush(self) -> None:
        try:
            while self._outgoing:
                sent = self._socket.send(self._outgoing[0])
                self._queued_bytes -= sent
                self._outgoing[0] = self._outgoing[0][sent:]
                if not self._outgoing[0]:
                    self._outgoing.popleft()
            if self._ending:
                self._socket.shutdown(socket.SHUT_WR)  # and the other side then closes
        except BlockingIOError:
            pass
        except OSError:
            self.abort()
            return
        self._watch()

    def _watch(self) -> None:
        wanted = READ | (WRITE if self._outgoing else 0)
        if wanted != self._watched:
            self._reactor.watch(self._socket, self._watched, wanted, self)
            self._watched = wanted

    def _read(self) -> None:
        try:
            data = self._socket.recv(_READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.abort()
            return
        *lines, rest = (bytes(self._incoming) + data).split(b"\n")
        for line in lines:
            self._receive(line)
        self._incoming[:] = rest
        if len(rest) > MAX_LINE_BYTES:
            self._receive(rest)

    def _receive(self, line: bytes) -> None:
        if self._refused or self._ending or self._closed or self._handler is None:
            return
        if len(line) > MAX_LINE_BYTES:
            self._refuse(UsageError(f"A line has more than {MAX_LINE_BYTES:,} bytes"))
        else:
            self._handler.received(line)


class LocalListener:
    """A local socket at ``path``, which goes away with `abort`; ``sessions`` are connected."""

    def __init__(
        self, reactor: Reactor, directory: Path, accept: Callable[[LocalSession], LineHandler]
    ) -> None:
        """Make it in ``directory`` (`make_place`), any thread; FileProblem without a place."""
        self._reactor = reactor
        self._accept = accept
        self._accepting = False
        self.sessions = 0
        self.path, self._socket = make_place(directory)
        reactor.call_soon(self._begin)

    def ready(self, _events: int) -> None:
        """Let somebody in."""
        try:
            sock, _ = self._socket.accept()
        except OSError:
            return  # that one is gone again
        sock.setblocking(False)
        self.sessions += 1
        self._watch()
        LocalSession(self._reactor, sock, self._left).begin(self._accept)

    def close(self, _deadline_s: float = 0.0) -> None:
        """Let nobody in any more; the sessions stay."""
        self.abort()

    def abort(self, error: SecureChatError | None = None) -> None:
        """Let nobody in any more; the sessions stay."""
        if error is not None:
            logger.error("other commands cannot reach this one any more: %s", error)
        self._reactor.discard(self)
        if self._accepting:
            self._accepting = False
            self._reactor.watch(self._socket, READ, 0, self)
        self._socket.close()
        remove_place(self.path)

    def _begin(self) -> None:
        if self._reactor.add(self):
            self._watch()

    def _left(self) -> None:
        self.sessions -= 1
        self._watch()

    def _watch(self) -> None:
        """Let the next ones in while there is room."""
        wanted = self.sessions < MAX_SESSIONS and self._socket.fileno() >= 0
        if wanted != self._accepting:
            old, new = (0, READ) if wanted else (READ, 0)
            self._reactor.watch(self._socket, old, new, self)
            self._accepting = wanted
