"""The samples as Markdown tables."""

import statistics
from collections.abc import Callable, Mapping, Sequence

from relaybench.sample import Sample

MessageSamples = Mapping[tuple[str, str], Sequence[Sample]]
"""The rounds of each load and contender."""

_HEAD = [
    "| load | server | CPU, µs | {base} : it | deliveries/s | busy | p50, ms | p99, ms |",
    "|---|---|---|---|---|---|---|---|",
]


def message_table(
    samples: MessageSamples, loads: Mapping[str, str], servers: Mapping[str, str], base: str
) -> list[str]:
    """Return the lines of a table; ``loads`` and ``servers`` have the titles, ``base`` a server."""
    lines = [line.format(base=base) for line in _HEAD]
    for load, load_title in loads.items():
        for server, server_title in servers.items():
            if rounds := samples.get((load, server)):
                ratio = ratio_of_cpu(samples, load, base, server)
                lines.append(_row(load_title, server_title, rounds, ratio))
    return lines


def ratio_of_cpu(samples: MessageSamples, load: str, base: str, server: str) -> float | None:
    """Return the median of each round's ratio of CPU for a message; None without both."""
    ours, theirs = samples.get((load, base), ()), samples.get((load, server), ())
    ratios = [a.cpu_us / b.cpu_us for a, b in zip(ours, theirs, strict=False)]
    return statistics.median(ratios) if ratios else None


def median(samples: Sequence[Sample], figure: Callable[[Sample], float]) -> float:
    """Return the median of a figure."""
    return statistics.median(map(figure, samples))


def _row(load: str, server: str, rounds: Sequence[Sample], ratio: float | None) -> str:
    cpu = [sample.cpu_us for sample in rounds]
    cells = (
        load,
        server,
        f"{statistics.median(cpu):.2f} ({min(cpu):.2f}–{max(cpu):.2f})",
        "" if ratio is None else f"{ratio:.2f}",
        f"{median(rounds, lambda sample: sample.messages_per_s):,.0f}",
        f"{median(rounds, lambda sample: sample.busy):.0%}",
        f"{median(rounds, lambda sample: sample.latency_ms(0.5)):.2f}",
        f"{median(rounds, lambda sample: sample.latency_ms(0.99)):.2f}",
    )
    return f"| {' | '.join(cells)} |"
