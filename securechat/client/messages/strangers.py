"""How much strangers can make a screen show: so much a minute, and the rest comes later."""

from securechat.client.state.desk import Desk
from securechat.errors import Untrusted

SHOWN_A_MINUTE = 20
_MINUTE_S = 60.0


class StrangerLimit:
    """One budget for all strangers together; ``due_at`` is when there is room for what waits."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._minute_ends_at = 0.0
        self._shown = 0
        self.due_at: float | None = None

    def allows_one(self) -> bool:
        """Tell whether one more message of a stranger may be shown in this minute."""
        if self.due_at is None and self._desk.now_s() >= self._minute_ends_at:
            self.begin_minute()
        if self._shown < SHOWN_A_MINUTE:
            self._shown += 1
            return True
        if self.due_at is None:
            self.due_at = self._minute_ends_at
            self._desk.report(
                Untrusted(
                    f"Strangers write more than {SHOWN_A_MINUTE} messages a minute: the rest is"
                    " shown later",
                    "/msg NAME text, to answer one of them; /block NAME against another",
                )
            )
        return False

    def begin_minute(self) -> None:
        """Let as many be shown again."""
        self._minute_ends_at, self._shown = self._desk.now_s() + _MINUTE_S, 0
        self.due_at = None
