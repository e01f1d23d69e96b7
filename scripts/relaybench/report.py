"""The results as Markdown."""

import platform
import ssl
import statistics
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from relaybench.client import MESSAGE_BYTES
from relaybench.contenders import RELAY
from relaybench.flat import TALKING_PAIRS
from relaybench.manner import Manner
from relaybench.messages import MESSAGE_LOADS, SPEAKERS, Size
from relaybench.runner import Results
from relaybench.sample import Sample
from relaybench.slow import MESSAGES_PER_S

LINE_LENGTH = 100

T = TypeVar("T")


def report(results: Results, servers: Mapping[str, str], size: Size) -> list[str]:
    """Return the lines of all tables that have rows; ``servers`` has the titles."""
    return [
        *_message_table(results, servers, size),
        *_login_table(results, servers),
        *_flat_table(results, servers),
        *_slow_table(results, servers, size),
        *_idle_table(results, servers),
    ]


def head(
    size: Size, rounds: int, negotiated: Sequence[str], manners: Mapping[str, Manner]
) -> list[str]:
    """Return what has to be known to read the tables; ``manners`` has those of the titles."""
    text = (
        f"Messages of {MESSAGE_BYTES} B. {_written(manners)} CPU is that of the whole server"
        " process, user and system, for each delivered message."
        f" {size.pairs} pairs answer each message with one;"
        f" in a room of {size.members} {SPEAKERS} speak. Medians of {rounds} rounds of"
        f" {size.seconds:g} s (lowest–highest), the servers in turn; ratios are those of each"
        " round. Busy is the share of the time in which the server, and the load, computed: a"
        " server that waits for the load does less at a time. Latency is from the send to the"
        f" read. {' and '.join(negotiated)} for everybody. CPython {platform.python_version()},"
        f" {ssl.OPENSSL_VERSION}, {platform.machine()}."
    )
    return textwrap.wrap(text, LINE_LENGTH)


def _written(manners: Mapping[str, Manner]) -> str:
    """Return a sentence for each manner in which clients wrote."""
    sentences: list[str] = []
    for manner in Manner:
        titles = [title for title, own in manners.items() if own is manner]
        if titles:
            whose = "" if len(titles) == len(manners) else f" of {' and '.join(titles)}"
            sentences.append(f"Clients{whose} {manner.value}.")
    return " ".join(sentences)


def ratio_of_cpu(results: Results, load: str, server: str) -> float | None:
    """Return the median of each round's ratio of the relay's CPU to a server's, if both ran."""
    ours, theirs = results.messages.get((load, RELAY), ()), results.messages.get((load, server), ())
    ratios = [a.cpu_us / b.cpu_us for a, b in zip(ours, theirs, strict=False)]
    return statistics.median(ratios) if ratios else None


def median(rounds: Sequence[T], figure: Callable[[T], float]) -> float:
    """Return the median of a figure."""
    return statistics.median(map(figure, rounds))


def latency_ms(rounds: Sequence[Sample], share: float) -> float:
    """Return the median of the latency that this share of the messages stayed within."""
    return median(rounds, lambda sample: sample.latency_ms(share))


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a Markdown table after an empty line, none without rows."""
    if not rows:
        return []
    lines = [columns, ("---",) * len(columns), *rows]
    return ["", *(f"| {' | '.join(cells)} |" for cells in lines)]


def _message_table(results: Results, servers: Mapping[str, str], size: Size) -> list[str]:
    rows = [
        [load.title(size), title, *_message_cells(rounds, ratio_of_cpu(results, load.name, name))]
        for load in MESSAGE_LOADS
        for name, title in servers.items()
        if (rounds := results.messages.get((load.name, name)))
    ]
    return table(
        (
            "load",
            "server",
            "CPU, µs",
            f"{RELAY} : it",
            "deliveries/s",
            "busy",
            "p50, ms",
            "p99, ms",
        ),
        rows,
    )


def _message_cells(rounds: Sequence[Sample], ratio: float | None) -> list[str]:
    return [
        _spread([sample.cpu_us for sample in rounds]),
        "" if ratio is None else f"{ratio:.2f}",
        f"{median(rounds, lambda sample: sample.messages_per_s):,.0f}",
        f"{median(rounds, lambda sample: sample.busy):.0%},"
        f" {median(rounds, lambda sample: sample.load_busy):.0%}",
        *_latencies(rounds),
    ]


def _login_table(results: Results, servers: Mapping[str, str]) -> list[str]:
    rows = [
        [
            title,
            _spread([each.cpu_ms for each in rounds]),
            f"{median(rounds, lambda each: each.per_s):,.0f}",
        ]
        for name, title in servers.items()
        if (rounds := results.logins.get(name))
    ]
    return table(("server", "CPU for a handshake and login, ms", "logins/s"), rows)


def _flat_table(results: Results, servers: Mapping[str, str]) -> list[str]:
    rows = [
        [f"{users:,}", servers[name], *_message_cells(rounds, None)[:1]]
        for (users, name), rounds in results.flat.items()
        if rounds
    ]
    return table((f"connected, of whom {2 * TALKING_PAIRS} talk", "server", "CPU, µs"), rows)


def _slow_table(results: Results, servers: Mapping[str, str], size: Size) -> list[str]:
    rows: list[list[str]] = []
    for name, title in servers.items():
        if not (rounds := results.slow.get(name)):
            continue
        quiet = [each.quiet for each in rounds]
        beside = [each.beside for each in rounds if each.beside]
        if len(beside) < len(rounds):
            why = next(each.why for each in rounds if not each.beside)
            rows.append([title, *_latencies(quiet), f"stopped: {why}", "", ""])
            continue
        ratio = statistics.median(each.p99_ratio() or 0.0 for each in rounds)
        rows.append([title, *_latencies(quiet), *_latencies(beside), f"{ratio:.2f}"])
    beside_whom = f"{size.slow_readers} slow readers"
    return table(
        (
            f"{size.pairs} pairs on",
            "p50 alone, ms",
            "p99 alone",
            f"p50 beside {beside_whom}, {MESSAGES_PER_S}/s each",
            "p99 beside them",
            "p99 : p99",
        ),
        rows,
    )


def _latencies(rounds: Sequence[Sample]) -> list[str]:
    return [f"{latency_ms(rounds, 0.5):.2f}", f"{latency_ms(rounds, 0.99):.2f}"]


def _idle_table(results: Results, servers: Mapping[str, str]) -> list[str]:
    rows = [
        [
            title,
            f"{idle.connections:,}" + (f", {idle.lost:,} of them lost" if idle.lost else ""),
            f"{idle.kib_each:.1f}",
            "" if idle.account_kib is None else f"{idle.account_kib:.1f}",
        ]
        for name, title in servers.items()
        for idle in results.idle.get(name, ())
    ]
    return table(("server", "idle connections", "KiB each", "KiB for an account"), rows)


def _spread(figures: Sequence[float]) -> str:
    return f"{statistics.median(figures):.2f} ({min(figures):.2f}–{max(figures):.2f})"
