"""Signals that end the demo: never at once, and never in the middle of setting up or clearing up.

For the main thread only, as Python has it.
"""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
_NUMBERS = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]


@contextmanager
def leaving_on_signals() -> Iterator[None]:
    """Let a signal raise in the block, so that all is cleared up: KeyboardInterrupt for a Ctrl-C,
    SystemExit (128 + its number) for the others.
    """
    with _handling(_leave):
        yield


@contextmanager
def deferring_signals() -> Iterator[None]:
    """Let the block finish before a signal that comes meanwhile is heard."""
    arrived: list[int] = []
    with _handling(lambda number, _frame: arrived.append(number)):
        yield
    for number in arrived[:1]:
        signal.raise_signal(number)


@contextmanager
def _handling(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in _NUMBERS}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def _leave(number: int, _frame: FrameType | None) -> None:
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    sys.exit(128 + number)
