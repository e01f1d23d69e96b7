"""The full screen at the end of a slow line: 9,600 bit/s, and 200 ms in each direction."""

import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from clientbench.paths import PeerProcess
from clientbench.peer import SENDER
from clientbench.places import Place, environment

from screenbench.people import READER, client_command
from screenbench.terminal import BenchTerminal

BYTES_PER_S = 9600 // 8
LATENCY_S = 0.2
KEYS, MESSAGES = 5, 3

_PIECE_BYTES = 48
_QUIET_S = 0.8
_NEXT, _BEFORE = "\x1b[1;3B", "\x1b[1;3A"


class SlowTerminal(BenchTerminal):
    """Takes what is drawn as slowly as the line brings it; a key is on its way for a while."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str]) -> None:
        self._free_at_s = 0.0
        super().__init__(command, environ)

    def press(self, keys: str) -> None:
        """Type keys, and wait until they have gone through the line."""
        time.sleep(LATENCY_S)
        super().press(keys)

    def _receive(self) -> bytes:
        piece = os.read(self._master, _PIECE_BYTES)
        now_s = time.perf_counter()
        self._free_at_s = max(self._free_at_s, now_s) + len(piece) / BYTES_PER_S
        time.sleep(self._free_at_s - now_s)
        return piece


def slow_table(place: Place) -> str:
    """Return the table of what is drawn on such a line: its size, and when all of it is there."""
    rows = ["| at 9,600 bit/s, 200 ms each way | bytes | s |\n|---|---|---|"]
    terminal = SlowTerminal(client_command(place), environment())
    sender = PeerProcess(place, SENDER, READER)

    def send() -> None:
        sender.begin("send 1 1")
        sender.report()

    try:
        terminal.time_until(lambda: terminal.has_prompt, terminal.begun_s)
        terminal.rest(_QUIET_S)
        took_s = terminal.came_s + LATENCY_S - terminal.begun_s
        rows.append(_row("all of the first screen, from exec", [terminal.size_bytes], [took_s]))
        rows.append(_measured("a key", terminal, [partial(terminal.press, "x")] * KEYS))
        switches = [partial(terminal.press, key) for key in (_NEXT, _BEFORE)]
        rows.append(_measured("another conversation", terminal, switches))
        send()  # whoever writes comes, which is told, too
        terminal.rest(_QUIET_S)
        rows.append(_measured("a message that comes", terminal, [send] * MESSAGES))
    finally:
        sender.stop()
        terminal.close()
    return "\n".join(rows)


def _measured(what: str, terminal: BenchTerminal, acts: Sequence[Callable[[], None]]) -> str:
    sizes_bytes, times_s = [], []
    for act in acts:
        frames, before_bytes = terminal.frames, terminal.size_bytes
        begun_s = time.perf_counter()
        act()
        terminal.time_until(lambda seen=frames: terminal.frames > seen, begun_s)  # type: ignore[misc]
        terminal.rest(_QUIET_S)
        times_s.append(terminal.came_s + LATENCY_S - begun_s)
        sizes_bytes.append(terminal.size_bytes - before_bytes)
    return _row(what, sizes_bytes, times_s)


def _row(what: str, sizes_bytes: Sequence[int], times_s: Sequence[float]) -> str:
    size, took_s = statistics.median(sizes_bytes), statistics.median(times_s)
    return f"| {what} | {size:,.0f} | {took_s:.1f} |"
