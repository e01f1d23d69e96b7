"""The process of a crowd: ``python -m siegelib.crowd PORT CA COUNT AT_ONCE ADDRESSES``.

So many people log in, AT_ONCE of them at a time, from as many addresses of this machine; each tries
again until it is in. When all are in it prints one JSON line, see `Arrival`; it stays until its
stdin ends.
"""

import random
import sys
import threading
from collections import deque
from dataclasses import asdict, dataclass
from json import dumps
from pathlib import Path

from securechat.transport.loop import Loop
from siegelib.door import Door, crowd_address
from siegelib.guest import Guest
from siegelib.people import Person

STEP = 20
AGAIN_S = (0.1, 0.5)
"""Between how soon and how late somebody comes again who was turned away."""


@dataclass(frozen=True)
class Arrival:
    """How a crowd came in."""

    seconds: float
    """From the first attempt until everybody was in."""
    turned_away: int
    """How many attempts failed; each was made again."""
    slowest_s: float
    """The longest that one of them took, all attempts together."""


class Crowd:
    """Everybody, in one loop; `all_in` is set when the last has logged in."""

    def __init__(self, door: Door, count: int, addresses: int) -> None:
        self.all_in = threading.Event()
        self._loop = door.loop
        self._turned_away = 0
        self._draw = random.Random(count)
        self._began_at: dict[Guest, float] = {}
        self._took_s: list[float] = []
        self._outside = deque(
            self._member(door, place, crowd_address(place % addresses)) for place in range(count)
        )
        self._count = count

    @property
    def arrival(self) -> Arrival:
        """How they came in, once they are."""
        first = min(self._began_at.values())
        return Arrival(self._all_in_at - first, self._turned_away, max(self._took_s))

    def begin(self, at_once: int) -> None:
        """Let so many come at a time; call it in the loop's thread.

        A few in each tick, so that each says its first word as soon as it is there.
        """
        for _ in range(min(at_once, STEP)):
            self._next()
        if at_once > STEP:
            self._loop.call_soon(lambda: self.begin(at_once - STEP))

    def leave(self) -> None:
        """Break all connections off."""
        for guest in self._began_at:
            guest.on_gone = lambda: None
            guest.go()

    def _member(self, door: Door, place: int, source: str) -> Guest:
        guest = Guest(door, Person.named(f"idle{place}"), source)
        guest.publishes = True
        guest.on_in = lambda: self._came_in(guest)
        guest.on_gone = lambda: self._come_again(guest)
        return guest

    def _next(self) -> None:
        if self._outside:
            guest = self._outside.popleft()
            self._began_at[guest] = self._loop.clock()
            guest.come()

    def _came_in(self, guest: Guest) -> None:
        now = self._loop.clock()
        self._took_s.append(now - self._began_at[guest])
        self._next()
        if len(self._took_s) == self._count:
            self._all_in_at = now
            self.all_in.set()

    def _come_again(self, guest: Guest) -> None:
        self._turned_away += 1
        self._loop.call_later(self._draw.uniform(*AGAIN_S), guest.come)


def main() -> None:
    """Bring the crowd in, and stay."""
    port, ca, count, at_once, addresses = sys.argv[1:]
    loop = Loop()
    crowd = Crowd(Door.of(loop, int(port), Path(ca)), int(count), int(addresses))
    loop.start()
    loop.call_soon(lambda: crowd.begin(int(at_once)))
    crowd.all_in.wait()
    sys.stdout.write(dumps(asdict(crowd.arrival)) + "\n")
    sys.stdout.flush()
    sys.stdin.read()
    loop.call_soon(crowd.leave)
    loop.stop(0.0)


if __name__ == "__main__":
    main()
