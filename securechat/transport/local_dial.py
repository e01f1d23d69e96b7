"""The other end of `securechat.transport.local_socket`: a blocking connection for one command."""

import os
import socket
import time
from pathlib import Path
from typing import Self

from securechat.errors import TimedOut, Unreachable
from securechat.transport.local_place import check_place, has_local_sockets
from securechat.transport.local_socket import MAX_LINE_BYTES

DIAL_TIMEOUT_S = 2.0

_GONE = ("The command that was asked has ended", "run the same command again")


class LocalConnection:
    """Lines to and from the process behind a local socket; for one thread, close it at the end."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._incoming = bytearray()

    def write_line(self, line: bytes) -> None:
        """Write a line; Unreachable when nobody takes it."""
        try:
            self._socket.settimeout(DIAL_TIMEOUT_S)
            self._socket.sendall(line + b"\n")
        except OSError as error:
            raise Unreachable(*_GONE) from error

    def read_line(self, timeout_s: float | None) -> bytes:
        """Return the next line, without its end.

        Raises TimedOut when none has come in time, Unreachable when none will come any more.
        """
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while (end := self._incoming.find(b"\n")) < 0:
            if len(self._incoming) > MAX_LINE_BYTES:
                raise Unreachable(*_GONE)
            self._incoming += self._receive(deadline)
        line = bytes(self._incoming[:end])
        del self._incoming[: end + 1]
        return line

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _receive(self, deadline: float | None) -> bytes:
        left_s = None if deadline is None else deadline - time.monotonic()
        try:
            if left_s is not None and left_s <= 0:
                raise TimeoutError
            self._socket.settimeout(left_s)
            data = self._socket.recv(MAX_LINE_BYTES)
        except TimeoutError as error:
            raise TimedOut("No answer came in time", "run the same command again") from error
        except OSError as error:
            raise Unreachable(*_GONE) from error
        if not data:
            raise Unreachable(*_GONE)
        return data


def dial_local(path: Path) -> LocalConnection | None:
    """Connect to a local socket of this user; None when nobody listens there any more.

    Raises Untrusted when others can enter its directory: they could have put their own there.
    """
    if not has_local_sockets() or not check_place(path):
        return None
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.settimeout(DIAL_TIMEOUT_S)
        sock.connect(os.fspath(path))
    except OSError:
        sock.close()
        return None
    return LocalConnection(sock)
