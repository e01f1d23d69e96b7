"""strace on a running relay: what it does, or system calls of it that fail."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ATTACH_S = 10.0


def require_strace() -> None:
    """Skip, but never where CI is set, unless processes can be traced here."""
    if shutil.which("strace") is None:
        if os.environ.get("CI"):
            pytest.fail("CI has to have strace")
        pytest.skip("strace is not installed")


@contextmanager
def traced(pid: int, *options: str) -> Iterator[None]:
    """Attach strace with these options to all threads of a process until the block ends."""
    tracer = subprocess.Popen(
        ["strace", "-f", "-p", str(pid), *options], stderr=subprocess.PIPE, text=True
    )
    assert tracer.stderr is not None
    try:
        line = tracer.stderr.readline()
        assert "attached" in line, line
        yield
    finally:
        tracer.send_signal(signal.SIGINT)
        tracer.stderr.close()
        tracer.wait(ATTACH_S)


@contextmanager
def failing(pid: int, directory: Path, call: str, error: str) -> Iterator[None]:
    """Let a system call on the files of a store fail with an error until the block ends."""
    paths = [f"--trace-path={directory / name}" for name in ("relay.db", "relay.db-wal")]
    inject = f"inject={call}:error={error}"
    with traced(pid, "-o", os.devnull, "-e", f"trace={call}", "-e", inject, *paths):
        yield
