"""When the index of the words in the history follows the messages that were changed."""

from securechat.client.state.desk import Desk
from securechat.store.history import Reindex

BEGIN_AFTER_S = 0.5
GO_ON_AFTER_S = 1.0
CHARACTERS_AT_ONCE = 500
"""About 0.1 s of work: who changes messages without end has a tenth of one processor at most."""

CHARACTERS_AT_THE_END = 5000


class Indexing:
    """Lets it follow, some of it at a time: what is changed often meanwhile costs that once."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.due_at: float | None = desk.now_s()

    def note_change(self) -> None:
        """A message was changed."""
        if self.due_at is None:
            self.due_at = self._desk.now_s() + BEGIN_AFTER_S

    def do_what_is_due(self) -> None:
        """Let the index follow some texts, if there are any, and soon the others."""
        self.due_at = None
        if self._desk.history.has_unindexed():
            self._desk.record([Reindex(CHARACTERS_AT_ONCE)])
            self.due_at = self._desk.now_s() + GO_ON_AFTER_S

    def finish(self) -> None:
        """Leave as little as can be to the next run: nothing, if nobody has changed very many."""
        if self.due_at is not None:
            self._desk.record([Reindex(CHARACTERS_AT_THE_END)])
