"""What the tests of the quit mode share: the real command in its own process, and bare sockets."""

import os
import re
import select
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tests.processes import environment, securechat, start

FAILURE_S = 20.0
"""A bound for what must happen; nothing waits that long unless it is broken."""


class Program:
    """A program with pipes; its output is what `expect` has not used up yet."""

    def __init__(self, *command: str, home: Path) -> None:
        self.process = start(command, cwd=home, env=environment(home, LANG="C.UTF-8"))
        self.errors = ""
        self._output = ""

    def types(self, text: str) -> None:
        pipe = self._pipe(self.process.stdin)
        pipe.write(text.encode())
        pipe.flush()

    def ends_typing(self) -> None:
        self._pipe(self.process.stdin).close()

    def expect(self, text: str) -> str:
        """Return the output up to and with ``text``; it must come, and be the next of its kind."""
        self._output = _read_until(self._pipe(self.process.stdout), text, self._output)
        before, found, self._output = self._output.partition(text)
        assert found, f"no {text!r} in {before!r}; errors: {self._read_errors()!r}"
        return before + found

    def expect_error(self, text: str) -> str:
        self.errors = _read_until(self._pipe(self.process.stderr), text, self.errors)
        assert text in self.errors
        return self.errors

    def finish(self) -> tuple[int, str]:
        """Wait for the end; return the exit status and the rest of the output."""
        out, err = self._pipe(self.process.stdout), self._pipe(self.process.stderr)
        rest = self._output + _read_until(out, None)
        self.errors += _read_until(err, None)
        return self.process.wait(FAILURE_S), rest

    def peak_memory_bytes(self) -> int:
        """Return the most memory that the running program has had (elsewhere than Linux: has).

        The figure that a parent gets of its ended child would include the parent's own size.
        """
        status = Path(f"/proc/{self.process.pid}/status")
        if status.exists():
            lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
            return int(lines["VmHWM"].split()[0]) * 1024
        shown = subprocess.check_output(["ps", "-o", "rss=", "-p", str(self.process.pid)])
        return int(shown) * 1024

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            self._pipe(pipe).close()

    def _read_errors(self) -> str:
        return self.errors + _read_until(self._pipe(self.process.stderr), "\n")

    @staticmethod
    def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
        assert pipe is not None
        return pipe


@contextmanager
def running(*command: str, home: Path) -> Iterator[Program]:
    program = Program(*command, home=home)
    try:
        yield program
    finally:
        program.close()


@contextmanager
def serving(home: Path, *flags: str) -> Iterator[tuple[Program, int]]:
    """Run our server until the block ends; gives it and its port."""
    command = securechat("server", "--quit-mode", "--port", "0", *flags)
    with running(*command, home=home) as server:
        errors = server.expect_error(".\n")
        server.expect("Server is waiting for connections...\n")
        found = re.search(r"The port is (\d+)\.", errors)
        assert found is not None
        yield server, int(found[1])


@contextmanager
def joining(home: Path, port: int, *flags: str) -> Iterator[Program]:
    """Run our client until the block ends."""
    command = securechat("client", "--quit-mode", "--port", str(port), *flags)
    with running(*command, home=home) as client:
        yield client


@contextmanager
def bare_client(port: int) -> Iterator[socket.socket]:
    """What a script does that connects."""
    with socket.create_connection(("127.0.0.1", port), FAILURE_S) as peer:
        yield peer


@contextmanager
def bare_server() -> Iterator[socket.socket]:
    """What a script does that listens; `accept` it and use its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(FAILURE_S)
        yield listener


def port_of(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


def accept(listener: socket.socket) -> socket.socket:
    peer, _ = listener.accept()
    peer.settimeout(FAILURE_S)
    return peer


def _read_until(pipe: IO[bytes], text: str | None, seen: str = "") -> str:
    """Read until ``text`` has come, or until the end."""
    data = seen.encode()
    deadline = time.monotonic() + FAILURE_S
    while text is None or text.encode() not in data:
        left_s = deadline - time.monotonic()
        assert left_s > 0, f"waited in vain for {text!r} after {data[-2000:]!r}"
        if select.select([pipe], [], [], left_s)[0]:
            part = os.read(pipe.fileno(), 65_536)
            if not part:
                break
            data += part
    return data.decode()
