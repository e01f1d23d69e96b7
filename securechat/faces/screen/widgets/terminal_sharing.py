"""The terminal in other hands for a while: those of another program, or of the shell."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from types import FrameType

END_GRACE_S = 2.0
"""How long a program that is asked to end may take for it."""

SIGNAL_WITHIN_S = 0.5
"""A signal that the system gives to another thread does not wake this one: so late it is taken."""

_MADE_RIGHT = b"\x1b[!p\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[?1049l"
"""Undoes what a program that draws leaves behind when it is killed: margins, mouse, its screen."""

_Handler = Callable[[int, FrameType | None], object] | int | signal.Handlers | None


def run_program(command: Sequence[str]) -> int:
    """Run a program on the terminal of this process to its end; return its status, -n for signal n.

    The keys that interrupt or stop what runs on a terminal are meant for it. A signal that asks
    this process to end is passed on to it, and afterwards taken here as ever. How the terminal was
    set is put back. For the main thread. Raises OSError when there is no such program.
    """
    child = _Child()
    with _settings_kept(), _without_wakeup(), _handling(_while_running(child)):
        status = child.run(command)
        if status < 0 and sys.__stdin__ is not None:
            with suppress(OSError):  # the terminal has gone, or can only be read
                os.write(sys.__stdin__.fileno(), _MADE_RIGHT)
    if child.asked is not None:
        signal.raise_signal(child.asked)
    return status


def stop_here() -> None:
    """Stop this process, and what runs with it, until the shell lets it go on.

    Where there is no shell that could, the system does not stop it. For the main thread.
    """
    if sys.platform != "win32":
        with _handling({signal.SIGTSTP: signal.SIG_DFL, signal.SIGCONT: signal.SIG_DFL}):
            os.kill(0, signal.SIGTSTP)


class _Child:
    """A program that has the terminal; who asks this process to end, asks it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._killer: threading.Timer | None = None
        self.asked: int | None = None

    def run(self, command: Sequence[str]) -> int:
        """Run it to its end; return its status."""
        self._process = process = subprocess.Popen(command)  # noqa: S603 - the user's own
        if self.asked is not None:
            self._end(process, self.asked)
        status: int | None = None
        while status is None:
            with suppress(subprocess.TimeoutExpired):
                status = process.wait(SIGNAL_WITHIN_S)
        if self._killer is not None:
            self._killer.cancel()
        return status

    def ask_to_end(self, number: int, _frame: FrameType | None) -> None:
        """Pass the first such signal on; called in the middle of anything in the main thread."""
        if self.asked is None:
            self.asked = number
            if self._process is not None:
                self._end(self._process, number)

    def _end(self, process: "subprocess.Popen[bytes]", number: int) -> None:
        process.send_signal(number)
        self._killer = threading.Timer(END_GRACE_S, process.kill)
        self._killer.start()


def _while_running(child: _Child) -> Mapping[signal.Signals, _Handler]:
    """Return who takes which signal; those of keys reach the program too, from the terminal."""

    def leave(_number: int, _frame: FrameType | None) -> None:
        """Do nothing; to ignore it would let the program ignore it as well."""

    handlers: dict[str, _Handler] = {
        "SIGINT": leave,
        "SIGQUIT": leave,
        "SIGTSTP": signal.SIG_DFL,
        "SIGCONT": signal.SIG_DFL,
        "SIGTERM": child.ask_to_end,
        "SIGHUP": child.ask_to_end,
    }
    there = (name for name in handlers if hasattr(signal, name))
    return {signal.Signals[name]: handlers[name] for name in there}


@contextmanager
def _handling(handlers: Mapping[signal.Signals, _Handler]) -> Iterator[None]:
    """Let others take signals until the block ends."""
    with ExitStack() as stack:
        for number, handler in handlers.items():
            stack.callback(signal.signal, number, signal.getsignal(number))
            signal.signal(number, handler)
        yield


@contextmanager
def _without_wakeup() -> Iterator[None]:
    """Keep from the event loop what signals come until the block ends."""
    before = signal.set_wakeup_fd(-1)
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)


@contextmanager
def _settings_kept() -> Iterator[None]:
    """Put the settings of the terminal back when the block ends, such as whether it echoes."""
    if sys.platform == "win32" or sys.__stdin__ is None:
        yield
        return
    import termios

    descriptor = sys.__stdin__.fileno()
    with ExitStack() as stack:
        with suppress(termios.error):  # there is none any more
            before = termios.tcgetattr(descriptor)
            stack.enter_context(suppress(termios.error))
            stack.callback(termios.tcsetattr, descriptor, termios.TCSADRAIN, before)
        yield
