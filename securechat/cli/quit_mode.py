"""``server --quit-mode`` and ``client --quit-mode``: the process around the two-party chat."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from types import FrameType

from securechat import quitmode
from securechat.config import DEFAULT_HOST, QUIT_MODE_PORT
from securechat.transport.endpoint import Endpoint


def serve(
    host: str | None, port: int | None, tls_directory: Path | None, welcome: str | None
) -> None:
    """Be the server of one chat: plain, or with server.pem and server-key.pem of a directory.

    Returns when the chat has ended; raises SecureChatError, and SystemExit 130 or 143 on a signal.
    """
    with _exiting_on_signals(), _console() as console:
        quitmode.serve(_endpoint(host, port), console, tls_directory=tls_directory, welcome=welcome)


def join(host: str | None, port: int | None, ca_file: Path | None) -> None:
    """Be the client of one chat; ``ca_file`` is the ca.pem to trust, None is plain TCP.

    Returns when the chat has ended; raises SecureChatError, and SystemExit 130 or 143 on a signal.
    """
    with _exiting_on_signals(), _console() as console:
        quitmode.join(_endpoint(host, port), console, ca_file=ca_file)


def _endpoint(host: str | None, port: int | None) -> Endpoint:
    return Endpoint(host or DEFAULT_HOST, QUIT_MODE_PORT if port is None else port)


def _console() -> quitmode.Console:
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # an ASCII terminal still gets every message
    return quitmode.Console(sys.stdin, sys.stdout, sys.stderr)


@contextmanager
def _exiting_on_signals() -> Iterator[None]:
    before = {each: signal.signal(each, _exit) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _exit(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)
