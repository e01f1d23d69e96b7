"""What a client costs: its start, sending, receiving, memory and store; Markdown tables.

Everything is measured on the real code, in processes of their own, at a real relay on loopback.
Beside it, in alternation, what the same takes without a chat around it: an interpreter that does
nothing, and one libsodium sealed box with one row of plain SQLite for each message. What to compare
is CPU time, and the ratios; each figure is a median. Who sends one by one waits for the relay's
answer, which comes a little later for many at once.
"""

import argparse
import platform
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from clientbench.paths import Exchange, Pair, pairing
from clientbench.peer import RECEIVER, SENDER, Report
from clientbench.places import Place, relaying
from clientbench.raw import Raw, measure_raw
from clientbench.starting import (
    Start,
    import_share,
    measure_stages,
    start_client,
    start_help,
    start_python,
)

T = TypeVar("T")

BURST = 100
ONE, MANY = 1, 256
"""How many messages are not accepted yet at any time."""


@dataclass(frozen=True, slots=True)
class Load:
    """How much of everything is measured."""

    starts: int
    rounds: int
    messages: int
    """In each round, of those that are sent one by one; ten times as many otherwise."""
    kept: int
    """How many are sent for the memory and the store."""


FULL = Load(starts=9, rounds=5, messages=200, kept=100_000)
QUICK = Load(starts=1, rounds=1, messages=10, kept=100)


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="scripts/bench client", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few seconds, for a first look")
    parser.add_argument(
        "--messages", type=int, metavar="N", help=f"for memory and store [{FULL.kept:,}]"
    )
    options = parser.parse_args()
    load = QUICK if options.quick else FULL
    with tempfile.TemporaryDirectory() as directory, relaying(Path(directory)) as place:
        print(start_table(place, load), flush=True)
        with pairing(place) as pair:
            print(path_table(place, pair, load), flush=True)
            print(memory_table(pair, options.messages or load.kept), flush=True)
        print(f"\n{openings(place, load)}")
    print(f"CPython {platform.python_version()}, {platform.machine()}.")
    return 0


def start_table(place: Place, load: Load) -> str:
    """Return the table of starts."""
    stages = stages_of(place, load)  # which makes the profile
    starts: dict[str, list[Start]] = {"python -c pass": [], "--help": [], "client": []}
    for _ in range(load.starts):
        starts["python -c pass"].append(start_python())
        starts["--help"].append(start_help())
        starts["client"].append(start_client(place))
    base_ms = _median(starts["python -c pass"], lambda start: start.cpu_ms)
    lines = [
        "| start | to the first line, ms | to the end, ms | CPU, ms | of an idle start's CPU |",
        "|---|---|---|---|---|",
    ]
    for label, measured in starts.items():
        cpu_ms = _median(measured, lambda start: start.cpu_ms)
        first_ms = _median(measured, lambda start: start.first_line_ms)
        end_ms = _median(measured, lambda start: start.elapsed_ms)
        first = "" if label == "python -c pass" else f"{first_ms:.0f}"
        name = label if label.startswith("python") else f"securechat {label}"
        lines.append(
            f"| `{name}` | {first} | {end_ms:.0f} | {cpu_ms:.0f} | {cpu_ms / base_ms:.1f} |"
        )
    return "\n".join([*lines, "", stages])


def stages_of(place: Place, load: Load) -> str:
    """Return the sentences about the stages of a client's start."""
    share = statistics.median(import_share(place) for _ in range(load.starts))
    stages = [measure_stages(place) for _ in range(load.starts)]
    return (
        f"`securechat client` says that it is logged in at its first line; {share:.0%} of the time"
        " until then goes into imports. `securechat.Client`, stage by stage: imports"
        f" {_median(stages, lambda each: each.importing):.0f} ms,"
        f" opening the profile {_median(stages, lambda each: each.opening):.1f} ms,"
        f" TLS {_median(stages, lambda each: each.tls):.1f} ms,"
        f" login {_median(stages, lambda each: each.login):.1f} ms.\n"
    )


