"""How the screen has its terminal where Textual would fail: at odd bytes, or when it has gone."""

import os
import selectors
import signal
from codecs import getincrementaldecoder
from collections.abc import Iterable
from typing import IO, Any

from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

READ_BYTES = 4096
SELECT_S = 0.1
"""So often the thread that reads keys looks whether it is to end."""


class LastingOutput:
    """A terminal to write to, which also takes what it is given when it has gone.

    Nobody reads that; but whoever waited for it to be written would wait for ever.
    """

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, text: str) -> None:
        """Write a text."""
        try:
            self._file.write(text)
        except OSError:
            self._write_to_nobody()

    def flush(self) -> None:
        """Write out what was held back."""
        try:
            self._file.flush()
        except OSError:
            self._write_to_nobody()

    def fileno(self) -> int:
        """Return its descriptor."""
        return self._file.fileno()

    def _write_to_nobody(self) -> None:
        nobody = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nobody, self._file.fileno())
        os.close(nobody)


class TerminalDriver(LinuxDriver):
    """Textual's own, but for what is typed that is no text, and for a terminal that goes away.

    The latter is taken as the signal that says so, since that may be ignored, or for others.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._file: Any = LastingOutput(self._file)

    def _run_input_thread(self) -> None:
        """Read what is typed; what fails in it ends the app as any failure does."""
        try:
            self.run_input_thread()
        except Exception as error:
            self._app.call_later(self._app._handle_exception, error)

    def run_input_thread(self) -> None:
        """Read what is typed, until this is to end or the terminal has gone; called by Textual."""
        decode = getincrementaldecoder("utf-8")("replace").decode
        parser = XTermParser(self._debug)
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if selector.select(SELECT_S):
                    data = _read(self.fileno)
                    if not data:
                        os.kill(os.getpid(), signal.SIGHUP)
                        return
                    self._process(parser.feed(decode(data)))
                self._process(parser.tick())

    def _process(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self.process_message(message)


def _read(descriptor: int) -> bytes:
    """Return what was typed; nothing once the terminal has gone."""
    try:
        return os.read(descriptor, READ_BYTES)
    except OSError:
        return b""
