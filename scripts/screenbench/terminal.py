"""A terminal of 80 by 24 that draws whole frames at once, so that they can be counted and timed."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence

import pyte

COLUMNS, ROWS = 80, 24
PATIENCE_S = 60.0

_FRAME_QUERY, _FRAME_ANSWER = b"\x1b[?2026$p", b"\x1b[?2026;2$y"
_FRAME_END = b"\x1b[?2026l"
_SEQUENCE_BYTES = len(_FRAME_QUERY)


class BenchTerminal:
    """Runs a command; ``frames`` and ``size_bytes`` say what it has drawn, and of how much.

    ``came_s`` is when the newest of it came.

    Raises TimeoutError where what is waited for does not come.
    """

    def __init__(self, command: Sequence[str], environ: Mapping[str, str]) -> None:
        self.frames = 0
        self.size_bytes = 0
        self._asked = False
        self._end = b""
        self.came_s = 0.0
        self._screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.ByteStream(self._screen)
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.begun_s = time.perf_counter()
        self.process = subprocess.Popen(
            command,
            env={**environ, "TERM": "xterm-256color", "LANG": "C.UTF-8"},
            preexec_fn=lambda: os.login_tty(slave),
        )
        os.close(slave)

    @property
    def rows(self) -> list[str]:
        """What is on the screen."""
        return list(self._screen.display)

    @property
    def has_prompt(self) -> bool:
        """Whether there is something in both of the last two rows: an input, and a status."""
        return all(row.strip() for row in self.rows[-2:])

    @property
    def resident_mib(self) -> float:
        """How much memory the command's process has."""
        status = subprocess.run(
            ["ps", "-o", "rss=", "-p", str(self.process.pid)],
            capture_output=True,
            check=True,
        )
        return int(status.stdout) / 1024

    def press(self, keys: str) -> None:
        """Type keys."""
        os.write(self._master, keys.encode())

    def time_until(self, condition: Callable[[], bool], since_s: float) -> float:
        """Read until a condition holds; return how many milliseconds have passed."""
        while True:
            come_s = self._read(PATIENCE_S)
            if come_s is None:
                raise TimeoutError("The screen does not show it:\n" + "\n".join(self.rows))
            if condition():
                return (come_s - since_s) * 1000

    def time_frame(self, keys: str) -> float:
        """Type keys; return how many milliseconds it took until they were drawn."""
        before = self.frames
        begin_s = time.perf_counter()
        self.press(keys)
        return self.time_until(lambda: self.frames > before, begin_s)

    def rest(self, quiet_s: float = 0.1) -> None:
        """Read until nothing has come for so long."""
        while self._read(quiet_s) is not None:
            pass

    def close(self) -> None:
        """End the command and wait for it."""
        self.process.terminate()
        try:
            while self._read(PATIENCE_S) is not None:
                pass
            self.process.wait(PATIENCE_S)
        finally:
            self.process.kill()
            os.close(self._master)

    def _read(self, timeout_s: float) -> float | None:
        """Take what comes, and return when it came; None when nothing does."""
        if not select.select([self._master], [], [], timeout_s)[0]:
            return None
        try:
            piece = self._receive()
        except OSError:  # on Linux, how the end of the other side looks
            return None
        self.came_s = come_s = time.perf_counter()
        before, recent = self._end, self._end + piece
        self._end = recent[-_SEQUENCE_BYTES:]
        if not self._asked and _FRAME_QUERY in recent:
            self._asked = True
            os.write(self._master, _FRAME_ANSWER)
        self.frames += recent.count(_FRAME_END) - before.count(_FRAME_END)
        self.size_bytes += len(piece)
        self._stream.feed(piece)
        return come_s

    def _receive(self) -> bytes:
        """Return what has come; OSError at the end."""
        return os.read(self._master, 1 << 16)
