"""Commits that have to succeed: memory that is ahead of the disk must not be used any more."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager

from securechat.client.ports import StatePort
from securechat.errors import SecureChatError
from securechat.store.history import HistoryChange, HistoryTable


class NotCommitted(Exception):
    """A commit has failed with this ``error``: from here on nothing may be sealed, sent or kept.

    Ratchets have moved on in memory for messages that are on no disk. Whoever committed, or sealed
    a receipt, after that would lose them for good. It is no SecureChatError, so that nobody who
    tells of an error and goes on can take it for one of those.
    """

    def __init__(self, error: SecureChatError) -> None:
        super().__init__(error.what)
        self.error = error


class Commits:
    """A profile's state, each failed commit of which raises NotCommitted."""

    def __init__(self, state: StatePort) -> None:
        self._state = state

    def load(self, *, without: Collection[str] = ()) -> dict[tuple[str, bytes], bytes]:
        """Return every row, but for those of some tables."""
        return self._state.load(without=without)

    def commit(
        self,
        changes: Mapping[tuple[str, bytes], bytes | None],
        history: Sequence[HistoryChange] = (),
    ) -> None:
        """Carry out all the changes, or raise NotCommitted."""
        try:
            self._state.commit(changes, history)
        except SecureChatError as error:
            raise NotCommitted(error) from error

    def read_history(self) -> AbstractContextManager[HistoryTable]:
        """Provide what to read the history with."""
        return self._state.read_history()
