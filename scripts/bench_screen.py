"""What the full screen costs: its start, a key, another conversation, a flood; a Markdown table.

The real command, on a terminal of 80 by 24, at a real relay on loopback. Its two conversations have
100,000 messages each. A key is typed when nothing else is drawn; what it takes is measured from the
byte that the terminal writes to the end of the frame that it reads.
"""

import argparse
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from clientbench.paths import PeerProcess
from clientbench.peer import SENDER
from clientbench.places import Place, environment, relaying
from clientbench.starting import start_client, start_python
from screenbench.people import OTHER, READER, client_command, last_text, make_reader
from screenbench.slow_line import slow_table
from screenbench.terminal import BenchTerminal

ALT_DOWN, ALT_UP, CTRL_C = "\x1b[1;3B", "\x1b[1;3A", "\x03"
WINDOW = 256


@dataclass(frozen=True, slots=True)
class Load:
    """How much of everything is measured."""

    starts: int
    keys: int
    switches: int
    kept: int
    """In the history of each of the two conversations."""
    incoming: int


FULL = Load(starts=9, keys=60, switches=20, kept=100_000, incoming=10_000)
QUICK = Load(starts=1, keys=10, switches=4, kept=1_000, incoming=500)


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="scripts/bench screen", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few seconds, for a first look")
    load = QUICK if parser.parse_args().quick else FULL
    with tempfile.TemporaryDirectory() as directory, relaying(Path(directory)) as place:
        make_reader(place, load.kept)
        print("| what | median | 95 of 100 | budget |\n|---|---|---|---|")
        print(start_rows(place, load), flush=True)
        with reading(place, load) as terminal:
            print(key_rows(terminal, load), flush=True)
            print(switch_row(terminal, load), flush=True)
            print(f"\n{flood(place, terminal, load)}")
        print(f"\n{slow_table(place)}\n")
    print(f"CPython {platform.python_version()}, {platform.machine()}.")
    return 0


@contextmanager
def reading(place: Place, load: Load) -> Iterator[BenchTerminal]:
    """Run the reader's client until the block ends; it shows the end of a conversation."""
    terminal = BenchTerminal(client_command(place), environment())
    try:
        see(terminal, last_text(SENDER, load.kept), terminal.begun_s)
        terminal.rest(1.0)
        yield terminal
    finally:
        terminal.close()


def see(terminal: BenchTerminal, text: str, since_s: float) -> float:
    """Return how long it took until a text was on the screen, in milliseconds."""
    return terminal.time_until(lambda: any(text in row for row in terminal.rows), since_s)


def start_rows(place: Place, load: Load) -> str:
    """Return the rows of a start: from exec to a prompt that takes keys, and what compares."""
    rows: dict[str, list[float]] = {"python -c pass": [], "client --json": [], "client": []}
    for _ in range(load.starts):
        rows["python -c pass"].append(start_python().elapsed_ms)
        rows["client --json"].append(start_client(place).first_line_ms)
        rows["client"].append(_start_ms(place))
    return "\n".join(
        (
            _row("`python -c pass`, ms", rows["python -c pass"], ""),
            _row("`client --json`, from exec to its login, ms", rows["client --json"], ""),
            _row("the full screen, from exec to its prompt, ms", rows["client"], "500"),
        )
    )


def _start_ms(place: Place) -> float:
    terminal = BenchTerminal(client_command(place), environment())
    try:
        return terminal.time_until(lambda: terminal.has_prompt, terminal.begun_s)
    finally:
        terminal.close()


def key_rows(terminal: BenchTerminal, load: Load) -> str:
    """Return the rows of a key typed into the input: time, and bytes to the terminal."""
    times_ms, sizes_bytes = [], []
    for _ in range(load.keys):
        before_bytes = terminal.size_bytes
        times_ms.append(terminal.time_frame("x"))
        terminal.rest()
        sizes_bytes.append(float(terminal.size_bytes - before_bytes))
    terminal.press(CTRL_C)
    terminal.rest()
    return "\n".join(
        (_row("from a key to its frame, ms", times_ms, "30"), _row("bytes a key", sizes_bytes, ""))
    )


def switch_row(terminal: BenchTerminal, load: Load) -> str:
    """Return the row of going to the other conversation, until its last message is drawn."""
    times_ms = []
    for number in range(load.switches):
        key, talker = ((ALT_DOWN, OTHER), (ALT_UP, SENDER))[number % 2]
        begin_s = time.perf_counter()
        terminal.press(key)
        times_ms.append(see(terminal, last_text(talker, load.kept), begin_s))
        terminal.rest()
    return _row(f"to a conversation of {load.kept:,} messages, ms", times_ms, "100")


def flood(place: Place, terminal: BenchTerminal, load: Load) -> str:
    """Return the sentence about many messages that come while the conversation is shown."""
    sender = PeerProcess(place, SENDER, READER)
    try:
        sender.begin("send 1 1")
        sender.report()
        terminal.rest(1.0)
        before_mib, frames, size_bytes = (
            terminal.resident_mib, terminal.frames, terminal.size_bytes,
        )  # fmt: skip
        sender.begin(f"send {load.incoming} {WINDOW}")
        terminal.rest(2.0)
        report = sender.report()
        terminal.rest(1.0)
    finally:
        sender.stop()
    after_mib = terminal.resident_mib
    return (
        f"{load.incoming:,} messages came within {report.elapsed_s:.1f} s and were drawn in"
        f" {terminal.frames - frames} frames, {(terminal.size_bytes - size_bytes) // 1024:,} KiB;"
        f" memory was {before_mib:.1f} MiB before and {after_mib:.1f} MiB after."
    )


def _row(what: str, measured: Sequence[float], budget: str) -> str:
    median, most = statistics.median(measured), sorted(measured)[int(len(measured) * 0.95)]
    return f"| {what} | {median:.1f} | {most:.1f} | {budget} |"


if __name__ == "__main__":
    sys.exit(main())
