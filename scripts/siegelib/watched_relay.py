"""A `securechat server` process, and what the system says of it: memory, processor time."""

import json
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
STOP_S = 20.0
KIB = 1024
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class WatchedRelay:
    """A running relay; its certificates and its store are in ``directory``."""

    def __init__(self, directory: Path, *flags: str) -> None:
        command = (sys.executable, "-m", "securechat", "server", "--json", "--port", "0")
        places = ("--home", str(directory), "--certs", str(directory / "certs"))
        self._process = subprocess.Popen(
            [*command, *places, *flags],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        self._events = self._process.stdout
        ready = json.loads(self._events.readline() or "{}")
        if "port" not in ready:
            raise RuntimeError("The relay did not start; its stderr says why")
        self.pid = self._process.pid
        self.port: int = ready["port"]
        self.ca = directory / "certs" / "ca.pem"
        threading.Thread(target=self._drain, daemon=True).start()

    @property
    def rss_bytes(self) -> int:
        """The memory that the process has now."""
        return self._status("VmRSS") * KIB

    @property
    def peak_rss_bytes(self) -> int:
        """The most that it has had since `forget_peak`."""
        return self._status("VmHWM") * KIB

    def forget_peak(self) -> None:
        """Let the peak begin anew with what the process has now."""
        Path(f"/proc/{self.pid}/clear_refs").write_text("5", encoding="ascii")

    @property
    def cpu_s(self) -> float:
        """The processor seconds, user and system, that the process has used by now."""
        stat = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii")
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / _TICKS_PER_S

    @property
    def open_files(self) -> int:
        """How many descriptors it has."""
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def limit_files(self, count: int) -> None:
        """Let the process have no more than so many descriptors; it cannot raise that again."""
        resource.prlimit(self.pid, resource.RLIMIT_NOFILE, (count, count))

    def stop(self) -> None:
        """End it as an operator does."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_S)
        finally:
            self._process.kill()
            self._process.wait()

    def _status(self, field: str) -> int:
        for line in Path(f"/proc/{self.pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith(f"{field}:"):
                return int(line.split()[1])
        raise RuntimeError(f"The system does not tell {field}")

    def _drain(self) -> None:
        for _ in self._events:
            pass


@contextmanager
def watched(directory: Path, *flags: str) -> Iterator[WatchedRelay]:
    """Run a relay until the block ends."""
    relay = WatchedRelay(directory, *flags)
    try:
        yield relay
    finally:
        relay.stop()
