"""People at terminals of 80 by 24: the whole chat, as they see it."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pyte
import pytest

from tests.processes import FAILURE_S, Relay, environment, relaying, run, securechat

CTRL_C, CTRL_D, ENTER = "\x03", "\x04", "\r"
COLUMNS, ROWS = 80, 24


class Terminal:
    """A securechat command on a terminal of its own, and somebody at the keyboard."""

    def __init__(self, *command: str, home: Path, cwd: Path | None = None) -> None:
        self._screen = pyte.HistoryScreen(COLUMNS, ROWS, history=1000)
        self._stream = pyte.ByteStream(self._screen)
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        home.mkdir(parents=True, exist_ok=True)
        self.process = subprocess.Popen(
            securechat(*command),
            cwd=cwd or home,
            env=environment(home, TERM="xterm", LANG="C.UTF-8", USER="pat", LOGNAME="pat"),
            preexec_fn=lambda: os.login_tty(slave),
        )
        os.close(slave)

    @property
    def lines(self) -> list[str]:
        """What scrolled off the screen, and what is on it, without empty lines."""
        top = self._screen.history.top
        scrolled = ["".join(row[x].data for x in range(COLUMNS)) for row in top]
        return [line.rstrip() for line in (*scrolled, *self._screen.display) if line.strip()]

    @property
    def text(self) -> str:
        """The same in one line: sentences are whole wherever they were broken."""
        return " ".join(" ".join(self.lines).split())

    def press(self, keys: str) -> None:
        """Type keys."""
        os.write(self._master, keys.encode())

    def enter(self, line: str) -> None:
        """Type a line."""
        self.press(line + ENTER)

    def see(self, text: str) -> None:
        """Wait until this is on the screen."""
        self._wait(text, lambda: text in self.text)

    def see_last(self, *lines: str) -> None:
        """Wait until the screen ends in these lines."""
        self._wait("\n".join(lines), lambda: self.lines[-len(lines) :] == list(lines))

    def finish(self) -> int:
        """Wait for the end by itself; return the exit status, 128 + n for a signal n."""
        self._wait("the end", lambda: self.process.poll() is not None, ends=True)
        status = self.process.returncode
        return 128 - status if status < 0 else status

    def close(self) -> None:
        """End it, if it has not ended."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(FAILURE_S)
        os.close(self._master)

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
                self._stream.feed(os.read(self._master, 65_536))
            except OSError:  # on Linux, how the end of the other side looks
                return False
        return True


@contextmanager
def sitting_at(*command: str, home: Path, cwd: Path | None = None) -> Iterator[Terminal]:
    """Run a command on a terminal until the block ends."""
    terminal = Terminal(*command, home=home, cwd=cwd)
    try:
        yield terminal
    finally:
        terminal.close()


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    with relaying(tmp_path_factory.mktemp("relay")) as relay:
        yield relay


@contextmanager
def talking(
    relay: Relay, tmp_path: Path, one: str, other: str
) -> Iterator[tuple[Terminal, Terminal]]:
    """Seat two people who can write to each other."""
    with ExitStack() as stack:
        seats = [
            stack.enter_context(
                sitting_at("client", "--name", me, "--peer", you, *relay.flags, home=tmp_path / me)
            )
            for me, you in ((one, other), (other, one))
        ]
        for seat, you in zip(seats, (other, one), strict=True):
            seat.see_last(f"{you} (new) >")
        yield seats[0], seats[1]


def test_two_people_talk(relay: Relay, tmp_path: Path) -> None:
    with talking(relay, tmp_path, "alice", "bob") as (alice, bob):
        alice.see("You are alice on 127.0.0.1:")
        alice.see("Messages are end-to-end encrypted.")
        alice.enter("hello bob")
        bob.see_last("alice: hello bob", "alice (new) >")
        bob.enter("hällo älice 🙂")
        alice.see("bob: hällo älice")
        alice.enter("/quit")
        assert alice.finish() == 0
        bob.see("[SERVER] alice left the chat!")
        bob.press(CTRL_D)
        assert bob.finish() == 0
    command = ("client", "--name", "alice", "--peer", "bob", *relay.flags)
    with sitting_at(*command, home=tmp_path / "alice") as alice:
        alice.see("The last 2 messages with bob:")
        alice.see("You are alice")
        above = alice.text.partition("You are alice")[0]
        assert re.search(r"alice to bob \(\d\d:\d\d, (accepted|delivered)\): hello bob", above)
        assert re.search(r"bob \(\d\d:\d\d\): hällo älice", above)
        alice.enter("/search HALLO from:bob")
        alice.see("Found 1 message:")
        alice.enter("/keep 0")
        alice.see("Messages with bob are not kept here.")
        alice.enter("/history")
        alice.see("No messages with bob are kept here.")


