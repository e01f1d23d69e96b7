"""When the relay reads from a client, and when it lets the client wait.

Three things make it wait: too much that is not answered for, an account that has used up its bytes,
and answers that the client does not take.
"""

from collections.abc import Callable
from enum import Enum, auto
from typing import Protocol

from securechat.config import ServerConfig
from securechat.errors import LimitExceeded
from securechat.relay.limits import ByteBudget

SHORTEST_PAUSE_S = 0.02
BACKLOG_CHECK_S = 0.1
MAX_BACKLOG_BYTES = 1024 * 1024

DROP_BACKLOG_BYTES = 4 * 1024 * 1024
"""Who leaves more than this unread has to go."""

MEASURE_EVERY_BYTES = 64 * 1024
"""After how much an account is charged, or a 64th of a second's worth: not for each short read."""

FRAME_CHARGE_BYTES = 1024
"""What a frame, or an answer, costs its account beyond its bytes: short ones take time, too."""


class Valve(Protocol):
    """What of a connection turns reading on and off."""

    @property
    def backlog_bytes(self) -> int:
        """What is written and not yet taken by the socket."""

    def pause_reading(self) -> None:
        """Take nothing more from the client until `resume_reading`."""

    def resume_reading(self) -> None:
        """Take bytes from the client again."""


class _Reason(Enum):
    UNANSWERED = auto()
    BUDGET = auto()
    BACKLOG = auto()


class Intake:
    """One connection's back-pressure; it is told of all that came, and of what is answered for.

    ``budget`` is that of the account, which all its connections share.
    """

    __slots__ = (
        "_budget",
        "_call_later",
        "_max_bytes",
        "_measure_bytes",
        "_reasons",
        "_unanswered_bytes",
        "_unmeasured_bytes",
        "_valve",
    )

    def __init__(
        self,
        config: ServerConfig,
        budget: ByteBudget,
        valve: Valve,
        call_later: Callable[[float, Callable[[], None]], object],
    ) -> None:
        self._max_bytes = config.unanswered_bytes
        self._measure_bytes = min(MEASURE_EVERY_BYTES, config.account_bytes_per_s // 64)
        self._budget = budget
        self._valve = valve
        self._call_later = call_later
        self._unanswered_bytes = 0
        self._unmeasured_bytes = 0
        """What came, and was asked for, since the account was last charged for it."""
        self._reasons: frozenset[_Reason] = frozenset()

    @property
    def is_holding(self) -> bool:
        """Whether the relay makes the client wait, who could not end this by reading."""
        return bool(self._reasons - {_Reason.BACKLOG})

    @property
    def is_too_far_behind(self) -> bool:
        """Whether the client leaves more unread than any may."""
        return self._valve.backlog_bytes > DROP_BACKLOG_BYTES

    def check_backlog(self) -> None:
        """Raise LimitExceeded if the client is too far behind."""
        if self.is_too_far_behind:
            raise LimitExceeded("A client does not take what is sent to it")

    def take(self, size_bytes: int) -> None:
        """Count what was handed in, or asked for; pause if that is too much."""
        self._unanswered_bytes += size_bytes
        if self._unanswered_bytes >= self._max_bytes:
            self._pause(_Reason.UNANSWERED)

    def settle(self, size_bytes: int) -> None:
        """Count what is answered for."""
        self._unanswered_bytes -= size_bytes
        if (
            self._reasons
            and _Reason.UNANSWERED in self._reasons
            and self._unanswered_bytes * 2 < self._max_bytes
        ):
            self._resume(_Reason.UNANSWERED)

    def charge(self, size_bytes: int) -> None:
        """Have the account pay, at the next measuring, for what it makes the relay do."""
        self._unmeasured_bytes += size_bytes

    def measure(self, size_bytes: int, frames: int, now: float) -> None:
        """Charge for one read of so many frames; now and then see whether all that was too much.

        Pauses if it is more than the account may, or more than the client takes of the answers.
        """
        self._unmeasured_bytes += size_bytes + FRAME_CHARGE_BYTES * frames
        if self._unmeasured_bytes < self._measure_bytes:
            return
        pause_s = self._budget.spend(self._unmeasured_bytes, now)
        self._unmeasured_bytes = 0
        if pause_s > SHORTEST_PAUSE_S and _Reason.BUDGET not in self._reasons:
            self._pause(_Reason.BUDGET)
            self._call_later(pause_s, lambda: self._resume(_Reason.BUDGET))
        if self._valve.backlog_bytes > MAX_BACKLOG_BYTES and _Reason.BACKLOG not in self._reasons:
            self._pause(_Reason.BACKLOG)
            self._call_later(BACKLOG_CHECK_S, self._resume_if_taken)

    def _resume_if_taken(self) -> None:
        if self._valve.backlog_bytes > MAX_BACKLOG_BYTES // 2:
            self._call_later(BACKLOG_CHECK_S, self._resume_if_taken)
        else:
            self._resume(_Reason.BACKLOG)

    def _pause(self, reason: _Reason) -> None:
        if not self._reasons:
            self._valve.pause_reading()
        self._reasons |= {reason}

    def _resume(self, reason: _Reason) -> None:
        self._reasons -= {reason}
        if not self._reasons:
            self._valve.resume_reading()
