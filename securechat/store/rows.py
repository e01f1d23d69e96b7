"""The port behind which a relay keeps its directory: rows of bytes by kind and key."""

from collections.abc import Callable, Mapping
from typing import Protocol

RowKey = tuple[str, bytes]
"""The kind of a row, and which one of that kind."""

RowChanges = Mapping[RowKey, bytes | None]
"""A value to write for each key, or None to delete it."""


class RowStore(Protocol):
    """Where a relay keeps what it must not forget, besides envelopes."""

    def rows(self) -> dict[RowKey, bytes]:
        """Return every row; asked once, before anything is saved."""

    def save(self, changes: RowChanges, done: Callable[[bool], None]) -> None:
        """Carry out all the changes or none, then tell which; in the order of the calls."""
