"""What slows a client down: a byte budget for each account, and login failures."""

from collections import deque
from collections.abc import Hashable


class ByteBudget:
    """A token bucket that fills by ``bytes_per_s`` and holds one second's worth."""

    __slots__ = ("_at", "_left", "bytes_per_s")

    def __init__(self, bytes_per_s: int, now: float) -> None:
        self.bytes_per_s = bytes_per_s
        self._left = float(bytes_per_s)
        self._at = now

    def spend(self, size_bytes: int, now: float) -> float:
        """Take that many bytes; return for how many seconds the spender has to pause."""
        filled = self._left + (now - self._at) * self.bytes_per_s
        self._left = min(filled, float(self.bytes_per_s)) - size_bytes
        self._at = now
        return max(0.0, -self._left / self.bytes_per_s)


class LoginThrottle:
    """Failed logins of the last minute for each key (an address, an account)."""

    WINDOW_S = 60.0
    MAX_DELAY_S = 5.0

    def __init__(self, failures_per_minute: int) -> None:
        self._allowed = failures_per_minute
        self._failures: dict[Hashable, deque[float]] = {}

    def failed(self, key: Hashable, now: float) -> None:
        """Note a failed login."""
        self._forget(now)
        self._failures.setdefault(key, deque()).append(now)

    def delay_s(self, key: Hashable, now: float) -> float:
        """Return for how long the next answer to this key has to wait."""
        recent = self._failures.get(key, ())
        failures = sum(1 for at in recent if now - at < self.WINDOW_S)
        return min(float(max(0, failures - self._allowed + 1)), self.MAX_DELAY_S)

    def _forget(self, now: float) -> None:
        for key in [k for k, times in self._failures.items() if now - times[-1] >= self.WINDOW_S]:
            del self._failures[key]
