"""Standard input as a socket, standard output and error as they are.

Only sockets can be waited for on every system, so a thread reads the standard input and hands it on
through a socket pair; when that is full the thread waits, and so does whoever types.
"""

import os
import socket
import threading
from contextlib import suppress
from typing import TextIO

from securechat.errors import FileProblem

_READ_BYTES = 65_536


class Console:
    """Where the user is; use it as a context manager.

    ``stdin`` may be None, as Python's is when it is closed: that is the end of the input.
    """

    def __init__(self, stdin: TextIO | None, stdout: TextIO, stderr: TextIO) -> None:
        self.typing, source = socket.socketpair()
        self.on_terminal = stdin is not None and stdin.isatty()
        """Whether a person types."""
        self.shows_typing = self.on_terminal and stdout.isatty()
        """Whether what is typed is on the screen already."""
        self._stdout = stdout
        self._stderr = stderr
        if stdin is None:
            source.close()
        else:
            arguments = (stdin.fileno(), source)
            threading.Thread(target=_pump, args=arguments, name="stdin", daemon=True).start()

    def __enter__(self) -> "Console":
        return self

    def __exit__(self, *_: object) -> None:
        self.typing.close()

    def write(self, text: str) -> None:
        """Show ``text`` at once; raises FileProblem when nobody takes the output."""
        try:
            self._stdout.write(text)
            self._stdout.flush()
        except OSError as error:
            _discard(self._stdout)
            raise FileProblem(f"Cannot write the output: {error.strerror}.") from error

    def warn(self, text: str) -> None:
        """Show a line that is not part of the transcript."""
        with suppress(OSError):
            print(text, file=self._stderr, flush=True)


def _pump(source: int, target: socket.socket) -> None:
    with target, suppress(OSError):
        while data := os.read(source, _READ_BYTES):
            target.sendall(data)


def _discard(stream: TextIO) -> None:
    """Let what the stream still holds go nowhere, or Python complains about it when it exits."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
