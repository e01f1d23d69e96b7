"""The bell of a terminal, which many messages at once do not ring many times."""

from collections.abc import Callable

PAUSE_S = 1.0
"""How long it is quiet after it has rung."""


class Bell:
    """Calls ``sound``, but not more than once in `PAUSE_S`."""

    def __init__(self, sound: Callable[[], None]) -> None:
        self._sound = sound
        self._quiet_until_s = float("-inf")

    def ring(self, now_s: float) -> None:
        """Ring, unless it has just rung; ``now_s`` is a clock that is never set."""
        if now_s >= self._quiet_until_s:
            self._quiet_until_s = now_s + PAUSE_S
            self._sound()
