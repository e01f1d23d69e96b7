"""The load: pairs who answer each message with one, a fixed number under way in each pair."""

import selectors
import time
from array import array
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from relaybench.clients import Client
from relaybench.servers import Server

WARM_UP_S = 0.2
ACK_AFTER_S = 0.005
SETTLE_S = 0.1
"""Longer than a relay waits with an answer or with handing an envelope to its store."""

DRAIN_S = 10.0

Pair = tuple[Client, Client]


@dataclass(frozen=True)
class Sample:
    """One run of one load on one server."""

    delivered: int
    cpu_s: float
    wall_s: float
    latencies_s: Sequence[float]
    """From the send to the delivery of each message, sorted."""
    broken_pairs: int

    @property
    def cpu_us(self) -> float:
        """CPU microseconds of the server for each delivered message."""
        return self.cpu_s / self.delivered * 1e6

    @property
    def messages_per_s(self) -> float:
        """Deliveries a second."""
        return self.delivered / self.wall_s

    def latency_ms(self, share: float) -> float:
        """Return the latency that this share of the messages stayed within."""
        return self.latencies_s[int(share * (len(self.latencies_s) - 1))] * 1e3


class _Member:
    """A client, and when the messages for it that are under way were sent."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.peer = self
        self.due: deque[float] = deque()

    def send(self, count: int, now: float) -> None:
        message = self.client.message
        self.peer.due.extend([now] * count)
        self.client.stream.write([message() for _ in range(count)])


class Load:
    """Drives connected pairs; one thread, one selector."""

    def __init__(self, pairs: Sequence[Pair]) -> None:
        self._selector = selectors.DefaultSelector()
        self._members: set[_Member] = set()
        for first, second in pairs:
            self._join(_Member(first), _Member(second))
        self.latencies_s = array("d")
        self.broken_pairs = 0

    def run(self, under_way: int, seconds: float) -> None:
        """Keep this many messages under way in each pair, then wait until all have come."""
        self._start(under_way)
        self._pump(seconds, replying=True)
        deadline = time.perf_counter() + DRAIN_S
        while any(member.due for member in self._members):
            if time.perf_counter() > deadline:
                raise RuntimeError(f"Messages were lost: not delivered within {DRAIN_S:.0f} s")
            self._pump(0.0, replying=False)

    def settle(self) -> None:
        """Acknowledge what is not acknowledged yet, and read the answers to it."""
        time.sleep(ACK_AFTER_S)
        for member in list(self._members):
            if data := member.client.take_ack():
                member.client.stream.write([data])
        self._pump(SETTLE_S, replying=False)

    def close(self) -> None:
        """Check that everything was answered for, and hang up."""
        for member in list(self._members):
            member.client.check_answered()
            member.client.stream.socket.close()
        self._selector.close()

    def _join(self, first: _Member, second: _Member) -> None:
        first.peer, second.peer = second, first
        for member in (first, second):
            self._members.add(member)
            self._selector.register(member.client.stream.socket, selectors.EVENT_READ, member)

    def _start(self, under_way: int) -> None:
        begun: set[_Member] = set()
        for member in self._members:
            is_first = member.peer not in begun
            begun.add(member)
            if count := (under_way + is_first) // 2:
                member.send(count, time.perf_counter())

    def _pump(self, seconds: float, *, replying: bool) -> None:
        """Serve whoever got something, at least once, for this long."""
        deadline = time.perf_counter() + seconds
        while True:
            wait_s = max(0.001, deadline - time.perf_counter())
            for key, _ in self._selector.select(wait_s):
                self._serve(key.data, replying=replying)
            if time.perf_counter() >= deadline:
                return

    def _serve(self, member: _Member, *, replying: bool) -> None:
        if member not in self._members:
            return  # its pair broke in this very round
        try:
            count = member.client.count_deliveries(member.client.stream.read())
            now = time.perf_counter()
            self.latencies_s.extend([now - member.due.popleft() for _ in range(count)])
            if replying and count:
                member.send(count, now)
        except OSError:
            self._break(member)

    def _break(self, member: _Member) -> None:
        self.broken_pairs += 1
        for half in (member, member.peer):
            self._members.discard(half)
            self._selector.unregister(half.client.stream.socket)
            half.client.stream.socket.close()


def measure(server: Server, pairs: Sequence[Pair], under_way: int, seconds: float) -> Sample:
    """Load a server from idle to idle and return what that cost it."""
    load = Load(pairs)
    load.run(under_way, WARM_UP_S)
    load.settle()
    load.latencies_s = array("d")
    cpu_before_s, started = server.cpu_s(), time.perf_counter()
    load.run(under_way, seconds)
    wall_s = time.perf_counter() - started
    load.settle()
    cpu_s = server.cpu_s() - cpu_before_s
    load.close()
    latencies_s = sorted(load.latencies_s)
    return Sample(len(latencies_s), cpu_s, wall_s, latencies_s, load.broken_pairs)
