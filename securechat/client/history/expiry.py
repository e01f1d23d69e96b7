"""When messages of the history have been kept for long enough."""

from securechat.client.state.desk import Desk
from securechat.store.history import Expire

LOOK_EVERY_S = 60 * 60.0
GO_ON_AFTER_S = 0.05
"""Other work comes between two removals."""


class Expiry:
    """Lets go of them, some at a time, and looks for more every hour."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.due_at = desk.now_s()

    def do_what_is_due(self) -> None:
        """Let go of some that are too old now, if there are any."""
        if self._desk.history.has_expired(self._expire):
            self.begin()
        else:
            self.due_at = self._desk.now_s() + LOOK_EVERY_S

    def begin(self) -> None:
        """Let go of some that are too old by what this batch decides, and soon of the others."""
        self._desk.record([self._expire])
        self.due_at = self._desk.now_s() + GO_ON_AFTER_S

    @property
    def _expire(self) -> Expire:
        return Expire(self._desk.now_ms(), self._desk.history.default_days)
