"""What faces ask for before the first connection has shown at which relay this is."""

from collections import deque
from collections.abc import Callable
from enum import IntEnum
from typing import NamedTuple

Call = Callable[[], None]


class Stage(IntEnum):
    """How much of the relay is known."""

    NOTHING = 0
    WHICH_RELAY = 1
    LOGGED_IN = 2


class _Waiting(NamedTuple):
    call: Call
    stage: Stage
    is_text: bool


class Early:
    """Keeps calls, in their order, until so much is known of the relay as they need."""

    def __init__(self) -> None:
        self._stage = Stage.NOTHING
        self._waiting: deque[_Waiting] = deque()

    @property
    def texts(self) -> int:
        """How many of them are texts, which count as not sent."""
        return sum(waiting.is_text for waiting in self._waiting)

    def carry_out(
        self, call: Call, stage: Stage = Stage.WHICH_RELAY, *, is_text: bool = False
    ) -> None:
        """Make a call now, or when `take` gives it."""
        if stage <= self._stage and not self._waiting:
            call()
        else:
            self._waiting.append(_Waiting(call, stage, is_text))

    def take(self, stage: Stage) -> list[Call]:
        """Return the calls that can be made now that so much is known, up to one that cannot."""
        self._stage = max(stage, self._stage)
        calls = []
        while self._waiting and self._waiting[0].stage <= self._stage:
            calls.append(self._waiting.popleft().call)
        return calls
