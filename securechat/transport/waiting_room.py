"""Accepted sockets that wait, unread, until their address has a place for one more stranger.

So many people behind one address are let in one after the other, and nobody else waits for them.
"""

import socket
from collections import deque
from typing import NamedTuple

from securechat.transport.endpoint import Endpoint


class Waiting(NamedTuple):
    """One of them; ``since`` is when it was accepted, on the loop's clock."""

    socket: socket.socket
    remote: Endpoint
    since: float


class WaitingRoom:
    """All who wait at one listener, at most so many; each address has a queue of its own."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._queues: dict[str, deque[Waiting]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def hosts(self) -> list[str]:
        """The addresses that somebody waits from."""
        return list(self._queues)

    def put(self, waiting: Waiting) -> bool:
        """Let it wait; False when the room is full."""
        if self._count >= self._capacity:
            return False
        self._queues.setdefault(waiting.remote.host, deque()).append(waiting)
        self._count += 1
        return True

    def first(self, host: str) -> Waiting | None:
        """Return who has waited longest of an address."""
        queue = self._queues.get(host)
        return queue[0] if queue else None

    def take(self, host: str) -> None:
        """Remove who has waited longest of an address at which somebody waits."""
        self._queues[host].popleft()
        self._left(host)

    def turn_away(self) -> bool:
        """Close the one that came last where most wait; False when there is none."""
        if not self._count:
            return False
        host = max(self._queues, key=lambda host: len(self._queues[host]))
        last = self._queues[host].pop()
        self._left(host)
        last.socket.close()
        return True

    def close(self) -> None:
        """Close all."""
        for queue in self._queues.values():
            for waiting in queue:
                waiting.socket.close()
        self._queues.clear()
        self._count = 0

    def _left(self, host: str) -> None:
        self._count -= 1
        if not self._queues[host]:
            del self._queues[host]
