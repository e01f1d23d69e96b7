"""The real command in processes of its own: a relay, JSON clients, and whatever ends by itself.

They are forked off one that has imported the command, where nothing speaks against it (see
`tests.forked`). Each reads and writes pipes, gets a home of its own, and is ended by its own pid
when its block is left. What must happen is waited for, up to `FAILURE_S`; nothing sleeps.
"""

import atexit
import json
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any

import pytest

from tests.forked import Forked, split_namespace, starts_alike

FAILURE_S = 15.0
"""A bound for what must happen; nothing waits that long unless it is broken."""

NEW_KEY = re.compile(r"The key to what securechat keeps for .* is in a file that only you .*\n")
"""What a command says when it has made a profile's key."""

Event = dict[str, Any]

COMMAND = (sys.executable, "-m", "securechat")


def securechat(*arguments: str) -> list[str]:
    """Return the command line of a securechat command."""
    return [*COMMAND, *arguments]


def environment(home: Path, **more: str) -> dict[str, str]:
    """Return an environment in which nothing but ``home`` is written or remembered."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    root = str(Path(__file__).resolve().parents[1])
    places = {"HOME": str(home), "SECURECHAT_HOME": str(home), "TMPDIR": _short_lived()}
    return {**kept, **places, "PYTHONPATH": root, **more}


@cache
def _short_lived() -> str:
    """Return a directory for temporary files, with a name short enough for sockets.

    What the processes that are killed leave there goes away with this one.
    """
    directory = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    return directory


class Process:
    """A running command: its lines of stdout as they come, and all of its stderr."""

    def __init__(
        self,
        arguments: Sequence[str],
        home: Path,
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        prefix: Sequence[str] = (),
        command: Sequence[str] = COMMAND,
        stdout: int = subprocess.PIPE,
    ) -> None:
        """Start it; with a file descriptor for ``stdout`` nothing of it is read here.

        With another ``command`` than that of securechat the arguments are for that one.
        """
        home.mkdir(parents=True, exist_ok=True)
        self.process = start(
            [*prefix, *command, *arguments],
            cwd=cwd or home,
            env={**environment(home), **(env or {})},
            stdout=stdout,
        )
        self.pid = self.process.pid
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._stderr: list[bytes] = []
        self._pumps = [threading.Thread(target=self._pump_stderr, daemon=True)]
        if stdout == subprocess.PIPE:
            self._pumps.append(threading.Thread(target=self._pump_lines, daemon=True))
        for pump in self._pumps:
            pump.start()

    def types(self, *lines: str) -> None:
        """Write lines to stdin."""
        stdin = _open(self.process.stdin)
        stdin.write("".join(f"{line}\n" for line in lines).encode())
        stdin.flush()

    def ends_typing(self) -> None:
        """Close stdin."""
        _open(self.process.stdin).close()

    def read_line(self, timeout_s: float = FAILURE_S) -> str | None:
        """Return the next line of stdout, or None at its end; fails when none comes in time."""
        try:
            return self._lines.get(timeout=max(timeout_s, 0.0))
        except queue.Empty:
            pytest.fail(f"no line within {timeout_s:.1f} s; stderr: {self.stderr}")

    def read_until(self, text: str) -> str:
        """Return the lines of stdout up to the one that holds ``text``, which must come."""
        seen: list[str] = []
        while (line := self.read_line()) is not None:
            seen.append(line)
            if text in line:
                return "\n".join(seen)
        pytest.fail(f"no {text!r} in {seen}; stderr: {self.stderr}")

    @property
    def stderr(self) -> str:
        """All of stderr by now, but for what each first start says; after `finish`, all of it."""
        return NEW_KEY.sub("", self.whole_stderr)

    @property
    def whole_stderr(self) -> str:
        """All of stderr by now; after `finish`, all of it."""
        return b"".join(self._stderr).decode()

    @property
    def running(self) -> bool:
        """Whether the process has not ended yet."""
        return self.process.poll() is None

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to this process."""
        self.process.send_signal(number)

    def finish(self, timeout_s: float = FAILURE_S) -> int:
        """Wait for the end by itself and return the exit status, 128 + n for a signal n."""
        try:
            status = self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            pytest.fail(f"still running after {timeout_s:.1f} s; stderr: {self.stderr}")
        for pump in self._pumps:
            pump.join(FAILURE_S)
        return 128 - status if status < 0 else status

    def close(self) -> None:
        """End it, if it has not ended, and free its pipes."""
        if self.running:
            self.process.kill()
        self.finish()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()

    def _pump_lines(self) -> None:
        for line in _open(self.process.stdout):
            self._lines.put(line.decode().rstrip("\n"))
        self._lines.put(None)

    def _pump_stderr(self) -> None:
        while data := os.read(_open(self.process.stderr).fileno(), 65_536):
            self._stderr.append(data)


