"""The rows of one conversation that are held, which are a part of its history."""

from collections.abc import Callable
from dataclasses import replace

from securechat.client import events as e
from securechat.faces.screen.rows import Notice, Row

KEPT_ROWS = 1000


class Timeline:
    """At most `KEPT_ROWS` ``rows``, the oldest first; no message is in it twice.

    ``has_older`` and ``has_newer`` say whether the history has others beyond the ends, ``new_from``
    is the id of the first one that is new to the reader. ``revision`` is another number after each
    change.
    """

    def __init__(self) -> None:
        self.rows: list[Row | Notice] = []
        self.has_older = False
        self.has_newer = False
        self.new_from: str | None = None
        self.revision = 0
        self._ids: set[str] = set()

    def add(self, row: Row) -> bool:
        """Put a message behind the others; return False when it is there already."""
        if row.message_id in self._ids:
            return False
        self._ids.add(row.message_id)
        self._append(row)
        return True

    def note(self, notice: Notice) -> None:
        """Put a notice behind what is there."""
        self._append(notice)

    def advance(self, message_id: str, state: e.DeliveryState) -> None:
        """Take note of how far an own message has come."""
        self._change(message_id, lambda row: replace(row, state=state))

    def amend(self, message_id: str, text: str) -> None:
        """Take the new text of a message; with an empty one it is deleted."""
        self._change(message_id, lambda row: replace(row, text=text, edited=True))

    def react(self, message_id: str, who: str, symbol: str) -> None:
        """Take somebody's only reaction to a message; an empty one takes it back."""

        def changed(row: Row) -> Row:
            others = tuple(reaction for reaction in row.reactions if reaction[0] != who)
            return replace(row, reactions=(*others, (who, symbol)) if symbol else others)

        self._change(message_id, changed)

    def mark_new(self, message_id: str) -> None:
        """Take note of a message that is new to the reader; the first of them is marked."""
        if self.new_from is None:
            self.new_from = message_id
            self.revision += 1

    @property
    def new_count(self) -> int:
        """How many messages of others are held from the marked one on."""
        start = self.index_of(self.new_from) if self.new_from is not None else None
        if start is None:
            return 0
        return sum(isinstance(row, Row) and not row.own for row in self.rows[start:])

    def index_of(self, message_id: str) -> int | None:
        """Return where a message is among the rows, or None."""
        if message_id not in self._ids:
            return None
        for index in range(len(self.rows) - 1, -1, -1):
            row = self.rows[index]
            if isinstance(row, Row) and row.message_id == message_id:
                return index
        return None

    def _append(self, row: Row | Notice) -> None:
        self.rows.append(row)
        self.revision += 1
        if len(self.rows) > KEPT_ROWS:
            dropped = self.rows.pop(0)
            self.has_older = True
            if isinstance(dropped, Row):
                self._ids.discard(dropped.message_id)

    def _change(self, message_id: str, change: Callable[[Row], Row]) -> None:
        index = self.index_of(message_id)
        if index is None:
            return
        row = self.rows[index]
        if isinstance(row, Row):
            self.rows[index] = change(row)
            self.revision += 1