def path_table(place: Place, pair: Pair, load: Load) -> str:
    """Return the table of sending and receiving, and what a burst comes to on the wire."""
    pair.rest()
    burst = pair.exchange(BURST, BURST)
    answers = pair.rest()
    lines = [
        "| path | not accepted yet | CPU, µs | one box and one row, µs | ratio | messages/s |"
        " handed over, ms | accepted, ms |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for window in (ONE, MANY):
        messages = load.messages if window == ONE else 10 * load.messages
        rounds = [
            (
                measure_raw(place.directory, messages, window),
                pair.exchange(messages, window),
            )
            for _ in range(load.rounds)
        ]
        raws, exchanges = [raw for raw, _ in rounds], [exchange for _, exchange in rounds]
        lines += [sending_row(window, raws, exchanges), receiving_row(window, raws, exchanges)]
    return "\n".join(
        [
            *lines,
            "",
            f"A burst of {BURST} texts leaves as {_frames(burst.sent)}; the other client answers it"
            f" with {_frames(burst.received, answers)}.\n",
        ]
    )


def sending_row(window: int, raws: Sequence[Raw], exchanges: Sequence[Exchange]) -> str:
    """Return the row of the side that sends, its store, the answers and the receipts included."""
    handed_ms = _median(exchanges, lambda each: each.sent.handed_ms)
    accepted_ms = _median(exchanges, lambda each: each.sent.accepted_ms)
    raw_us = _median(raws, lambda raw: raw.send_us)
    row = _row("send", window, raw_us, exchanges, lambda each: each.sent)
    return f"{row} {handed_ms:.1f} | {accepted_ms:.1f} |"


def receiving_row(window: int, raws: Sequence[Raw], exchanges: Sequence[Exchange]) -> str:
    """Return the row of the side that receives: decrypted, stored, told, acknowledged."""
    raw_us = _median(raws, lambda raw: raw.receive_us)
    return f"{_row('receive', window, raw_us, exchanges, lambda each: each.received)} | |"


def _row(
    path: str,
    window: int,
    raw_us: float,
    exchanges: Sequence[Exchange],
    side: Callable[[Exchange], Report],
) -> str:
    cpu_us = _median(exchanges, lambda each: side(each).cpu_s / each.messages * 1e6)
    rate = _median(exchanges, lambda each: each.messages / side(each).elapsed_s)
    cells = (path, f"{window}", f"{cpu_us:.0f}", f"{raw_us:.0f}", f"{cpu_us / raw_us:.1f}")
    return f"| {' | '.join(cells)} | {rate:,.0f} |"


def memory_table(pair: Pair, messages: int) -> str:
    """Return the table of memory and store, after a tenth of the messages and after all."""
    before = pair.exchange(1, 1)
    tenth = pair.exchange(messages // 10, MANY)
    after = pair.exchange(messages - messages // 10, MANY)
    lines = [
        f"| resident, MiB | before | after {messages // 10:,} | after {messages:,} |"
        " growth since the tenth, B a message | store, B a message |",
        "|---|---|---|---|---|---|",
    ]
    for label, reports in (
        ("sent", [each.sent for each in (before, tenth, after)]),
        ("received", [each.received for each in (before, tenth, after)]),
    ):
        sizes = " | ".join(f"{report.resident_kib / 1024:.1f}" for report in reports)
        growth = (reports[2].resident_kib - reports[1].resident_kib) * 1024 / after.messages
        stored = (reports[2].store_bytes - reports[0].store_bytes) / messages
        lines.append(f"| {label} | {sizes} | {growth:.0f} | {stored:.0f} |")
    return "\n".join(lines)


def openings(place: Place, load: Load) -> str:
    """Return the sentence about the profiles of the two who have exchanged all that."""
    sent_ms, received_ms = (
        statistics.median(measure_stages(place, name).opening for _ in range(load.rounds))
        for name in (SENDER, RECEIVER)
    )
    return (
        f"After that the sender's profile opens in {sent_ms:.0f} ms,"
        f" the receiver's in {received_ms:.0f} ms."
    )


def _frames(*reports: Report) -> str:
    frames: Counter[str] = Counter()
    for report in reports:
        frames.update(report.frames)
    return " and ".join(f"{number} {kind}" for kind, number in sorted(frames.items()))


def _median(measured: Sequence[T], figure: Callable[[T], float]) -> float:
    return statistics.median(map(figure, measured))


if __name__ == "__main__":
    sys.exit(main())
