"""A tmux of the test's own, with a securechat client in each of its panes."""

import shutil
import subprocess
import time
from collections.abc import Iterator
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
        deadline = time.monotonic() + FAILURE_S
        while text not in self.text:
            if time.monotonic() > deadline:
                pytest.fail(f"no {text!r} in the pane: {self.text}")
            time.sleep(POLL_S)

    def finish(self) -> int:
        """Wait for the end of the client; return its exit status."""
        deadline = time.monotonic() + FAILURE_S
        while not (self._note.exists() and (status := self._note.read_text())):
            if time.monotonic() > deadline:
                pytest.fail(f"still running: {self.text}")
            time.sleep(POLL_S)
        return int(status)


class Tmux:
    """A server of tmux that nobody else knows; call it to give it a command."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._panes = 0
        directory.mkdir()

    def __call__(self, *arguments: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", str(self._directory / "s"), "-f", "/dev/null", *arguments],
            env=environment(self._directory, TERM="xterm-256color", LANG="C.UTF-8"),
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

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
