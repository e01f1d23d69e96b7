"""``securechat demo`` on a terminal, of two sizes."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyte
import pytest

from securechat.cli.demonstration.page import ORNATE
from tests.forked import Forked, starts_alike
from tests.processes import environment, securechat

PATIENCE_S = 30.0
ENTER, CTRL_C = "\r", "\x03"
COMMANDS = ("securechat gen-certs", "securechat server")


class Screen:
    """A terminal in which the demo runs."""

    def __init__(self, home: Path, columns: int, rows: int, *flags: str, **environ: str) -> None:
        self._columns = columns
        self.raw = b""
        self._screen = pyte.HistoryScreen(columns, rows, history=1000)
        self._stream = pyte.ByteStream(self._screen)
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        env = {**environment(home), "TMPDIR": str(home), "TERM": "xterm", **environ}
        self.process: Forked | subprocess.Popen[bytes]
        if starts_alike(env):
            self.process = Forked(["demo", *flags], cwd=home, env=env, terminal=slave)
        else:
            self.process = subprocess.Popen(
                securechat("demo", *flags),
                cwd=home,
                env=env,
                preexec_fn=lambda: os.login_tty(slave),
            )
        os.close(slave)

    @property
    def text(self) -> list[str]:
        """All lines of the output, those that have scrolled away first."""
        scrolled = [
            "".join(line[x].data for x in range(self._columns)) for line in self._screen.history.top
        ]
        return [line.rstrip() for line in (*scrolled, *self._screen.display)]

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self.master, keys.encode())

    def see(self, text: str) -> None:
        """Wait until some line holds this."""
        self._read_until(lambda: any(text in line for line in self.text))

    def end(self) -> int:
        """Wait for the end of the process, and return its exit status."""
        self._read_until(lambda: self.process.poll() is not None)
        while self._read(0.1):
            pass
        return self.process.wait(0)

    def close(self) -> None:
        """End what has not ended."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.master)

    def _read_until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            self._read(0.05)
            if time.monotonic() > deadline:
                raise AssertionError("the screen shows only:\n" + "\n".join(self.text))

    def _read(self, patience_s: float) -> bool:
        ready, _, _ = select.select([self.master], [], [], patience_s)
        try:
            piece = os.read(self.master, 65536) if ready else b""
        except OSError:  # the other end is closed
            return False
        self.raw += piece
        self._stream.feed(piece)
        return bool(piece)


@contextmanager
def showing(home: Path, columns: int, rows: int, *flags: str, **environ: str) -> Iterator[Screen]:
    """Run the demo on a terminal; it must leave nothing in its home."""
    screen = Screen(home, columns, rows, *flags, **environ)
    try:
        yield screen
    finally:
        screen.close()
    assert list(home.iterdir()) == []


def test_a_terminal_of_80_columns_shows_both_sides_beside_each_other(tmp_path: Path) -> None:
    with showing(tmp_path, 80, 24) as screen:
        assert screen.end() == 0
        text = screen.text
        assert "   Alice sees                           │ Bob sees" in text
        rows = [line for line in text if ORNATE.bar in line]
        assert {line.index("│") for line in rows} <= {38, 39, 40}  # wide letters are one cell fewer
        assert any(line.startswith("   Alice: Hi Bob!") for line in rows)
        assert any(line.endswith("512 bytes") for line in rows)
        assert any("none of the 5 texts is" in line for line in text)
        assert b"\x1b" not in screen.raw


def test_a_terminal_of_40_columns_shows_one_side_below_the_other(tmp_path: Path) -> None:
    with showing(tmp_path, 40, 15) as screen:
        assert screen.end() == 0
        text = screen.text
        assert not any("│" in line for line in text)
        start = text.index("   What is typed:")
        assert text[start + 1].startswith("      Alice: Hi Bob!")
        assert "   What the relay sees of it:" in text[start:]
        for command in COMMANDS:
            assert f"   {command}" in text
        # Nothing but the last command is too long: no other line has been broken by the terminal.
        assert [line for line in text if len(line) == 40] == [
            "   securechat client --name alice --peer"
        ]


@pytest.mark.parametrize("environ", [{"TERM": "dumb"}, {"PYTHONIOENCODING": "ascii"}])
def test_a_terminal_that_draws_no_lines_gets_ascii(tmp_path: Path, environ: dict[str, str]) -> None:
    with showing(tmp_path, 80, 24, **environ) as screen:
        screen.see("They match")
        screen.press(CTRL_C)
        assert screen.end() == 130
        assert "   Alice sees                           | Bob sees" in screen.text
        assert not any(sign in "".join(screen.text) for sign in "│─┼…")


def test_ctrl_c_leaves(tmp_path: Path) -> None:
    with showing(tmp_path, 80, 24) as screen:
        screen.see("Is it the right key?")
        screen.press(CTRL_C)
        assert screen.end() == 130
        assert not any("Traceback" in line for line in screen.text)


def test_a_seat_of_ones_own(tmp_path: Path) -> None:
    with showing(tmp_path, 80, 24, "--interactive") as screen:
        screen.see("Alice: Hello! I am Alice")
        screen.press(f"grüße aus Köln{ENTER}")
        screen.see('Alice: I read "grüße aus Köln".')
        screen.press(f"/quit{ENTER}")
        assert screen.end() == 0
        text = screen.text
        assert any(line.startswith("   Bob: grüße aus Köln ") for line in text)
        assert any("none of the 3 texts is in them" in line for line in text)
        assert text.index("Now for real") > text.index("What the relay knows now")


def test_a_seat_on_a_narrow_terminal(tmp_path: Path) -> None:
    with showing(tmp_path, 40, 15, "--interactive") as screen:
        screen.see("Alice (new) >")
        screen.press(f"hello there{ENTER}")
        screen.see('Alice: I read "hello there".')
        screen.press("\x04")
        assert screen.end() == 0
        assert "      Bob: hello there" in screen.text
