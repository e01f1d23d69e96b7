"""The work that waits for an engine's thread."""

import queue
from collections.abc import Callable

Call = Callable[[], None]


class Calls:
    """Calls in the order in which they came; any thread may add one."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Call] = queue.SimpleQueue()

    def put(self, call: Call) -> None:
        """Add a call."""
        self._queue.put(call)

    def take(self, timeout_s: float | None) -> list[Call]:
        """Return all that has come, waiting for the first one at most so long (None: for ever)."""
        try:
            calls = [self._queue.get(timeout=timeout_s)]
        except queue.Empty:
            return []
        while not self._queue.empty():
            calls.append(self._queue.get())
        return calls
