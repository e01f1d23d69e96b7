"""What it takes to start a command, and a client up to its login."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from clientbench.places import COMMAND, Place, environment

NAME = "starter"
_IMPORT = re.compile(rb"import time:\s+(\d+) \|")


@dataclass(frozen=True, slots=True)
class Start:
    """From exec to the end of a process, or to its first line of output."""

    elapsed_ms: float
    cpu_ms: float
    """All of the process's, its end included."""
    first_line_ms: float


class Stages(msgspec.Struct, frozen=True):
    """Milliseconds that pass in the stages of a client's start, in a process of their own."""

    importing: float
    opening: float
    """The profile: its lock, its key, its store, all that is in there, and the trust."""
    tls: float
    """A connection and its handshake, as a probe makes them."""
    login: float
    """From the connection to the first event of a client that is logged in, without ``tls``."""


def start_python() -> Start:
    """Start the interpreter, to do nothing."""
    return _start((sys.executable, "-c", "pass"))


def start_help() -> Start:
    """Start ``securechat --help``."""
    return _start((*COMMAND, "--help"))


def start_client(place: Place) -> Start:
    """Start ``securechat client --json``; its first line says that it is logged in."""
    return _start((*COMMAND, *_client(place)))


def import_share(place: Place) -> float:
    """Return which part of the time to the login goes into imports, as ``-X importtime`` has it."""
    timed = [*COMMAND[:1], "-X", "importtime", *COMMAND[1:], *_client(place)]
    process = _run(timed, stderr=subprocess.PIPE)
    begin_s = time.perf_counter()
    assert process.stdout is not None
    process.stdout.readline()
    until_ready_us = (time.perf_counter() - begin_s) * 1e6
    _, stderr = process.communicate()
    return sum(map(int, _IMPORT.findall(stderr))) / until_ready_us


def measure_stages(place: Place, name: str = NAME) -> Stages:
    """Start a client without the command line around it, stage by stage."""
    process = subprocess.run(
        [sys.executable, "-m", "clientbench.stages", name, place.address, *_places(place, name)],
        env=environment(),
        capture_output=True,
        check=True,
    )
    return msgspec.json.decode(process.stdout, type=Stages)


def _client(place: Place) -> tuple[str, ...]:
    ca, home = _places(place, NAME)
    flags = ("--name", NAME, "--server", place.address, "--ca", ca, "--home", home)
    return ("client", "--json", *flags)


def _places(place: Place, name: str) -> tuple[str, str]:
    return str(place.ca), str(place.home(name))


def _run(command: Sequence[str], stderr: int = subprocess.DEVNULL) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        command,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=stderr,
    )


def _start(command: Sequence[str]) -> Start:
    begin_s = time.perf_counter()
    process = _run(command)
    assert process.stdout is not None
    process.stdout.readline()
    first_line_s = time.perf_counter()
    process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    end_s = time.perf_counter()
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    return Start(
        (end_s - begin_s) * 1000,
        (usage.ru_utime + usage.ru_stime) * 1000,
        (first_line_s - begin_s) * 1000,
    )
