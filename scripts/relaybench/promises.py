"""What the relay has to show beside the others, and whether a run has shown it."""

import statistics
from collections.abc import Iterator

from relaybench.contenders import MOSQUITTO, NATS, RELAY, TITLES, TUTORIAL
from relaybench.report import ratio_of_cpu, table
from relaybench.runner import Results

CPU_RATIOS = {
    MOSQUITTO: {"W1": 0.7, "W2": 0.2, "W3": 0.25, "W3q": 0.6},
    NATS: {"W1": 1.3, "W2": 2.0, "W3": 2.5},
    TUTORIAL: {"W1": 0.8, "W2": 0.25, "W3": 0.3},
}
"""At most so much of a server's CPU for a delivered message."""

IDLE_KIB = 22.0
SLOW_P99_RATIO = 2.0
FLAT_SHARE = 0.15
"""By how much a message may cost more or less than in the middle of the range."""


def promises(results: Results) -> list[str]:
    """Return a table of what this run can say about."""
    rows = [
        [what, f"at most {limit:g}", f"{shown:.2f}", "met" if shown <= limit else "**not met**"]
        for what, limit, shown in _shown(results)
    ]
    lines = table((f"what {RELAY} must show", "limit", "shown", ""), rows)
    return ["", "## Must show", *lines] if lines else []


def _shown(results: Results) -> Iterator[tuple[str, float, float]]:
    for server, limits in CPU_RATIOS.items():
        for load, limit in limits.items():
            ratio = ratio_of_cpu(results, load, server)
            if ratio is not None:
                yield f"{load}: CPU, as a multiple of {TITLES[server]}'s", limit, ratio
    for idle in results.idle.get(RELAY, ()):
        yield f"idle: KiB for each of {idle.connections:,} connections", IDLE_KIB, idle.kib_each
    ratios = [each.p99_ratio() for each in results.slow.get(RELAY, ())]
    if ratios:
        known = [float("inf") if ratio is None else ratio for ratio in ratios]
        shown = statistics.median(known)
        yield "slow: p99 beside slow readers, as a multiple of p99 alone", SLOW_P99_RATIO, shown
    costs = [
        statistics.median(sample.cpu_us for sample in rounds)
        for (_, name), rounds in results.flat.items()
        if name == RELAY and rounds
    ]
    if costs:
        low, high = min(costs), max(costs)
        what = f"flat: CPU, ± of the middle (dearest : cheapest {high / low:.2f})"
        yield what, FLAT_SHARE, (high - low) / (high + low)
