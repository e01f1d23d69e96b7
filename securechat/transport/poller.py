"""Which sockets can be read or written: epoll itself where there is one, else `selectors`.

`selectors` makes several objects for each ready socket: a relay pays that for every message.
"""

import select
import selectors
import socket
from typing import Protocol

from securechat.errors import SecureChatError

READ = 1
"""To wait until a socket can be read (EPOLLIN)."""

WRITE = 4
"""To wait until it can be written (EPOLLOUT)."""

_BROKEN = 0x18  # EPOLLERR and EPOLLHUP come unasked: to read or to write tells more
READABLE = READ | _BROKEN
WRITABLE = WRITE | _BROKEN
"""Which of the events that `Source.ready` is given mean that."""


class Source(Protocol):
    """Something with a socket that is watched."""

    def ready(self, events: int, /) -> None:
        """The socket can be read or written: `READABLE`, `WRITABLE` or both."""

    def abort(self, error: SecureChatError | None = None, /) -> None:
        """Close at once."""


class Poller(Protocol):
    """Watches sockets for one thread."""

    sources: dict[int, Source]
    """Who waits, by the number of the socket."""

    def watch(self, sock: socket.socket, old: int, new: int, source: Source) -> None:
        """Change what ``source`` waits for on its open socket; 0 is: nothing."""

    def poll(self, timeout_s: float | None) -> list[tuple[int, int]]:
        """Return who is ready, number and events; waits so long, without an end for None."""

    def close(self) -> None:
        """Watch nothing any more."""


class _Epoll:
    def __init__(self) -> None:
        self.sources: dict[int, Source] = {}
        self._epoll = select.epoll()
        self.poll = self._epoll.poll
        self.close = self._epoll.close

    def watch(self, sock: socket.socket, old: int, new: int, source: Source) -> None:
        number = sock.fileno()
        if not old:
            self._epoll.register(number, new)
            self.sources[number] = source
        elif new:
            self._epoll.modify(number, new)
        else:
            self._epoll.unregister(number)
            del self.sources[number]


class _Selector:
    def __init__(self) -> None:
        self.sources: dict[int, Source] = {}
        self._selector = selectors.DefaultSelector()
        self.close = self._selector.close

    def watch(self, sock: socket.socket, old: int, new: int, source: Source) -> None:
        number = sock.fileno()
        if not old:
            self._selector.register(number, _SELECTOR_EVENTS[new])
            self.sources[number] = source
        elif new:
            self._selector.modify(number, _SELECTOR_EVENTS[new])
        else:
            self._selector.unregister(number)
            del self.sources[number]

    def poll(self, timeout_s: float | None) -> list[tuple[int, int]]:
        ready = self._selector.select(timeout_s)
        return [(key.fd, _POLLER_EVENTS[events]) for key, events in ready]


_SELECTOR_EVENTS = {
    READ: selectors.EVENT_READ,
    WRITE: selectors.EVENT_WRITE,
    READ | WRITE: selectors.EVENT_READ | selectors.EVENT_WRITE,
}
_POLLER_EVENTS = {theirs: ours for ours, theirs in _SELECTOR_EVENTS.items()}


def make_poller() -> Poller:
    """Return the best poller of this system."""
    return _Epoll() if hasattr(select, "epoll") else _Selector()
