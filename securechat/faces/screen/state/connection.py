"""How the session stands: connected or not, what does not work, and how it ended."""

from collections.abc import Callable
from datetime import datetime, timedelta

from securechat.client import events as e
from securechat.errors import DiskFull, LimitExceeded

TROUBLE_LASTS = timedelta(seconds=10)


class Connection:
    """What was told of the connection last; see `securechat.faces.screen.drawing.facts.Status`."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.relay = ""
        self.offline = ""
        self.retry_in_s = 0.0
        self.clock_off_s = 0
        self.trouble = ""
        self._trouble_at = now()
        self.no_room = False

    def hear(self, event: e.Ready | e.BegunOffline | e.Offline | e.Problem | e.Resumed) -> None:
        """Take news of the connection."""
        match event:
            case e.Ready():
                self.relay, self.offline, self.retry_in_s = event.relay, "", 0.0
                self.clock_off_s = event.clock_off_s
            case e.Offline():
                self.offline, self.retry_in_s = event.why.rstrip(". "), event.retry_in_s
            case e.Problem(DiskFull()):
                self.no_room = True
            case e.Resumed():
                self.no_room = False
            case e.Problem(LimitExceeded() as error):
                self.trouble, self._trouble_at = error.what.rstrip(". "), self._now()

    def tick(self) -> bool:
        """Forget trouble that is old; return whether there was some."""
        if not self.trouble or abs(self._now() - self._trouble_at) < TROUBLE_LASTS:
            return False
        self.trouble = ""
        return True
