"""What slows clients down: a byte budget for each account, rates, and login failures."""

from collections import OrderedDict, deque
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
        bytes_per_s = self.bytes_per_s
        filled = self._left + (now - self._at) * bytes_per_s
        self._left = left = (filled if filled < bytes_per_s else bytes_per_s) - size_bytes
        self._at = now
        return 0.0 if left >= 0 else -left / bytes_per_s


class RateLimit:
    """So many events of each key in a window of time; all windows begin together."""

    def __init__(self, allowed: int, window_s: float) -> None:
        self._allowed = allowed
        self._window_s = window_s
        self._began_at = float("-inf")
        self._counts: dict[Hashable, int] = {}

    def admit(self, key: Hashable, now: float) -> bool:
        """Count an event and return True, or return False if there were enough of this key."""
        if now - self._began_at >= self._window_s:
            self._began_at = now
            self._counts.clear()
        count = self._counts.get(key, 0)
        if count >= self._allowed:
            return False
        self._counts[key] = count + 1
        return True


class LoginThrottle:
    """Failed logins of the last minute for each key (an address, an account)."""

    WINDOW_S = 60.0
    MAX_DELAY_S = 5

    def __init__(self, failures_per_minute: int) -> None:
        self._allowed = failures_per_minute
        self._failures: OrderedDict[Hashable, deque[float]] = OrderedDict()
        """The last failures of each key; the key that failed last comes last."""

    def failed(self, key: Hashable, now: float) -> float:
        """Note a failed login; return for how many seconds its answer has to wait."""
        self._forget(now - self.WINDOW_S)
        times = self._failures.setdefault(key, deque(maxlen=self._allowed + self.MAX_DELAY_S))
        times.append(now)
        self._failures.move_to_end(key)
        recent = sum(1 for at in times if at > now - self.WINDOW_S)
        return float(max(0, recent - self._allowed))

    def _forget(self, before: float) -> None:
        while self._failures and next(iter(self._failures.values()))[-1] <= before:
            self._failures.popitem(last=False)