class JsonProcess(Process):
    """A process that prints one JSON object a line."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.unread: list[Event] = []
        self._ended = False
        super().__init__(*arguments, **options)

    def expect(self, event: str, timeout_s: float = FAILURE_S, **fields: Any) -> Event:
        """Return, and use up, the first event of this kind with these fields; it must come."""
        deadline = time.monotonic() + timeout_s
        checked = 0
        while True:
            for place in range(checked, len(self.unread)):
                found = self.unread[place]
                if {**found, "event": event, **fields} == found:
                    return self.unread.pop(place)
            checked = len(self.unread)
            if not self._read_event(deadline - time.monotonic()):
                pytest.fail(f"no {event} {fields} in {self.unread}; stderr: {self.stderr}")

    def read_rest(self) -> list[Event]:
        """Return all events up to the end of the output that were not used up."""
        while self._read_event(FAILURE_S):
            pass
        return self.unread

    def _read_event(self, timeout_s: float) -> bool:
        if self._ended:
            return False
        if timeout_s <= 0:
            return False
        try:
            line = self._lines.get(timeout=timeout_s)
        except queue.Empty:
            return False
        if line is None:
            self._ended = True
            return False
        self.unread.append(json.loads(line))
        return True


class Client(JsonProcess):
    """A ``securechat client --json`` process."""

    def send(self, text: str) -> Event:
        """Type a text; return the event that says it was sent, which holds its id."""
        self.types(text)
        return self.expect("sent")


@dataclass
class Relay:
    """A running ``securechat server --json`` process, and the directory that it started in."""

    process: JsonProcess
    directory: Path
    ready: Event

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.ready["port"])

    @property
    def address(self) -> str:
        """HOST:PORT."""
        host = self.ready["host"]
        return f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"

    @property
    def ca(self) -> Path:
        """The certificate that its clients need."""
        return self.directory / "certs" / "ca.pem"

    @property
    def flags(self) -> tuple[str, ...]:
        """What a client has to say to find and trust it."""
        return ("--server", self.address, "--ca", str(self.ca))


@contextmanager
def running(*arguments: str, home: Path, **options: Any) -> Iterator[Process]:
    """Run a command until the block ends."""
    process = Process(arguments, home, **options)
    try:
        yield process
    finally:
        process.close()


@contextmanager
def relaying(directory: Path, *flags: str, port: int = 0, **options: Any) -> Iterator[Relay]:
    """Run a relay until the block ends; its certificates are, or will be, under ``directory``."""
    arguments = ("server", "--json", "--port", str(port), *flags)
    process = JsonProcess(arguments, directory, **options)
    try:
        yield Relay(process, directory, process.expect("ready"))
    finally:
        process.close()


@contextmanager
def chatting(home: Path, *flags: str, **options: Any) -> Iterator[Client]:
    """Run a JSON client until the block ends."""
    client = Client(("client", "--json", *flags), home, **options)
    try:
        yield client
    finally:
        client.close()


def run(*arguments: str, home: Path, stdin: str = "", **options: Any) -> tuple[int, str, str]:
    """Run a command to its end; return exit status, stdout and stderr."""
    with running(*arguments, home=home, **options) as process:
        if stdin:
            process.types(*stdin.splitlines())
        process.ends_typing()
        status = process.finish()
        lines = []
        while (line := process.read_line()) is not None:
            lines.append(line)
        return status, "\n".join(lines), process.stderr


def start(
    command: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    stdout: int = subprocess.PIPE,
) -> "Forked | subprocess.Popen[bytes]":
    """Start a command at pipes, the fast way if it is ours."""
    namespace, own = split_namespace(command)
    if tuple(own[: len(COMMAND)]) == COMMAND and starts_alike(env):
        return Forked(own[len(COMMAND) :], cwd=cwd, env=env, stdout=stdout, namespace=namespace)
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=cwd, env=env, stdin=pipe, stdout=stdout, stderr=pipe)


def _open(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe
