"""The bell of a terminal, for messages that call for attention."""

import time
from collections.abc import Callable
from datetime import datetime

PAUSE_S = 1.0
"""The least time between two sounds: a flood of messages is heard, but not as a drone."""


class Bell:
    """Makes ``sound`` when it is rung, at most once in `PAUSE_S`; ``now_s`` is a steady clock."""

    def __init__(
        self, sound: Callable[[], None], now_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._sound = sound
        self._now_s = now_s
        self._silent_until_s: float | None = None

    def ring(self) -> None:
        """Sound, unless the last time was just now."""
        now_s = self._now_s()
        if self._silent_until_s is None or now_s >= self._silent_until_s:
            self._silent_until_s = now_s + PAUSE_S
            self._sound()


def is_quiet(hours: str, now: datetime) -> bool:
    """Tell whether it is between two times of the day, as ``22:00-07:00``; never for ""."""
    start, _, end = hours.partition("-")
    time_of_day = f"{now:%H:%M}"
    if start <= end:
        return start <= time_of_day < end
    return time_of_day >= start or time_of_day < end
