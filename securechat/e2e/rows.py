"""The endpoint's state as rows: what changed, for the caller to commit in one transaction."""

from collections.abc import Callable, Mapping

Rows = dict[tuple[str, bytes], bytes | None]
"""(table, key) to value, or to None where the row is to be deleted."""

StoredRows = Mapping[tuple[str, bytes], bytes]
"""Every row that was ever reported and not deleted since."""


class ChangeLog:
    """Collects changed rows; each is encoded once, when it is taken, however often it changed."""

    __slots__ = ("_changes",)

    def __init__(self) -> None:
        self._changes: dict[tuple[str, bytes], Callable[[], bytes] | None] = {}

    def put(self, table: str, key: bytes, encode: Callable[[], bytes]) -> None:
        """Note that a row has a new value, which ``encode`` returns."""
        self._changes[table, key] = encode

    def delete(self, table: str, key: bytes) -> None:
        """Note that a row is gone."""
        self._changes[table, key] = None

    def take(self) -> Rows:
        """Return the changes since the last call and forget them."""
        changes, self._changes = self._changes, {}
        return {row: encode and encode() for row, encode in changes.items()}
