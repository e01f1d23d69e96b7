"""A real client in a process that is forked off one which has all imported: that starts quickly.

With a `Trap` it kills itself.
"""

import json
import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.forked import FORKING
from tests.processes import FAILURE_S, Event, environment
from tests.sockets.dying_client import Trap, live


class Life:
    """One process of a client, from its start to its end."""

    def __init__(self, home: Path, flags: Sequence[str], trap: Trap | None = None) -> None:
        home.mkdir(exist_ok=True)
        self._stderr = home / "stderr"
        stdin, self._stdin = FORKING.Pipe(duplex=False)
        self._stdout, stdout = FORKING.Pipe(duplex=False)
        self._rest = b""
        self.events: list[Event] = []
        arguments = ("client", "--json", *flags)
        self._process = FORKING.Process(
            target=live, args=(arguments, environment(home), (stdin, stdout), self._stderr, trap)
        )
        self._process.start()
        stdin.close()
        stdout.close()

    def types(self, line: str) -> None:
        """Write a line to its input."""
        os.write(self._stdin.fileno(), f"{line}\n".encode())

    def expect(self, kind: str, **fields: str) -> Event:
        """Read on to the next event of this kind with these fields, which must come; return it."""
        for event in self._events():
            if {**event, "event": kind, **fields} == event:
                return event
        raise AssertionError(f"no {kind}: ended with {self._end()}; {self._stderr.read_text()}")

    def die(self) -> list[Event]:
        """Read to the end, which must be a violent one; return all events of this life."""
        for _ in self._events():
            pass
        assert self._end() == -signal.SIGKILL
        return self.events

    def finish(self) -> list[Event]:
        """Let it end by itself, in order; return all events of this life."""
        self._stdin.close()
        for _ in self._events():
            pass
        assert self._end() == 0, self._stderr.read_text()
        return self.events

    def close(self) -> None:
        """Free what it had; end it if it has not ended."""
        self._process.kill()
        self._end()
        self._stdin.close()
        self._stdout.close()

    def _end(self) -> int | None:
        self._process.join(FAILURE_S)
        return self._process.exitcode

    def _events(self) -> Iterator[Event]:
        while True:
            while b"\n" not in self._rest:
                assert self._stdout.poll(FAILURE_S), f"no news; {self._stderr.read_text()}"
                data = os.read(self._stdout.fileno(), 65_536)
                if not data:
                    return
                self._rest += data
            line, self._rest = self._rest.split(b"\n", 1)
            event = json.loads(line)
            self.events.append(event)
            yield event


@contextmanager
def living(home: Path, *flags: str, trap: Trap | None = None) -> Iterator[Life]:
    """Run a client, from a server of forks, until the block ends."""
    life = Life(home, flags, trap)
    try:
        yield life
    finally:
        life.close()