def test_what_comes_in_does_not_tear_the_line_being_typed(relay: Relay, tmp_path: Path) -> None:
    with talking(relay, tmp_path, "ann", "ben") as (ann, ben):
        ann.press("half of a sen")
        ann.see_last("ben (new) > half of a sen")
        for number in range(30):
            ben.enter(f"message {number}")
        ann.see_last("ben: message 29", "ben (new) > half of a sen")
        ann.enter("tence")
        ben.see("ann: half of a sentence")
        ann.see("half of a sentence")
        shown = [line for line in ann.lines if line.startswith("ben: ")]
        assert shown == [f"ben: message {number}" for number in range(30)]
        assert [line for line in ann.lines if "half" in line] == ["ben (new) > half of a sentence"]


def test_the_commands(relay: Relay, tmp_path: Path) -> None:
    with talking(relay, tmp_path, "cleo", "dirk") as (cleo, dirk):
        cleo.enter("/help")
        cleo.see("/verify [NAME]: show the safety number")
        cleo.enter("/who")
        cleo.see("Connected now: cleo, dirk")
        digits = []
        for seat in (cleo, dirk):
            seat.enter("/verify")
            seat.see("nobody is in between")
            digits.append(re.findall(r"\d{5}", seat.text.partition("Safety number with")[2]))
        assert digits[0] == digits[1]
        assert len(digits[0]) == 12
        cleo.enter("/dance")
        cleo.see("There is no command /dance")
        cleo.enter("/msg dirk by name")
        dirk.see("cleo: by name")
        assert not any("/dance" in line for line in dirk.lines)


def test_ctrl_c_leaves_when_pressed_twice(relay: Relay, tmp_path: Path) -> None:
    command = ("client", "--name", "eva", *relay.flags)
    with sitting_at(*command, home=tmp_path) as eva:
        eva.see("You are eva")
        eva.press("never mind")
        eva.see_last("> never mind")
        eva.press(CTRL_C)
        eva.see_last("Press Ctrl-C again to leave.", ">")
        eva.press(CTRL_C)
        assert eva.finish() == 0


def test_a_terminal_that_goes_away_ends_the_client(relay: Relay, tmp_path: Path) -> None:
    with sitting_at("client", "--name", "fay", *relay.flags, home=tmp_path) as fay:
        fay.see("You are fay")
        fay.process.send_signal(signal.SIGHUP)
        assert fay.finish() == 128 + signal.SIGHUP


def test_waiting_for_somebody_who_is_not_there_yet(relay: Relay, tmp_path: Path) -> None:
    gil = ("client", "--name", "gil", "--peer", "Hal", *relay.flags)
    with sitting_at(*gil, home=tmp_path / "gil") as waiting:
        waiting.see("Waiting for Hal, who has not been here yet.")
        waiting.see_last("Hal (waiting) >")
        waiting.enter("are you there?")
        waiting.see("1 message waits for Hal.")
        hal = ("client", "--name", "hal", "--peer", "gil", *relay.flags)
        with sitting_at(*hal, home=tmp_path / "hal") as coming:
            coming.see("gil: are you there?")
            waiting.see("[SERVER] Hal joined the chat!")
            waiting.see_last("hal (new) >")


def test_an_unknown_relay_is_asked_about_once(relay: Relay, tmp_path: Path) -> None:
    command = ("client", "--name", "ida", "--server", relay.address)
    with sitting_at(*command, home=tmp_path) as ida:
        ida.see(f"Its fingerprint is {relay.ready['fingerprint']}")
        ida.enter("n")
        assert ida.finish() == 4
        ida.see("is not known here")
    with sitting_at(*command, home=tmp_path) as ida:
        ida.see("Trust it?")
        ida.enter("y")
        ida.see("You are ida")
    with sitting_at("client", home=tmp_path) as ida:
        ida.see("You are ida")
        assert not any("Trust it?" in line for line in ida.lines)


def test_the_commands_of_the_card(tmp_path: Path) -> None:
    """In one directory and one home, as one user types them; the port is the only setting."""
    config = tmp_path / "config.toml"
    config.write_text("[server]\nport = 0\n")
    assert run("gen-certs", home=tmp_path)[0] == 0
    with sitting_at("server", home=tmp_path) as server:
        server.see("Ctrl-C stops the relay.")
        listening = re.search(r"127\.0\.0\.1:\d+", server.text)
        assert listening is not None
        config.write_text(f'[client]\nserver = "{listening[0]}"\n')
        with (
            sitting_at("client", "--peer", "Bob", home=tmp_path) as alice,
            sitting_at("client", "--peer", "Alice", home=tmp_path) as bob,
        ):
            for seat, name in ((alice, "Alice"), (bob, "Bob")):
                seat.see("Enter your nickname")
                seat.enter(name)
                seat.see(f"You are {name}")
            server.see("[SERVER] Nickname of client is Alice")
            server.see("[SERVER] Bob joined the chat!")
            alice.enter("no question but my name")
            bob.see("no question but my name")
        with sitting_at("client", "--peer", "Alice", home=tmp_path) as again:
            again.see("You are Bob")
        server.press(CTRL_C)
        assert server.finish() == 0
        server.see("[SERVER] Stopped.")
