"""A client on the full screen: what is in its cells, on a terminal that changes its size."""

import fcntl
import struct
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.terminal.seat import Terminal

ENTERED, LEFT = "\x1b[?1049h", "\x1b[?1049l"
"""What gives a program a screen of its own, and the terminal back the one that it had before."""


class FullScreen(Terminal):
    """A securechat client that has a whole terminal, and somebody at the keyboard."""

    def __init__(
        self, *flags: str, home: Path, term: str = "xterm-256color", **options: Any
    ) -> None:
        super().__init__("client", *flags, home=home, term=term, full_screen=True, **options)

    @property
    def rows(self) -> list[str]:
        """What is on the screen, row by row, as wide as it is."""
        screen = self._screen  # whose own display fails at some characters that join
        return [
            "".join(screen.buffer[y][x].data for x in range(screen.columns))
            for y in range(screen.lines)
        ]

    @property
    def text(self) -> str:
        """What is on the screen in one line."""
        return " ".join(" ".join(self.rows).split())

    @property
    def lines(self) -> list[str]:
        """The rows without blanks at their ends."""
        return [row.rstrip() for row in self.rows]

    @property
    def input(self) -> str:
        """The row of the prompt, which is above the status."""
        return self.lines[-2]

    @property
    def attributes(self) -> list[Any]:
        """What the kernel does with keys and output here."""
        return termios.tcgetattr(self._master)

    @property
    def echoes(self) -> bool:
        """Whether the terminal is as a shell expects it: it shows what is typed."""
        return bool(termios.tcgetattr(self._master)[3] & termios.ECHO)

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size."""
        self._screen.resize(rows, columns)
        size = struct.pack("HHHH", rows, columns, 0, 0)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, size)

    def wipe(self) -> None:
        """Forget all that the terminal shows."""
        self._screen.reset()

    def rest(self, seconds: float) -> None:
        """Read what comes for so long."""
        until = time.monotonic() + seconds
        while (left_s := until - time.monotonic()) > 0:
            self._read(left_s)

    def rest_until_quiet(self, quiet_s: float) -> None:
        """Read until nothing has come for so long."""
        while True:
            before = len(self.raw)
            self.rest(quiet_s)
            if len(self.raw) == before:
                return

    def see_input(self, text: str) -> None:
        """Wait until the input ends in this."""
        self.wait_until(f"input {text}", lambda: self.input.endswith(text))

    def wait_for_bytes(self, sequence: bytes) -> None:
        """Wait until the terminal has got this."""
        self.wait_until(repr(sequence), lambda: sequence in self.raw)

    def wait_until_entered(self, times: int) -> None:
        """Wait until the client has taken the whole terminal, so many times in all."""
        self._wait("the full screen", lambda: self.raw.count(ENTERED.encode()) >= times)

    def wait_until(self, what: str, condition: Callable[[], bool]) -> None:
        """Read what comes until the condition holds."""
        self._wait(what, condition)


@contextmanager
def on_full_screen(*flags: str, home: Path, **options: Any) -> Iterator[FullScreen]:
    """Run a client until the block ends."""
    seat = FullScreen(*flags, home=home, **options)
    try:
        yield seat
    finally:
        seat.close()
