"""The slots in which two people meet to pair: who holds which, whose turn it is, what is over.

Pure decisions, in memory only; the ends are whatever the caller takes for a connection. A slot is
*open* until somebody joins it, which uses it up whatever follows, and then passes four messages
from end to end in turn. So a code is one guess, right or wrong.
"""

from collections.abc import Hashable
from typing import Generic, TypeVar

from msgspec import Struct

from securechat.identity.types import UserKey
from securechat.wire.codes import PairCode
from securechat.wire.fields import MAX_SLOTS

SLOT_LIFE_S = 600.0
"""How long a slot waits for somebody to join, and how long the relay knows how one has ended."""

LAST_MESSAGE = 4
"""How many messages a pairing has; the joiner says the odd ones."""

E = TypeVar("E", bound=Hashable)


class Slot(Struct, Generic[E], eq=False):
    """One slot and the ends of it; ``E`` is a connection."""

    number: int
    opener: E
    expires_at: float
    joiner: E | None = None
    joiner_key: UserKey | None = None
    """Who the joiner says it is: the only key that the opener can admit."""
    joiner_address: str = ""
    passed: int = 0
    """How many messages have been passed on."""

    def other(self, end: E) -> E | None:
        """Return the end that is not this one."""
        return self.joiner if end == self.opener else self.opener

    def take_turn(self, end: E) -> bool:
        """Count a message of this end; False, and nothing counted, when it is not its turn."""
        speaker = self.opener if self.passed % 2 else self.joiner
        if end != speaker or not 0 < self.passed < LAST_MESSAGE:
            return False
        self.passed += 1
        return True


class Slots(Generic[E]):
    """The slots of one relay by their numbers, and by their ends."""

    def __init__(self, first: int) -> None:
        self._next = first
        self._by_number: dict[int, Slot[E]] = {}
        """Those that are not over; the oldest comes first."""
        self._by_end: dict[E, Slot[E]] = {}
        self._ended: dict[int, tuple[PairCode, float]] = {}
        """How the last slot of a number ended, and until when that is told."""

    def open(self, opener: E, now: float) -> Slot[E] | None:
        """Return a new slot of this opener, or None when all numbers are in use.

        Numbers come round: an old code does not soon meet a new slot.
        """
        for place in range(MAX_SLOTS):
            number = (self._next - 1 + place) % MAX_SLOTS + 1
            if number not in self._by_number:
                break
        else:
            return None
        self._next = number % MAX_SLOTS + 1
        self._ended.pop(number, None)
        slot = Slot(number, opener, now + SLOT_LIFE_S)
        self._by_number[number] = self._by_end[opener] = slot
        return slot

    def find(self, number: int, now: float) -> Slot[E] | PairCode:
        """Return the slot of this number that waits for a joiner, or why there is none."""
        slot = self._by_number.get(number)
        if slot is not None:
            if slot.joiner is not None:
                return PairCode.USED
            return slot if now < slot.expires_at else PairCode.EXPIRED
        code, until = self._ended.get(number, (PairCode.NO_SLOT, now))
        return code if now < until else PairCode.NO_SLOT

    def join(self, slot: Slot[E], joiner: E, user_key: UserKey, address: str) -> None:
        """Use an open slot up: this end has said the first message of the pairing."""
        slot.joiner, slot.joiner_key, slot.joiner_address = joiner, user_key, address
        slot.passed = 1
        self._by_end[joiner] = slot

    def of(self, end: E) -> Slot[E] | None:
        """Return the slot that this connection is an end of."""
        return self._by_end.get(end)

    def end(self, slot: Slot[E], code: PairCode, now: float) -> None:
        """Forget a slot; who tries its number a while later is told ``code``, or that it is used.

        The ends may be those of another slot from now on.
        """
        del self._by_number[slot.number]
        for end in (slot.opener, slot.joiner):
            if end is not None:
                self._by_end.pop(end, None)
        told = code if slot.joiner is None else PairCode.USED
        self._ended[slot.number] = told, now + SLOT_LIFE_S
