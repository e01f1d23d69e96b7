"""Signals that end the demo, but never in the middle of setting up or clearing up.

For the main thread, where Python handles signals. What is ignored (nohup) stays ignored.
"""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_TERMINATING = ("SIGTERM", "SIGHUP")


@contextmanager
def leaving_on_signals() -> Iterator[None]:
    """Let the signals that would kill at once raise SystemExit (128 + number), as Ctrl-C raises."""
    with _handling(_TERMINATING, _leave):
        yield


@contextmanager
def deferring_signals() -> Iterator[None]:
    """Let the block finish before a signal that comes meanwhile is heard."""
    arrived: list[int] = []
    with _handling(("SIGINT", *_TERMINATING), lambda number, _frame: arrived.append(number)):
        yield
    for number in arrived[:1]:
        signal.raise_signal(number)


@contextmanager
def _handling(
    names: tuple[str, ...], handler: Callable[[int, FrameType | None], None]
) -> Iterator[None]:
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    heeded = [number for number in numbers if signal.getsignal(number) != signal.SIG_IGN]
    before = {number: signal.signal(number, handler) for number in heeded}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def _leave(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)
