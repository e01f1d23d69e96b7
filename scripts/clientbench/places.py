"""A relay with everything switched on, in a process of its own, for clients on this machine."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SCRIPTS = Path(__file__).parents[1]
STOP_S = 20.0
COMMAND = (sys.executable, "-m", "securechat")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a relay is, what vouches for it, and a directory for its clients."""

    address: str
    ca: Path
    directory: Path

    def home(self, name: str) -> Path:
        """Return the home of one person, which need not be there yet."""
        return self.directory / name


@contextmanager
def relaying(directory: Path) -> Iterator[Place]:
    """Run a relay until the block ends."""
    home = directory / "relay"
    process = subprocess.Popen(
        [*COMMAND, "server", "--json", "--port", "0", "--home", str(home)],
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        address = f"{ready['host']}:{ready['port']}"
        yield Place(address, home / "certs" / "ca.pem", directory)
    finally:
        process.terminate()
        try:
            process.wait(STOP_S)
        finally:
            process.kill()


def environment() -> dict[str, str]:
    """Return the environment of the processes: they import this checkout, compiled once."""
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": os.pathsep.join((str(SCRIPTS.parent), str(SCRIPTS)))}
