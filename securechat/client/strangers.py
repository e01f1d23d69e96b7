"""How much strangers can make a screen show: so much a minute, and the rest is counted."""

from securechat.client.desk import Desk
from securechat.errors import LimitExceeded

SHOWN_A_MINUTE = 20
_MINUTE_S = 60.0


class StrangerLimit:
    """One budget for all strangers together; ``due_at`` is when there is a count to tell."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._minute_ends_at = 0.0
        self._shown = 0
        self._withheld = 0
        self.due_at: float | None = None

    def allows_one(self) -> bool:
        """Tell whether one more message of a stranger may be shown; a refused one is counted."""
        now = self._desk.now_s()
        if now >= self._minute_ends_at:
            self.tell()
            self._minute_ends_at, self._shown = now + _MINUTE_S, 0
        if self._shown < SHOWN_A_MINUTE:
            self._shown += 1
            return True
        self._withheld += 1
        self.due_at = self._minute_ends_at
        return False

    def tell(self) -> None:
        """Tell how much was not shown, if anything was."""
        if self._withheld:
            count = "1 more" if self._withheld == 1 else f"{self._withheld} more"
            self._desk.report(
                LimitExceeded(
                    f"{count} from strangers within a minute: not shown",
                    "/msg NAME text, to answer one of them; /block NAME against another",
                )
            )
        self._withheld, self.due_at = 0, None
