"""Recipients who meet one hostile envelope after the other, and must not be moved by any."""

from collections.abc import Callable

from securechat.e2e.content import Text
from securechat.e2e.results import Duplicate, Opened, Outcome
from securechat.e2e.rows import Rows
from securechat.errors import CannotOpen
from tests.pure.e2e.hostile import Case
from tests.pure.e2e.world import NOW_MS, copy_seat

CHECK_EVERY = 32
"""After so many hostile envelopes the genuine one has to open, and everybody begins afresh."""


class Victim:
    """The recipient of a case, and its sender, who may have turned hostile: copies of both."""

    def __init__(self, make_case: Callable[[], Case]) -> None:
        self.case = make_case()
        self._met = 0
        self.begin_afresh()

    def begin_afresh(self) -> None:
        self.seat = copy_seat(self.case.recipient)
        self.sender = copy_seat(self.case.sender)

    def refuse(self, hostile: bytes) -> None:
        """Check that an envelope does not open, or counts as seen, and leaves no trace."""
        outcome, changes = self.meet(hostile)
        assert outcome is None or isinstance(outcome, Duplicate), outcome
        assert not changes
        self.check_now_and_then()

    def meet(self, hostile: bytes) -> tuple[Outcome | None, Rows]:
        """Return what an envelope opens to and what that changed.

        None says that it did not open; then nothing has changed.
        """
        outcome = self._open(hostile)
        changes = self.seat.commit()
        assert outcome is not None or not changes
        return outcome, changes

    def check_now_and_then(self) -> None:
        """Every 32nd time, check that what is stored can be loaded and the genuine one opens."""
        self._met += 1
        if self._met % CHECK_EVERY:
            return
        self.seat.reload()
        outcome = self.seat.endpoint.open(self.case.genuine, NOW_MS)
        assert isinstance(outcome, Opened), outcome
        assert outcome.content == Text("genuine")
        self.begin_afresh()

    def _open(self, hostile: bytes) -> Outcome | None:
        try:
            return self.seat.endpoint.open(hostile, NOW_MS)
        except CannotOpen:
            return None
