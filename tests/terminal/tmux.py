"""A tmux of the test's own, with a securechat client in each of its panes."""

import fcntl
import os
import pty
import select
import shutil
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.processes import FAILURE_S, environment, securechat
from tests.terminal.seat import COLUMNS, ROWS

HAS_TMUX = shutil.which("tmux") is not None
POLL_S = 0.02
NOTE_STATUS = 'note=$1; shift; "$@"; echo $? > "$note"'
"""Runs a command; tmux itself forgets an exit status when two panes end at about one time."""


class Pane:
    """A client in a pane of 80 by 24, and somebody at its keyboard."""

    def __init__(self, tmux: "Tmux", target: str, note: Path) -> None:
        self._tmux = tmux
        self._target = target
        self._note = note

    @property
    def text(self) -> str:
        """What is in the pane, in one line."""
        return " ".join(self._tmux("capture-pane", "-p", "-t", self._target).split())

    def press(self, keys: str) -> None:
        """Type keys."""
        hexadecimal = [f"{byte:02x}" for byte in keys.encode()]
        self._tmux("send-keys", "-t", self._target, "-H", *hexadecimal)

    def see(self, text: str) -> None:
        """Wait until this is in the pane."""
        self.wait_until(text, lambda: text in self.text)

    def see_no(self, text: str) -> None:
        """Wait until this is in the pane no more."""
        self.wait_until(f"end of {text}", lambda: text not in self.text)

    def wait_until(self, what: str, condition: Callable[[], bool]) -> None:
        """Wait until something is so."""
        deadline = time.monotonic() + FAILURE_S
        while not condition():
            if time.monotonic() > deadline:
                pytest.fail(f"no {what!r} in the pane: {self.text}")
            time.sleep(POLL_S)

    def finish(self) -> int:
        """Wait for the end of the client; return its exit status."""
        deadline = time.monotonic() + FAILURE_S
        while not (self._note.exists() and (status := self._note.read_text())):
            if time.monotonic() > deadline:
                pytest.fail(f"still running: {self.text}")
            time.sleep(POLL_S)
        return int(status)


class Around:
    """A terminal with a tmux in it; ``raw`` is all that it got."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str]) -> None:
        self.raw = b""
        self._master, slave = pty.openpty()
        size = struct.pack("HHHH", ROWS + 1, 2 * COLUMNS + 1, 0, 0)
        fcntl.ioctl(slave, termios.TIOCSWINSZ, size)
        self._process = subprocess.Popen(
            command, env=environ, preexec_fn=lambda: os.login_tty(slave)
        )
        os.close(slave)

    def see(self, sequence: bytes) -> None:
        """Wait until the terminal has got this."""
        deadline = time.monotonic() + FAILURE_S
        while sequence not in self.raw:
            left_s = deadline - time.monotonic()
            if left_s <= 0 or not select.select([self._master], [], [], left_s)[0]:
                pytest.fail(f"no {sequence!r} in {self.raw!r}")
            self.raw += os.read(self._master, 65_536)

    def close(self) -> None:
        """Take it away."""
        self._process.terminate()
        os.close(self._master)
        self._process.wait(FAILURE_S)


class Tmux:
    """A server of tmux that nobody else knows; call it to give it a command."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._panes = 0
        directory.mkdir()
        self._environ = environment(directory, TERM="xterm-256color", LANG="C.UTF-8")

    def _command(self, *arguments: str) -> list[str]:
        return ["tmux", "-S", str(self._directory / "s"), "-f", "/dev/null", *arguments]

    def __call__(self, *arguments: str) -> str:
        done = subprocess.run(
            self._command(*arguments), env=self._environ, check=True, capture_output=True, text=True
        )
        return done.stdout

    @contextmanager
    def around(self) -> Iterator[Around]:
        """Show it on a terminal, with a client in it already, until the block ends."""
        around = Around(self._command("attach-session", "-t", "chat"), self._environ)
        try:
            yield around
        finally:
            around.close()

    def client(self, *flags: str, home: Path) -> Pane:
        """Run a client in a pane beside those that are there."""
        note = self._directory / f"status-{self._panes}"
        client = ["env", f"SECURECHAT_HOME={home}", *securechat("client", *flags)]
        command = ["sh", "-c", NOTE_STATUS, "sh", str(note), *client]
        if self._panes:
            self("split-window", "-h", "-t", "chat:0", *command)
        else:
            size = ("-x", str(2 * COLUMNS + 1), "-y", str(ROWS + 1))
            keep = ("set-option", "-g", "remain-on-exit", "on", ";")
            self("start-server", ";", *keep, "new-session", "-d", "-s", "chat", *size, *command)
        self._panes += 1
        return Pane(self, f"chat:0.{self._panes - 1}", note)


@contextmanager
def in_tmux(directory: Path) -> Iterator[Tmux]:
    """Have a tmux until the block ends."""
    tmux = Tmux(directory)
    try:
        yield tmux
    finally:
        tmux("kill-server")
