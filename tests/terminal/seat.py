"""A securechat command on a terminal of 80 by 24, and somebody at its keyboard."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pyte
import pytest

from tests.forked import Forked, split_namespace, starts_alike
from tests.processes import FAILURE_S, environment, securechat

CTRL_C, CTRL_D, CTRL_Q, ENTER = "\x03", "\x04", "\x11", "\r"
COLUMNS, ROWS = 80, 24
PIECE_BYTES = 4096


def seen_on(screen: pyte.HistoryScreen) -> list[str]:
    """Return what scrolled off a screen, and what is on it, without empty lines."""
    scrolled = ["".join(row[x].data for x in range(COLUMNS)) for row in screen.history.top]
    return [line.rstrip() for line in (*scrolled, *screen.display) if line.strip()]


class Terminal:
    """A securechat command on a terminal of its own, and somebody at the keyboard."""

    def __init__(
        self,
        *command: str,
        home: Path,
        cwd: Path | None = None,
        term: str = "xterm",
        environ: Mapping[str, str] = MappingProxyType({}),
        prefix: Sequence[str] = (),
        user: str = "pat",
        full_screen: bool = False,
    ) -> None:
        """Begin; a client is one in lines unless the ``full_screen`` is asked for.

        An empty ``term`` is none. The ``environ`` is added to the usual one.
        """
        if command[0] == "client" and not full_screen and "--quit-mode" not in command:
            command = ("client", "--plain", *command[1:])
        self.raw = b""
        """Every byte that the terminal got."""
        self.keys = 0
        """How many keys were pressed."""
        self._screen = pyte.HistoryScreen(COLUMNS, ROWS, history=10_000)
        self._stream = pyte.ByteStream(self._screen)
        self._nobody: int | None = None
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        home.mkdir(parents=True, exist_ok=True)
        where = cwd or home
        usual = {"TERM": term, "LANG": "C.UTF-8", "USER": user, "LOGNAME": user}
        environ = environment(home, **{**usual, **environ})
        if not term:
            del environ["TERM"]
        self.process: Forked | subprocess.Popen[bytes]
        namespace, other = split_namespace(prefix)
        if not other and starts_alike(environ):
            self.process = Forked(
                command, cwd=where, env=environ, terminal=slave, namespace=namespace
            )
        else:
            self.process = subprocess.Popen(
                [*prefix, *securechat(*command)],
                cwd=where,
                env=environ,
                preexec_fn=lambda: os.login_tty(slave),
            )
        os.close(slave)

    @property
    def lines(self) -> list[str]:
        """What scrolled off the screen, and what is on it, without empty lines."""
        return seen_on(self._screen)

    @property
    def text(self) -> str:
        """The same in one line: sentences are whole wherever they were broken."""
        return " ".join(" ".join(self.lines).split())

    def press(self, keys: str) -> None:
        """Type keys."""
        self.keys += len(keys)
        self.press_bytes(keys.encode())

    def press_bytes(self, keys: bytes) -> None:
        """Type what may be no text."""
        os.write(self._master, keys)

    def paste(self, text: bytes) -> None:
        """Paste as terminals do that tell a paste from typing, however long it is."""
        rest = memoryview(b"\x1b[200~" + text + b"\x1b[201~")

        def write() -> None:
            nonlocal rest
            while rest:
                rest = rest[os.write(self._master, rest[:PIECE_BYTES]) :]

        writer = threading.Thread(target=write)
        writer.start()
        while writer.is_alive():
            self._read(0.01)
        writer.join()

    def enter(self, line: str) -> None:
        """Type a line."""
        self.press(line + ENTER)

    def see(self, text: str) -> None:
        """Wait until this is on the screen."""
        self._wait(text, lambda: text in self.text)

    def see_no(self, text: str) -> None:
        """Wait until this is on the screen no more."""
        self._wait(f"end of {text}", lambda: text not in self.text)

    def see_last(self, *lines: str) -> None:
        """Wait until the screen ends in these lines."""
        self._wait("\n".join(lines), lambda: self.lines[-len(lines) :] == list(lines))

    def finish(self) -> int:
        """Wait for the end by itself; return the exit status, 128 + n for a signal n."""
        self._wait("the end", lambda: self.process.poll() is not None, ends=True)
        while select.select([self._master], [], [], 0)[0] and self._read(0):
            pass  # what it has written at last
        status = self.process.wait(0)
        return 128 - status if status < 0 else status

    def hang_up(self) -> None:
        """Take the terminal away, as when its window is closed."""
        os.close(self._master)
        self._master, self._nobody = os.pipe()  # from which nothing comes

    def close(self) -> None:
        """End it, if it has not ended."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(FAILURE_S)
        os.close(self._master)
        if self._nobody is not None:
            os.close(self._nobody)

    def _wait(self, what: str, condition: Callable[[], bool], *, ends: bool = False) -> None:
        deadline = time.monotonic() + FAILURE_S
        while not condition():
            left_s = deadline - time.monotonic()
            if left_s <= 0 or not (self._read(min(left_s, 0.1)) or ends):
                pytest.fail(f"no {what!r} on the screen:\n" + "\n".join(self.lines))

    def _read(self, timeout_s: float) -> bool:
        """Take what comes; return False once nothing can come any more."""
        if select.select([self._master], [], [], timeout_s)[0]:
            try:
                piece = os.read(self._master, 65_536)
            except OSError:  # on Linux, how the end of the other side looks
                return False
            self.raw += piece
            self._stream.feed(piece)
        return True


@contextmanager
def sitting_at(*command: str, home: Path, **options: Any) -> Iterator[Terminal]:
    """Run a command on a terminal, with the options of `Terminal`, until the block ends."""
    terminal = Terminal(*command, home=home, **options)
    try:
        yield terminal
    finally:
        terminal.close()
