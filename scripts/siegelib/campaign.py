"""One attack: its attackers, each of whom comes again until it is over; how long each lived."""

from typing import Protocol

from siegelib.door import Door, crowd_address

LOOK_S = 0.02
"""How often attackers look whether they are still connected who have no loop to tell them."""

AGAIN_S = 1.0
"""How long an attacker whom the relay has closed waits before it comes again."""

ONE_ADDRESS = "127.2.0.1"


class Attacker(Protocol):
    """Somebody with one connection at a time, who tells the campaign when that begins and ends."""

    def come(self) -> None:
        """Connect, and do harm."""

    def go(self) -> None:
        """Break the connection off."""

    def look(self) -> None:
        """Go on, and notice the end of the connection."""


class Campaign:
    """The attackers of one attack, in one loop; everything happens in the loop's thread."""

    def __init__(self, door: Door, *, from_one_address: bool) -> None:
        self.door = door
        self.lives_s: list[float] = []
        """How long each connection lived that the relay has closed."""
        self._from_one_address = from_one_address
        self._open: dict[Attacker, float] = {}
        self._is_over = False

    @property
    def open(self) -> int:
        """How many connections the relay has not closed."""
        return len(self._open)

    def source(self, place: int) -> str:
        """Return the address from which the attacker of this number comes."""
        return ONE_ADDRESS if self._from_one_address else crowd_address(place)

    def begin(self, attackers: list[Attacker]) -> None:
        """Send them all at once."""
        for attacker in attackers:
            attacker.come()
        self._look()

    def stop_coming(self) -> None:
        """Let nobody come again; connections that are open stay."""
        self._is_over = True

    def leave(self) -> None:
        """Break off all connections that are left."""
        self._is_over = True
        for attacker in list(self._open):
            attacker.go()

    def came(self, attacker: Attacker) -> None:
        """Note that a connection of this attacker begins."""
        self._open[attacker] = self.door.loop.clock()

    def ended(self, attacker: Attacker) -> None:
        """Note that the relay has closed it, and let the attacker come again."""
        began_at = self._open.pop(attacker, None)
        if began_at is not None:
            self.lives_s.append(self.door.loop.clock() - began_at)
        if not self._is_over:
            self.door.loop.call_later(AGAIN_S, lambda: self._come_again(attacker))

    def _come_again(self, attacker: Attacker) -> None:
        if not self._is_over:
            attacker.come()

    def _look(self) -> None:
        for attacker in list(self._open):
            attacker.look()
        self.door.loop.call_later(LOOK_S, self._look)
