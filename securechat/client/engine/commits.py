"""Commits that have to succeed: memory that is ahead of the disk must not be used any more."""

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager

from securechat.client.events import Event, Problem, Resumed
from securechat.client.ports import StatePort
from securechat.errors import DiskFull, SecureChatError
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


ROOM_RETRY_S = 1.0
"""How long after a commit that found the disk full the same one is tried again."""


class Commits:
    """A profile's state, each failed commit of which raises NotCommitted.

    One that finds the disk full waits until there is room, and the thread with it: so nothing is
    sent or acknowledged that is on no disk, and nothing is lost. ``tell`` hears of the Problem, and
    that it is Resumed.
    """

    def __init__(self, state: StatePort, tell: Callable[[Event], None]) -> None:
        self._state = state
        self._tell = tell
        self._hurried = threading.Event()

    def load(self, *, without: Collection[str] = ()) -> dict[tuple[str, bytes], bytes]:
        """Return every row, but for those of some tables."""
        return self._state.load(without=without)

    def commit(
        self,
        changes: Mapping[tuple[str, bytes], bytes | None],
        history: Sequence[HistoryChange] = (),
    ) -> None:
        """Carry out all the changes, if need be when there is room, or raise NotCommitted."""
        waited = False
        while True:
            try:
                self._state.commit(changes, history)
                break
            except DiskFull as error:
                if not waited and not self._hurried.is_set():
                    self._tell(Problem(error))
                waited = True
                if self._hurried.wait(ROOM_RETRY_S):
                    raise NotCommitted(error) from error
            except SecureChatError as error:
                raise NotCommitted(error) from error
        if waited:
            self._tell(Resumed())

    def hurry(self) -> None:
        """Wait for room no more: the run is about to end; for any thread."""
        self._hurried.set()

    def read_history(self) -> AbstractContextManager[HistoryTable]:
        """Provide what to read the history with."""
        return self._state.read_history()
