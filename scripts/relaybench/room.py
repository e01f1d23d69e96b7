"""The load of a room: some speak, everybody else hears each of them.

Saturated, a speaker writes the next message as soon as everybody has one of his; paced, messages
begin by the clock, whatever has come of the earlier ones.
"""

import selectors
import time
from array import array
from collections import deque
from collections.abc import Sequence

from relaybench.client import NUMBERS, Client, LoadFailed
from relaybench.manner import Manner
from relaybench.pairs import ACK_AFTER_S, BLOCKED_S, DRAIN_S, SETTLE_S
from relaybench.sample import Sample, measure
from relaybench.servers import Server

SAMPLED = 8
"""Latency is taken of one of so many messages of each speaker."""

MAX_UNDER_WAY = NUMBERS - 6
"""Of a speaker: more of them could not be told apart."""


class _Listener:
    """A client, and the number of the next message that it has to get from each speaker."""

    __slots__ = ("client", "expected", "is_noted")

    def __init__(self, client: Client, speakers: int) -> None:
        self.client = client
        self.expected = [0] * speakers
        self.is_noted = False
        """Whether it is known when it has to acknowledge."""


class _Spoken:
    """One speaker's messages: when each was written, and who has not got it yet."""

    __slots__ = ("arrived", "client", "missing", "times", "written")

    def __init__(self, client: Client, listeners: int) -> None:
        self.client = client
        self.times = [0.0] * NUMBERS
        self.missing = [listeners] * NUMBERS
        self.written = 0
        self.arrived = 0
        """How many messages have come to everybody."""


class RoomLoad:
    """Drives a room; one thread, one selector."""

    def __init__(self, clients: Sequence[Client], speakers: int) -> None:
        self._listeners = [_Listener(client, speakers) for client in clients]
        self._others = len(clients) - 1
        self._speakers = [_Spoken(client, self._others) for client in clients[:speakers]]
        self._selector = selectors.DefaultSelector()
        for listener in self._listeners:
            self._selector.register(listener.client.stream.socket, selectors.EVENT_READ, listener)
        self._owing: deque[tuple[float, _Listener]] = deque()
        self._blocked: set[Client] = set()
        self._ready: list[_Listener] = []
        """Who has got something and has not been served yet."""
        self.delivered = 0
        self.latencies_s = array("d")

    def saturate(self, under_way: int, seconds: float) -> None:
        """Keep so many messages of each speaker under way, then wait until all have come."""
        deadline = time.perf_counter() + seconds
        while time.perf_counter() < deadline:
            for spoken in self._speakers:
                if count := under_way - (spoken.written - spoken.arrived):
                    self._speak(spoken, count)
            self._serve_ready(deadline - time.perf_counter())
        self._drain()

    def pace(self, messages_per_s: float, seconds: float) -> None:
        """Begin a message of the next speaker whenever the clock says so, then drain."""
        started = now = time.perf_counter()
        number = 0
        while (due := started + number / messages_per_s) < started + seconds:
            spoken = self._speakers[number % len(self._speakers)]
            if now < due:
                now = self._serve_ready(due - now, until=due)
            elif now >= started + seconds:
                break  # the server is too slow for this pace
            elif spoken.written - spoken.arrived >= MAX_UNDER_WAY:
                now = self._serve_ready(BLOCKED_S)
            else:
                self._speak(spoken, 1)
                number += 1
        self._drain()

    def settle(self) -> None:
        """Acknowledge what is not acknowledged yet; wait until the server has answered for all."""
        deadline = time.perf_counter() + SETTLE_S
        while (left_s := deadline - time.perf_counter()) > 0:
            self._serve_ready(left_s)
        deadline += DRAIN_S
        while unanswered := sum(spoken.client.unanswered() for spoken in self._speakers):
            if time.perf_counter() > deadline:
                raise LoadFailed(f"{unanswered} messages were not accepted within {DRAIN_S:.0f} s")
            self._serve_ready(BLOCKED_S)

    def close(self) -> None:
        """Hang up."""
        for listener in self._listeners:
            listener.client.stream.close()
        self._selector.close()

    def _speak(self, spoken: _Spoken, count: int) -> None:
        client, now = spoken.client, time.perf_counter()
        for number in range(spoken.written, spoken.written + count):
            spoken.times[number % NUMBERS] = now
        spoken.written += count
        if not client.stream.write(client.messages(count)):
            self._blocked.add(client)

    def _drain(self) -> None:
        deadline = time.perf_counter() + DRAIN_S
        while any(spoken.written > spoken.arrived for spoken in self._speakers):
            if time.perf_counter() > deadline:
                raise LoadFailed(f"Messages were lost: not delivered within {DRAIN_S:.0f} s")
            self._serve_ready(BLOCKED_S)

    def _serve_ready(self, wait_s: float, until: float = float("inf")) -> float:
        """Serve who got something, but no longer than ``until``; wait for no longer than given.

        Return what time it is then.
        """
        now = time.perf_counter()
        if self._owing:
            wait_s = min(wait_s, self._owing[0][0] - now)
        if self._blocked:
            self._blocked = {client for client in self._blocked if not client.stream.flush()}
            wait_s = min(wait_s, BLOCKED_S)
        if not self._ready:
            self._ready = [key.data for key, _ in self._selector.select(max(0.0, wait_s))]
        while self._ready and now < until:
            now = self._serve(self._ready.pop())
        while self._owing and self._owing[0][0] <= now:
            self._acknowledge(self._owing.popleft()[1])
        return time.perf_counter()

    def _acknowledge(self, listener: _Listener) -> None:
        listener.is_noted = False
        client = listener.client
        if client.owes() and not client.stream.write(client.take_owed()):
            self._blocked.add(client)

    def _serve(self, listener: _Listener) -> float:
        """Take what has come for a client; return when that was."""
        client, expected, speakers = listener.client, listener.expected, self._speakers
        who, numbers = client.receive(client.stream.read())
        now = time.perf_counter()
        for speaker, number in zip(who, numbers, strict=True):
            if number != expected[speaker]:
                raise LoadFailed(f"Message {number} came where {expected[speaker]} was next")
            expected[speaker] = (number + 1) % NUMBERS
            spoken = speakers[speaker]
            if not (speaker + number) % SAMPLED:
                self.latencies_s.append(now - spoken.times[number])
            missing = spoken.missing
            missing[number] -= 1
            if not missing[number]:
                missing[number] = self._others
                spoken.arrived += 1
        self.delivered += len(numbers)
        if client.stream.manner is Manner.UNBUFFERED:
            self._acknowledge(listener)
        elif not listener.is_noted and client.owes():
            listener.is_noted = True
            self._owing.append((now + ACK_AFTER_S, listener))
        return now


def measure_room(
    server: Server,
    clients: Sequence[Client],
    speakers: int,
    seconds: float,
    *,
    under_way: int = 0,
    messages_per_s: float = 0.0,
) -> Sample:
    """Load a server from idle to idle and return what that cost it; hangs up at the end.

    Saturated with so many messages under way of each speaker, or paced.
    """
    load = RoomLoad(clients, speakers)

    def run(run_s: float) -> None:
        if under_way:
            load.saturate(under_way, run_s)
        else:
            load.pace(messages_per_s, run_s)

    return measure(server, load, run, seconds)
