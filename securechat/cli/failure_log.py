"""Where failures of securechat itself are noted: a file in the home, for its user alone.

A note says when, which part, where in the code, and the classes of the errors. What they say, and
every other value, may be a text or a name of somebody: none of it is in there.
"""

import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

from securechat import __version__
from securechat.errors import InternalError

FAILURE_LOG = "failures.log"
MAX_BYTES = 256 * 1024
"""Of a file that is larger another one is begun; the one before it is kept."""

MAX_FRAMES = 50
MAX_CHAIN = 10

_OWN = "securechat"
_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)


@contextmanager
def failures_noted(home: Path) -> Iterator[None]:
    """Note what fails until the block ends, and name the file in the error that it ends with."""
    log = FailureLog(home / FAILURE_LOG)
    logging.getLogger().addHandler(log)
    try:
        yield
    except InternalError as error:
        if log.has_noted:
            error.what = f"{error.what}; where that was is in {log.path}"
        raise
    finally:
        logging.getLogger().removeHandler(log)


class FailureLog(logging.Handler):
    """Appends warnings and worse to a file, which is made with the first; mode 0600."""

    def __init__(self, path: Path) -> None:
        super().__init__(logging.WARNING)
        self.path = path
        self.has_noted = False

    def emit(self, record: logging.LogRecord) -> None:
        """Note a record; called by `logging`. A disk that takes nothing fails nobody."""
        note = "\n".join(note_of(record)) + "\n"
        with suppress(OSError):
            if self.path.exists() and self.path.stat().st_size > MAX_BYTES:
                self.path.replace(self.path.with_name(f"{self.path.name}.1"))
            descriptor = os.open(self.path, _FLAGS, 0o600)
            try:
                os.write(descriptor, note.encode(errors="replace"))
                self.has_noted = True
            finally:
                os.close(descriptor)


def note_of(record: logging.LogRecord) -> Iterator[str]:
    """Give the lines for a record.

    Only what a record of ours says before its values are filled in is known to have none.
    """
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created))
    says = f": {record.msg}" if record.name.partition(".")[0] == _OWN else ""
    python = ".".join(map(str, sys.version_info[:3]))
    running = f"securechat {__version__}, Python {python}"
    yield f"{at} {record.levelname} {record.name} ({running}){says}"
    error = record.exc_info[1] if record.exc_info else None
    for _ in range(MAX_CHAIN):
        if error is None:
            return
        yield f"  {type(error).__module__}.{type(error).__qualname__}"
        yield from _frames(error.__traceback__)
        error = error.__cause__ or error.__context__


def _frames(traceback: TracebackType | None) -> list[str]:
    """Return where an error came by, the innermost last, without anybody's directories."""
    frames = []
    while traceback is not None:
        frame = traceback.tb_frame
        module = frame.f_globals.get("__name__", "?")
        frames.append(f"    {module}:{traceback.tb_lineno} {frame.f_code.co_qualname}")
        traceback = traceback.tb_next
    return frames[-MAX_FRAMES:]
