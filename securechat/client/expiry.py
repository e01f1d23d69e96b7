"""When messages of the history have been kept for long enough."""

from securechat.client.desk import Desk
from securechat.store.history import Expire

LOOK_EVERY_S = 60 * 60.0


class Expiry:
    """Lets go of them at once, and every hour."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.due_at = desk.now_s()

    def do_what_is_due(self) -> None:
        """Let go of what is too old now."""
        desk = self._desk
        self.due_at = desk.now_s() + LOOK_EVERY_S
        desk.record([Expire(desk.now_ms(), desk.history.default_days)])
