"""Another process of the siege: told where the relay is, asked by lines, and always ended."""

import json
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from siegelib.watched_relay import ROOT, WatchedRelay

STOP_S = 20.0
PATIENCE_S = 150.0


class Company:
    """A running ``python -m siegelib.NAME PORT CA ...``."""

    def __init__(self, name: str, relay: WatchedRelay, *arguments: object) -> None:
        where = (str(relay.port), str(relay.ca))
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"siegelib.{name}", *where, *map(str, arguments)],
            cwd=ROOT / "scripts",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,  # what is read ahead would not be seen by select
        )

    def hear(self) -> dict[str, Any]:
        """Return the next line that it prints; raises RuntimeError when none comes in time."""
        assert self._process.stdout is not None
        if not select.select([self._process.stdout], [], [], PATIENCE_S)[0]:
            raise RuntimeError(f"A process of the siege has said nothing for {PATIENCE_S:.0f} s")
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("A process of the siege has ended; its stderr says why")
        told: dict[str, Any] = json.loads(line)
        return told

    def nudge(self) -> None:
        """Let it go on."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")
        self._process.stdin.flush()

    def end(self) -> None:
        """Close its stdin and wait for its end; a process that does not end is killed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(STOP_S)
        finally:
            self._process.kill()
            self._process.wait()
            self._process.stdout.close()


@contextmanager
def company(name: str, relay: WatchedRelay, *arguments: object) -> Iterator[Company]:
    """Run a process of the siege until the block ends."""
    process = Company(name, relay, *arguments)
    try:
        yield process
    finally:
        process.end()
