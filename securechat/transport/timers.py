"""Deadlines in a heap that data does not touch.

A timer that moves to a later time, which is what every received byte does to an idle deadline,
costs an assignment: its old entry stays in the heap, and is put back when it comes up too early.
"""

import heapq
from collections.abc import Callable, Iterator
from itertools import count

_STALE_ENTRIES_KEPT = 64


class Timer:
    """One absolute deadline on the clock of its owner, and what to call when it has passed."""

    __slots__ = ("_entry_at", "deadline", "expired")

    def __init__(self, expired: Callable[[float], None]) -> None:
        self.expired = expired
        self.deadline: float | None = None
        self._entry_at: float | None = None


class Timers:
    """All timers of one loop; time comes in as an argument, nothing here reads a clock."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Timer]] = []
        self._order = count()
        self._stale = 0

    def __len__(self) -> int:
        return len(self._heap)

    def set(self, timer: Timer, deadline: float | None) -> None:
        """Move `timer` to `deadline`, or stop it with None."""
        timer.deadline = deadline
        if deadline is None:
            return
        if timer._entry_at is None or deadline < timer._entry_at:
            self._stale += timer._entry_at is not None
            self._push(timer, deadline)
            if self._stale > max(_STALE_ENTRIES_KEPT, len(self._heap) // 2):
                self._drop_stale()

    def next_wake(self) -> float | None:
        """Return when to look again: never later than the first deadline, None without any."""
        return self._heap[0][0] if self._heap else None

    def expired(self, now: float) -> Iterator[Timer]:
        """Yield each timer whose deadline is `now` or earlier, stopped, in order of deadlines."""
        for _ in range(len(self._heap)):
            if not self._heap or self._heap[0][0] > now:
                return
            entry_at, _, timer = heapq.heappop(self._heap)
            if timer._entry_at != entry_at:
                self._stale -= 1
                continue
            timer._entry_at = None
            if timer.deadline is None:
                continue
            if timer.deadline > now:
                self._push(timer, timer.deadline)
                continue
            timer.deadline = None
            yield timer

    def _push(self, timer: Timer, deadline: float) -> None:
        timer._entry_at = deadline
        heapq.heappush(self._heap, (deadline, next(self._order), timer))

    def _drop_stale(self) -> None:
        self._heap = [entry for entry in self._heap if entry[2]._entry_at == entry[0]]
        heapq.heapify(self._heap)
        self._stale = 0
