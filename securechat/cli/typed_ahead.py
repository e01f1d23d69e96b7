"""What was typed before it could be seen what it would be taken for."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from securechat.errors import SecureChatError, StillQueued


def forget_typed_ahead() -> None:
    """Throw away what was typed on the terminal, if there is one, and not read yet."""
    if sys.platform == "win32" or not sys.stdin.isatty():
        return
    import termios

    with suppress(termios.error):  # it has gone
        termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)


@contextmanager
def forgotten_on_failure() -> Iterator[None]:
    """Throw it away when a chat fails: the shell would do what was meant to be said.

    Who leaves by themselves, with something queued too, types for the shell.
    """
    try:
        yield
    except StillQueued:
        raise
    except SecureChatError:
        forget_typed_ahead()
        raise
