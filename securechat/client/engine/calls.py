"""The work that waits for an engine's thread."""

import queue
from collections.abc import Callable

from securechat.wire.frames import MAX_ENVELOPES

Call = Callable[[], None]

MAX_AT_ONCE = MAX_ENVELOPES
"""Calls of one batch: a burst of texts leaves frame by frame, while the rest of it is sealed."""


class Calls:
    """Calls in the order in which they came; any thread may add one."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Call] = queue.SimpleQueue()

    def put(self, call: Call) -> None:
        """Add a call."""
        self._queue.put(call)

    def take(self, timeout_s: float | None) -> list[Call]:
        """Return what has come, at most `MAX_AT_ONCE` calls.

        Waits for the first one at most so long (None: for ever).
        """
        try:
            calls = [self._queue.get(timeout=timeout_s)]
        except queue.Empty:
            return []
        while len(calls) < MAX_AT_ONCE and not self._queue.empty():
            calls.append(self._queue.get())
        return calls
