"""The two servers under test, each in a process of its own that reports its CPU time."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SCRIPTS = Path(__file__).parents[1]
STOP_S = 20.0


class Server:
    """A server process; see `relaybench.metered` for how it is asked and ended."""

    def __init__(self, core: int, module: str, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "relaybench.metered", str(core), module, *arguments],
            cwd=SCRIPTS,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.port: int = self._wait_for("ready")["port"]

    def cpu_s(self) -> float:
        """Return the CPU seconds, user and system, that the process has used by now."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")
        self._process.stdin.flush()
        return float(self._wait_for("cpu")["cpu_s"])

    def stop(self) -> None:
        """End the process and wait for it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(STOP_S)
        finally:
            self._process.kill()

    def _wait_for(self, event: str) -> dict[str, Any]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            told: dict[str, Any] = json.loads(line)
            if told["event"] == event:
                return told
        raise RuntimeError(f"The server ended without saying {event!r}; its stderr says why")


@contextmanager
def running(core: int, module: str, *arguments: str) -> Iterator[Server]:
    """Run a server on this processor (-1: on any) until the block ends."""
    server = Server(core, module, *arguments)
    try:
        yield server
    finally:
        server.stop()
