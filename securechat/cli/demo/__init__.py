"""``securechat demo``: a relay, Alice and Bob on this machine, and what the relay saw of them.

The command is here; the rest of the package is imported when it runs.
"""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Annotated

import typer


def demo(
    interactive: Annotated[
        bool, typer.Option("--interactive", help="Take Bob's seat yourself.")
    ] = False,
) -> None:
    """Watch two people chat through a relay, and what the relay sees of it."""
    from securechat.cli.demo.page import open_page
    from securechat.cli.demo.scenes import play_script, take_seat

    with _leaving_on_signals():
        page = open_page(sys.stdout)
        if interactive:
            take_seat(page)
        else:
            play_script(page)


@contextmanager
def _leaving_on_signals() -> Iterator[None]:
    """Turn the signals that would kill at once into a way out past everything to clean up."""
    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.signal(number, _leave) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)
