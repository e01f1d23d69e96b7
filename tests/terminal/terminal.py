"""A terminal of 80 by 24 with a face in it, and a test at its keyboard."""

import ast
import fcntl
import os
import pickle
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType

import pyte

from securechat.client.events import Event

ROOT = Path(__file__).parents[2]
PATIENCE_S = 20.0
CTRL_C, CTRL_D, ENTER = "\x03", "\x04", "\r"


class Terminal:
    """Runs `tests.terminal.face_child` on a pseudo-terminal; use it in a with statement."""

    def __init__(
        self,
        environ: Mapping[str, str] = MappingProxyType({}),
        *,
        face: str = "lines",
        peer: str = "bob",
        queued: int = 0,
    ) -> None:
        self.raw = b""
        self._screen = pyte.HistoryScreen(80, 24, history=1000)
        self._stream = pyte.ByteStream(self._screen)
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        events_out, self._events = os.pipe()
        self._calls, calls_in = os.pipe()
        self._call_lines = b""
        arguments = [face, str(events_out), str(calls_in), str(queued), peer]
        slave = self.slave
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.terminal.face_child", *arguments],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "xterm", **environ},
            pass_fds=(events_out, calls_in, slave),
            preexec_fn=lambda: os.login_tty(slave),
        )
        os.close(events_out)
        os.close(calls_in)

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for descriptor in (self.master, self.slave, self._events, self._calls):
            os.close(descriptor)

    @property
    def lines(self) -> list[str]:
        """What is on the screen, without empty lines."""
        return [line.rstrip() for line in self._screen.display if line.strip()]

    @property
    def history(self) -> list[str]:
        """What has scrolled off the screen, and what is on it, without empty lines."""
        scrolled = ["".join(line[x].data for x in range(80)) for line in self._screen.history.top]
        return [line.rstrip() for line in scrolled if line.strip()] + self.lines

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self.master, keys.encode())

    def paste(self, text: str) -> None:
        """Paste as terminals do that tell a paste from typing."""
        self.press(f"\x1b[200~{text}\x1b[201~")

    def tell(self, *events: Event) -> None:
        """Let the engine tell these events."""
        os.write(self._events, b"".join(map(pickle.dumps, events)))

    def see(self, *lines: str) -> None:
        """Wait until the screen ends in these lines."""
        self.wait_until(lambda: self.lines[-len(lines) :] == list(lines))

    def see_text(self, text: str) -> None:
        """Wait until the screen has this in one of its lines."""
        self.wait_until(lambda: any(text in line for line in self.lines))

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Read what comes until the condition holds."""
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            if not self._read_screen(deadline - time.monotonic()):
                raise AssertionError("the screen shows only:\n" + "\n".join(self.lines))

    def next_call(self) -> tuple[object, ...]:
        """Wait for the next call of the engine."""
        deadline = time.monotonic() + PATIENCE_S
        while b"\n" not in self._call_lines:
            # A terminal that nobody reads would hold the process up.
            self._read_screen(0)
            ready, _, _ = select.select([self._calls], [], [], 0.05)
            piece = os.read(self._calls, 4096) if ready else b""
            self._call_lines += piece
            if (ready and not piece) or time.monotonic() > deadline:
                raise AssertionError("no call came; the screen:\n" + "\n".join(self.lines))
        line, self._call_lines = self._call_lines.split(b"\n", 1)
        call = ast.literal_eval(line.decode())
        assert isinstance(call, tuple)
        return call

    def end(self) -> int:
        """Wait for the end of the process; return its exit status."""
        deadline = time.monotonic() + PATIENCE_S
        while self.process.poll() is None and time.monotonic() < deadline:
            self._read_screen(0.05)
        self._read_screen(0)
        return self.process.wait(0)

    @property
    def echoes(self) -> bool:
        """Whether the terminal is as a shell expects it: it shows what is typed."""
        return bool(termios.tcgetattr(self.slave)[3] & termios.ECHO)

    def _read_screen(self, patience_s: float) -> bool:
        ready, _, _ = select.select([self.master], [], [], max(patience_s, 0))
        if not ready:
            return False
        piece = os.read(self.master, 65536)
        self.raw += piece
        self._stream.feed(piece)
        return True
