"""The load of pairs who answer each message with one, a fixed number under way in each pair.

Whoever gets several messages in one read answers with as many, written together.
"""

import selectors
import time
from array import array
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

from relaybench.client import CYCLE, NUMBERS, Client, LoadFailed
from relaybench.manner import Manner
from relaybench.sample import Sample, measure
from relaybench.servers import Server

ACK_AFTER_S = 0.005
SETTLE_S = 0.1
"""Longer than a relay waits with an answer or with handing an envelope to its store."""

DRAIN_S = 10.0
BLOCKED_S = 0.001


Tick = Callable[[float], None]
"""What else has to be done now and then, given the time."""


class _Member:
    """A client, and the messages for it that are under way."""

    __slots__ = ("client", "expected", "peer", "under_way")

    def __init__(self, client: Client) -> None:
        self.client = client
        self.peer = self
        self.under_way: deque[tuple[float, int]] = deque()
        """When messages were sent, and how many at that time."""
        self.expected = 0

    def send(self, count: int, now: float) -> bool:
        """Write the next messages; return whether the socket has taken everything."""
        self.peer.under_way.append((now, count))
        return self.client.stream.write(self.client.messages(count))

    def check(self, numbers: bytes) -> None:
        """Raise LoadFailed unless these are the numbers of the messages that come next."""
        expected = self.expected
        if numbers != CYCLE[expected : expected + len(numbers)]:
            raise LoadFailed(f"Messages {list(numbers)} came where {expected} was next")
        self.expected = (expected + len(numbers)) % NUMBERS

    def sent_at(self, count: int) -> list[float]:
        """Return when each of the oldest messages under way was sent, which have come."""
        times: list[float] = []
        while count:
            sent, several = self.under_way.popleft()
            if several > count:
                self.under_way.appendleft((sent, several - count))
                several = count
            times += [sent] * several
            count -= several
        return times


class PairsLoad:
    """Drives connected pairs (each client beside its peer); one thread, one selector."""

    def __init__(self, clients: Sequence[Client], tick: Tick | None = None) -> None:
        self._tick = tick
        self._selector = selectors.DefaultSelector()
        self._members = [_Member(client) for client in clients]
        for first, second in zip(self._members[::2], self._members[1::2], strict=True):
            first.peer, second.peer = second, first
        for member in self._members:
            self._selector.register(member.client.stream.socket, selectors.EVENT_READ, member)
        self._blocked: set[_Member] = set()
        self.delivered = 0
        self.latencies_s = array("d")

    def run(self, under_way: int, seconds: float) -> None:
        """Keep this many messages under way in each pair, then wait until all have come."""
        self._start(under_way)
        self._pump(seconds, replying=True)
        deadline = time.perf_counter() + DRAIN_S
        while any(member.under_way for member in self._members):
            if time.perf_counter() > deadline:
                raise LoadFailed(f"Messages were lost: not delivered within {DRAIN_S:.0f} s")
            self._pump(0.0, replying=False)

    def settle(self) -> None:
        """Acknowledge what is not acknowledged yet; wait until the server has answered for all."""
        time.sleep(ACK_AFTER_S)
        for member in self._members:
            if member.client.owes():
                member.client.stream.write(member.client.take_owed())
        self._pump(SETTLE_S, replying=False)
        deadline = time.perf_counter() + DRAIN_S
        while unanswered := sum(member.client.unanswered() for member in self._members):
            if time.perf_counter() > deadline:
                raise LoadFailed(f"{unanswered} messages were not accepted within {DRAIN_S:.0f} s")
            self._pump(BLOCKED_S, replying=False)

    def close(self) -> None:
        """Hang up."""
        for member in self._members:
            member.client.stream.close()
        self._selector.close()

    def _start(self, under_way: int) -> None:
        for first, second in zip(self._members[::2], self._members[1::2], strict=True):
            for member, count in ((first, (under_way + 1) // 2), (second, under_way // 2)):
                if count and not member.send(count, time.perf_counter()):
                    self._blocked.add(member)

    def _pump(self, seconds: float, *, replying: bool) -> None:
        """Serve whoever got something, at least once, for this long."""
        deadline = time.perf_counter() + seconds
        while True:
            wait_s = max(BLOCKED_S, deadline - time.perf_counter())
            for key, _ in self._selector.select(BLOCKED_S if self._blocked else wait_s):
                self._serve(key.data, replying=replying)
            if self._tick is not None:
                self._tick(time.perf_counter())
            if self._blocked:
                self._blocked = {each for each in self._blocked if not each.client.stream.flush()}
            if time.perf_counter() >= deadline:
                return

    def _serve(self, member: _Member, *, replying: bool) -> None:
        client = member.client
        _, numbers = client.receive(client.stream.read())
        if not numbers:
            return
        member.check(numbers)
        now = time.perf_counter()
        self.delivered += len(numbers)
        self.latencies_s.extend([now - sent for sent in member.sent_at(len(numbers))])
        is_taken = True
        if client.stream.manner is Manner.UNBUFFERED and client.owes():
            is_taken = client.stream.write(client.take_owed())
        if replying:
            is_taken = member.send(len(numbers), time.perf_counter())
        if not is_taken:
            self._blocked.add(member)


def measure_pairs(
    server: Server,
    clients: Sequence[Client],
    under_way: int,
    seconds: float,
    tick: Tick | None = None,
) -> Sample:
    """Load a server from idle to idle and return what that cost it; hangs up at the end."""
    load = PairsLoad(clients, tick)
    return measure(server, load, partial(load.run, under_way), seconds)
