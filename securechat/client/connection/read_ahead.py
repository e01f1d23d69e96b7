"""How far a link reads ahead of its engine, which may be slow, or wait for room on a full disk."""

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

READ_AHEAD_BYTES = 1 << 20
"""Four windows: what an honest relay has on its way to an engine that waits is less."""


class Mark(Struct, frozen=True):
    """All that came before this was taken by who takes this, and calls ``note``; any thread."""

    note: Callable[[], None]


class Pausable(Protocol):
    """What this needs of a connection."""

    def pause_reading(self) -> None:
        """Read no more."""

    def resume_reading(self) -> None:
        """Read again."""


class ReadAhead:
    """Lets a link read no more while its engine has not taken what came; for the loop's thread.

    What came on earlier connections counts too: a relay can end each of them.
    """

    def __init__(self, mark: Callable[[], None]) -> None:
        """``mark`` tells the engine to have `note_reached` called when it has got so far."""
        self._mark = mark
        self._ahead_bytes = 0
        self._marked_bytes = 0
        self._connection: Pausable | None = None

    def opened(self, connection: Pausable) -> None:
        """Begin to read from a connection, if the engine is not behind."""
        self._connection = connection
        self._hold()

    def closed(self) -> None:
        """The connection has gone."""
        self._connection = None

    def received(self, size_bytes: int) -> None:
        """Take note that so much was read, and handed on to the engine."""
        self._ahead_bytes += size_bytes
        self._hold()

    def note_reached(self) -> None:
        """Take note that the engine has got to the mark."""
        self._ahead_bytes -= self._marked_bytes
        self._marked_bytes = 0
        if self._connection is not None:
            self._connection.resume_reading()
        self._hold()

    def _hold(self) -> None:
        if self._ahead_bytes >= READ_AHEAD_BYTES // 2 and not self._marked_bytes:
            self._marked_bytes = self._ahead_bytes
            self._mark()
        if self._ahead_bytes >= READ_AHEAD_BYTES and self._connection is not None:
            self._connection.pause_reading()
