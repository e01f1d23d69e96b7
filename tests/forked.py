"""The command in processes forked off one that has imported it: they start in less of the time.

The process that is forked (one for each run of tests, by `multiprocessing`) has only imported: it
has no threads, has drawn no random numbers and read no settings. From there on such a process is
one that ran ``python -m securechat``: arguments, environment, directory, streams, terminal, signals
and exit status are its own. What an interpreter looks at before it imports is not: see
`starts_alike`.
"""

import ctypes
import locale
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO

from securechat import __main__ as command

FORKING = multiprocessing.get_context("forkserver")
FORKING.set_forkserver_preload(
    [
        "tests.forked",
        "tests.sockets.dying_client",
        *(f"securechat.cli.{name}" for name in ("client", "listen", "send", "server")),
        "securechat.client.api",
        "securechat.faces.line.run",
        "securechat.faces.screen.widgets.app",
        "securechat.identity.confusables",
        "securechat.relay.server",
    ]
)

IN_NAMESPACE = ("ip", "netns", "exec")
"""What is put before a command, and before that the name, to run it in a network namespace."""

_CLONE_NEWNET = 0x4000_0000
_LOOKED_AT_BEFORE = re.compile(r"PYTHON(?!PATH$|_KEYRING)|LANG$|LC_")


def starts_alike(environment: Mapping[str, str]) -> bool:
    """Return whether an interpreter with this environment begins as the forked one did."""
    other = {
        value
        for name, value in environment.items()
        if _LOOKED_AT_BEFORE.match(name) and os.environ.get(name) != value
    }
    is_utf8 = locale.getpreferredencoding(do_setlocale=False).upper() == "UTF-8"
    return not other or (is_utf8 and all(value.endswith("UTF-8") for value in other))


def split_namespace(command: Sequence[str]) -> tuple[str | None, Sequence[str]]:
    """Return the network namespace that a command line names, or None, and the command itself."""
    if tuple(command[:3]) == IN_NAMESPACE:
        return command[3], command[4:]
    return None, command


class Forked:
    """A running command, with as much of `subprocess.Popen` as the tests use."""

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        terminal: int | None = None,
        stdout: int = subprocess.PIPE,
        namespace: str | None = None,
    ) -> None:
        """Start it at three pipes, or one of them a descriptor, or all at a ``terminal``.

        The ``namespace`` is that of a network, as iproute2 names it.
        """
        self.stdin: IO[bytes] | None = None
        self.stdout: IO[bytes] | None = None
        self.stderr: IO[bytes] | None = None
        with ExitStack() as stack:
            streams = self._make_pipes(stack, stdout) if terminal is None else [terminal] * 3
            passed = [stack.enter_context(Connection(os.dup(each))) for each in streams]
            self._process = FORKING.Process(
                target=be, args=(arguments, cwd, dict(env), passed, terminal is not None, namespace)
            )
            self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid

    @property
    def returncode(self) -> int | None:
        """The exit status, or -n for a signal n; None while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """Return the same."""
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end; return the same; raises `subprocess.TimeoutExpired`."""
        self._process.join(timeout)
        if (status := self.returncode) is None:
            raise subprocess.TimeoutExpired("securechat", timeout or 0.0)
        return status

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it has not ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)

    def _make_pipes(self, stack: ExitStack, stdout: int) -> list[int]:
        """Keep an end of each pipe; return those for the process, closed with the ``stack``."""
        stdin, kept_stdin = os.pipe()
        self.stdin = open(kept_stdin, "wb")  # noqa: SIM115 (closed by who uses it)
        stack.callback(os.close, stdin)
        if stdout == subprocess.PIPE:
            kept_stdout, stdout = os.pipe()
            self.stdout = open(kept_stdout, "rb")  # noqa: SIM115
            stack.callback(os.close, stdout)
        kept_stderr, stderr = os.pipe()
        self.stderr = open(kept_stderr, "rb")  # noqa: SIM115
        stack.callback(os.close, stderr)
        return [stdin, stdout, stderr]


def be(
    arguments: Sequence[str],
    cwd: Path,
    environment: Mapping[str, str],
    streams: Sequence[Connection],
    has_terminal: bool,
    namespace: str | None,
) -> None:
    """Be the command, in a process that was forked for it."""
    if namespace is not None:
        enter(namespace)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir(cwd)
    if has_terminal:
        os.login_tty(os.dup(streams[0].fileno()))
    else:
        for number, stream in enumerate(streams):
            os.dup2(stream.fileno(), number)
    for stream in streams:
        stream.close()
    open_streams()
    sys.modules["__main__"] = command
    sys.argv = [str(command.__file__), *arguments]
    command.main()


def enter(namespace: str) -> None:
    """See the network of a namespace from now on."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open(f"/run/netns/{namespace}", "rb") as file:
        if libc.setns(file.fileno(), _CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")


def open_streams() -> None:
    """Open the three standard streams as an interpreter does at its start."""
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 (to the end)
    sys.stdout = open(1, "w", closefd=False, buffering=_line_by_line(1))  # noqa: SIM115
    sys.stderr = open(2, "w", closefd=False, buffering=1, errors="backslashreplace")  # noqa: SIM115
    for name in ("stdin", "stdout", "stderr"):
        setattr(sys, f"__{name}__", getattr(sys, name))


def _line_by_line(descriptor: int) -> int:
    return 1 if os.isatty(descriptor) else -1
