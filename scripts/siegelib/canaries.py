"""Ordinary people during an attack: pairs who write to each other, and newcomers who log in."""

import os
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from securechat.identity.types import EnvelopeId
from securechat.wire import frames as f
from siegelib.door import Door
from siegelib.guest import Guest
from siegelib.people import Person

CANARY_S = 0.1
"""How often each pair sends one."""

NEWCOMER_S = 0.25
"""How often somebody new comes."""

LATE_S = 2.0
"""After so long a canary counts as not answered."""

NEWCOMER_LATE_S = 5.0
AGAIN_S = 0.2
"""How soon somebody comes again whom the relay has turned away."""

_NUMBER = struct.Struct(">Q")
_BODY_BYTES = 256


@dataclass
class Sample:
    """What canaries met in one stretch of time; times in seconds."""

    sent: int = 0
    answers_s: list[float] = field(default_factory=list)
    """From sending to the other one's answer, of those that were answered in time."""
    came: int = 0
    logins_s: list[float] = field(default_factory=list)
    """From the first attempt to the Welcome, of those who got in in time."""
    broken: int = 0
    """How often a pair lost its connection."""

    @property
    def is_settled(self) -> bool:
        """Whether everything that began in it has come to its end in time."""
        return len(self.answers_s) == self.sent and len(self.logins_s) == self.came

    @property
    def answered(self) -> float:
        """The share of the canaries that were answered in time."""
        return len(self.answers_s) / self.sent if self.sent else 0.0

    @property
    def let_in(self) -> float:
        """The share of the newcomers who got in in time."""
        return len(self.logins_s) / self.came if self.came else 0.0


def percentile(values: list[float], share: float) -> float:
    """Return the value that this share of all is not above; infinite without any."""
    if not values:
        return float("inf")
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


class Pair:
    """Two people; what the first writes is answered by the second."""

    def __init__(self, door: Door, place: int) -> None:
        self.sample: Sample | None = None
        self._loop = door.loop
        self._asked: dict[int, tuple[float, Sample]] = {}
        self._numbers = count(1)
        self._prefix = os.urandom(8)
        self.asker = self._make(door, f"ann{place}", self._answered)
        self.answerer = self._make(door, f"bob{place}", self._answer)

    @property
    def is_in(self) -> bool:
        """Whether both are logged in."""
        return self.asker.is_in and self.answerer.is_in

    def ask(self) -> None:
        """Send a canary."""
        if self.sample is None:
            return
        number = next(self._numbers)
        self.sample.sent += 1
        self._asked[number] = self._loop.clock(), self.sample
        if self.asker.is_in:
            self._send(self.asker, self.answerer, number)

    def _answer(self, incoming: f.Incoming) -> None:
        [number] = _NUMBER.unpack_from(incoming.envelope)
        if self.answerer.is_in:
            self._send(self.answerer, self.asker, number)

    def _answered(self, incoming: f.Incoming) -> None:
        [number] = _NUMBER.unpack_from(incoming.envelope)
        asked_at, sample = self._asked.pop(number, (0.0, None))
        took_s = self._loop.clock() - asked_at
        if sample is not None and took_s <= LATE_S:
            sample.answers_s.append(took_s)

    def _send(self, writer: Guest, reader: Guest, number: int) -> None:
        envelope_id = EnvelopeId(self._prefix + _NUMBER.pack(number))
        body = _NUMBER.pack(number).ljust(_BODY_BYTES, b".")
        writer.send(f.Outgoing(reader.person.mailbox, envelope_id, body))

    def _make(self, door: Door, name: str, on_envelope: Callable[[f.Incoming], None]) -> Guest:
        guest = Guest(door, Person.named(name))
        guest.on_envelope = on_envelope

        def again() -> None:
            if self.sample is not None:
                self.sample.broken += 1
            door.loop.call_later(AGAIN_S, guest.come)

        guest.on_gone = again
        return guest


class Canaries:
    """Some pairs and a stream of newcomers in one loop, which is started already."""

    def __init__(self, door: Door, pairs: int) -> None:
        self._door = door
        self._pairs = [Pair(door, place) for place in range(pairs)]
        self._newcomers = count(1)
        self._sample: Sample | None = None
        self._left = False

    @property
    def are_in(self) -> bool:
        """Whether all pairs are logged in."""
        return all(pair.is_in for pair in self._pairs)

    def come(self) -> None:
        """Log the pairs in, and begin; call it in the loop's thread."""
        loop = self._door.loop
        for place, pair in enumerate(self._pairs):
            pair.asker.come()
            pair.answerer.come()
            offset_s = CANARY_S * place / len(self._pairs)
            loop.call_later(offset_s, lambda pair=pair: self._ask(pair))  # type: ignore[misc]
        loop.call_later(NEWCOMER_S, self._let_one_come)

    def use(self, sample: Sample | None) -> None:
        """Begin a sample, or end it: answers that come in time still count in it."""
        self._sample = sample
        for pair in self._pairs:
            pair.sample = sample

    def leave(self) -> None:
        """Break all connections off."""
        self._left = True
        for pair in self._pairs:
            for guest in (pair.asker, pair.answerer):
                guest.on_gone = lambda: None
                guest.go()

    def _ask(self, pair: Pair) -> None:
        if not self._left:
            pair.ask()
            self._door.loop.call_later(CANARY_S, lambda: self._ask(pair))

    def _let_one_come(self) -> None:
        if self._left:
            return
        self._door.loop.call_later(NEWCOMER_S, self._let_one_come)
        if self._sample is not None:
            self._sample.came += 1
            Newcomer(self._door, self._sample, f"new{next(self._newcomers)}").come()


class Newcomer:
    """Somebody who logs in for the first time, again and again until it works, and leaves."""

    def __init__(self, door: Door, sample: Sample, name: str) -> None:
        self._loop = door.loop
        self._sample = sample
        self._began_at = door.loop.clock()
        self._guest = Guest(door, Person.named(name))
        self._guest.on_in = self._in
        self._guest.on_gone = self._turned_away

    def come(self) -> None:
        """Connect and log in."""
        self._guest.come()

    def _in(self) -> None:
        took_s = self._loop.clock() - self._began_at
        if took_s <= NEWCOMER_LATE_S:
            self._sample.logins_s.append(took_s)
        self._guest.on_gone = lambda: None
        self._guest.go()

    def _turned_away(self) -> None:
        if self._loop.clock() - self._began_at < NEWCOMER_LATE_S:
            self._loop.call_later(AGAIN_S, self._guest.come)
