"""When the relay reads from a client, and when it lets the client wait.

Three things make it wait: too much that is not answered for, an account that has used up its bytes,
and answers that the client does not take.
"""

from collections.abc import Callable
from enum import Enum, auto
from typing import Protocol

from securechat.config import ServerConfig
from securechat.relay.limits import ByteBudget

SHORTEST_PAUSE_S = 0.02
BACKLOG_CHECK_S = 0.1
MAX_BACKLOG_BYTES = 1024 * 1024


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
    """One connection's back-pressure; it is told of all that came, and of what is answered for."""

    __slots__ = ("_call_later", "_max_bytes", "_reasons", "_unanswered_bytes", "_valve")

    def __init__(
        self,
        config: ServerConfig,
        valve: Valve,
        call_later: Callable[[float, Callable[[], None]], object],
    ) -> None:
        self._max_bytes = config.unanswered_bytes
        self._valve = valve
        self._call_later = call_later
        self._unanswered_bytes = 0
        self._reasons: frozenset[_Reason] = frozenset()

    @property
    def is_holding(self) -> bool:
        """Whether the relay makes the client wait, who could not end this by reading."""
        return bool(self._reasons - {_Reason.BACKLOG})

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

    def measure(self, size_bytes: int, budget: ByteBudget, now: float) -> None:
        """Pause if what came, and what it asked for, is more than the account may, or takes."""
        pause_s = budget.spend(size_bytes, now)
        if pause_s > SHORTEST_PAUSE_S and _Reason.BUDGET not in self._reasons:
            self._pause(_Reason.BUDGET)
            self._call_later(pause_s, lambda: self._resume(_Reason.BUDGET))
        if self._valve.backlog_bytes > MAX_BACKLOG_BYTES and _Reason.BACKLOG not in self._reasons:
            self._pause(_Reason.BACKLOG)
            self._call_later(BACKLOG_CHECK_S, self._check_backlog)

    def _check_backlog(self) -> None:
        if self._valve.backlog_bytes > MAX_BACKLOG_BYTES // 2:
            self._call_later(BACKLOG_CHECK_S, self._check_backlog)
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
