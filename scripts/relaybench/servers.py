"""The servers under test, each a process of its own on a processor of its own."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from relaybench.metered import pin
from relaybench.tls_stream import HOST

SCRIPTS = Path(__file__).parents[1]
STOP_S = 20.0
START_S = 10.0
HAS_PROC = Path("/proc/self/statm").exists()
_CPU_CLOCK = 2
"""The kind of clock of a process that counts user and system time of all its threads."""


class Server:
    """A server process: its port, what it has used, and how much memory it has."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int) -> None:
        self.process = process
        self.port = port

    def cpu_s(self) -> float:
        """Return the CPU seconds, user and system, of all threads by now.

        The clock of the process as clock_getcpuclockid(3) makes it from its id.
        """
        return time.clock_gettime(~self.process.pid << 3 | _CPU_CLOCK)

    def resident_bytes(self) -> int:
        """Return the resident memory of the process."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def has_ended(self) -> bool:
        """Return whether the process is gone."""
        return self.process.poll() is not None


class MeteredServer(Server):
    """A Python module that runs under `relaybench.metered`; it ends with its stdin."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        super().__init__(process, 0)
        self.port = self._wait_for("ready")["port"]

    def cpu_s(self) -> float:
        """Return the CPU seconds; where nobody else can tell, the process says it itself."""
        if HAS_PROC:
            return super().cpu_s()
        assert self.process.stdin is not None
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()
        return float(self._wait_for("cpu")["cpu_s"])

    def _wait_for(self, event: str) -> dict[str, Any]:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            told: dict[str, Any] = json.loads(line)
            if told["event"] == event:
                return told
        raise RuntimeError(f"The server ended without saying {event!r}; its stderr says why")


def find(program: str) -> str | None:
    """Return where a server is installed, also in the directories of the administrator."""
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
    return shutil.which(program, path=path)


@contextmanager
def python_server(
    core: int, module: str, *arguments: str, source: Path | None = None
) -> Iterator[Server]:
    """Run a module on this processor (-1: on any) until the block ends.

    ``source`` is the folder from which the module's package is taken instead of this one.
    """
    command = [sys.executable, "-m", "relaybench.metered", str(core), module, *arguments]
    environment = _environment()
    if source is not None:
        environment["PYTHONPATH"] = str(source)
    process = subprocess.Popen(
        command, cwd=SCRIPTS, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        yield MeteredServer(process)
    finally:
        assert process.stdin is not None
        with contextlib.suppress(OSError):
            process.stdin.close()
        _wait_for_end(process)


@contextmanager
def mosquitto(core: int, program: str, certs: Path, home: Path) -> Iterator[Server]:
    """Run mosquitto until the block ends: in memory, without limits that a load could meet."""
    port = _free_port()
    settings = f"""
        listener {port} {HOST}
        cafile {certs / "ca.pem"}
        certfile {certs / "server.pem"}
        keyfile {certs / "server-key.pem"}
        tls_version tlsv1.3
        allow_anonymous true
        user root
        persistence false
        set_tcp_nodelay true
        max_inflight_messages 0
        max_queued_messages 0
        max_queued_bytes 0
        sys_interval 0
        connection_messages false
        log_type error
    """
    yield from _foreign(core, port, home / "mosquitto.conf", settings, [program, "-c"])


@contextmanager
def nats(core: int, program: str, certs: Path, home: Path) -> Iterator[Server]:
    """Run nats-server until the block ends; the Go runtime takes as many threads as processors."""
    port = _free_port()
    settings = f"""
        listen: "{HOST}:{port}"
        tls {{ cert_file: "{certs / "server.pem"}", key_file: "{certs / "server-key.pem"}" }}
        ping_interval: "1h"
    """
    yield from _foreign(core, port, home / "nats.conf", settings, [program, "-c"])


def _foreign(
    core: int, port: int, file: Path, settings: str, command: Sequence[str]
) -> Iterator[Server]:
    lines = (line.strip() for line in settings.strip().splitlines())
    file.write_text("\n".join(lines) + "\n")
    log = file.with_suffix(".log")
    with _pinned(core), log.open("wb") as output:
        process = subprocess.Popen(
            [*command, str(file)],
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        _wait_for_port(process, port, log)
        yield Server(process, port)
    finally:
        process.terminate()
        _wait_for_end(process)


def _environment() -> dict[str, str]:
    """Return the environment without the TLS settings of the load."""
    return {name: value for name, value in os.environ.items() if name != "OPENSSL_CONF"}


@contextmanager
def _pinned(core: int) -> Iterator[None]:
    """Let what is started in the block inherit this processor."""
    before = os.sched_getaffinity(0)
    pin(core)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for_port(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection((HOST, port), START_S).close()
        except ConnectionRefusedError:
            time.sleep(0.01)
        else:
            return
    raise RuntimeError(f"{process.args!r} does not listen: {log.read_text()}")


def _wait_for_end(process: "subprocess.Popen[bytes]") -> None:
    try:
        process.wait(STOP_S)
    finally:
        process.kill()
