"""How much of the machine others had during a benchmark: its figures are worth less beside them."""

import os
from pathlib import Path

from relaybench.servers import HAS_PROC

_FIELDS = slice(1, 9)
"""Of the first line of /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal."""

_IDLE = (3, 4)


class Bystanders:
    """Everybody else on this machine, from now on."""

    def __init__(self) -> None:
        self._before = self._now()

    def share(self) -> float | None:
        """Return their share of all processors; None where the system does not tell.

        Call it when all children have ended, for those that run count as others.
        """
        before, now = self._before, self._now()
        if before is None or now is None:
            return None
        total_s, used_s, own_s = (
            after - earlier for after, earlier in zip(now, before, strict=True)
        )
        return max(0.0, used_s - own_s) / total_s if total_s else 0.0

    def _now(self) -> tuple[float, float, float] | None:
        """Return seconds of all processors: those there were, those used, those used by us."""
        if not HAS_PROC:
            return None
        line = Path("/proc/stat").read_text().split("\n", 1)[0]
        ticks = [int(count) for count in line.split()[_FIELDS]]
        total = sum(ticks)
        used = total - sum(ticks[place] for place in _IDLE)
        per_s = os.sysconf("SC_CLK_TCK")
        own = os.times()
        own_s = own.user + own.system + own.children_user + own.children_system
        return total / per_s, used / per_s, own_s
