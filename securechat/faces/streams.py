"""Lines of text over plain byte streams: bounded on the way in, flushed on the way out."""

import io
import os
from collections.abc import Iterator
from typing import Protocol, TextIO

from securechat.errors import FileProblem, UsageError

LINE_MAX_BYTES = 1024 * 1024
_CHUNK_BYTES = 64 * 1024


class ByteSource(Protocol):
    """An unbuffered stream to read from."""

    def read(self, size: int, /) -> bytes | None:
        """Return what is there, at most ``size`` bytes; empty at the end."""


class ByteSink(Protocol):
    """An unbuffered stream to write to."""

    def write(self, data: memoryview, /) -> int | None:
        """Write some of ``data``; return how many bytes."""


def unbuffered(stream: TextIO, mode: str) -> io.FileIO:
    """Return the raw file under a standard stream, as a blocking one; closing it is the owner's.

    A thread that waits in a buffered read holds a lock which the interpreter needs to exit; a
    buffer that meets a broken pipe complains once more at exit. The raw file does neither.
    """
    if stream.writable():
        stream.flush()
    os.set_blocking(stream.fileno(), True)
    return io.FileIO(stream.fileno(), mode, closefd=False)


def read_lines(source: ByteSource) -> Iterator[str | UsageError]:
    """Yield the lines of ``source``, without their ends, and an error in place of each bad one.

    Bad is what is no UTF-8 or longer than `LINE_MAX_BYTES`. The end may lack its newline.
    """
    line = bytearray()
    too_long = False
    while chunk := source.read(_CHUNK_BYTES):
        *ends, rest = chunk.split(b"\n")
        for end in ends:
            line += end
            yield _too_long() if too_long or len(line) > LINE_MAX_BYTES else _decode(line)
            line.clear()
            too_long = False
        line += rest
        if len(line) > LINE_MAX_BYTES:
            line.clear()
            too_long = True
    if too_long:
        yield _too_long()
    elif line:
        yield _decode(line)


def _decode(line: bytearray) -> str | UsageError:
    try:
        return line.decode().removesuffix("\r")
    except UnicodeDecodeError:
        return UsageError("An input line is not UTF-8, nothing was sent", "send UTF-8 text")


def _too_long() -> UsageError:
    return UsageError(
        f"An input line has more than {LINE_MAX_BYTES:,} bytes, nothing was sent",
        "send shorter lines",
    )


class LineWriter:
    """Writes whole lines at once; after the reader has gone, writes nothing (``broken``)."""

    def __init__(self, sink: ByteSink, encoding: str = "utf-8") -> None:
        self._sink = sink
        self._encoding = encoding
        self.broken = False

    def write_line(self, line: str) -> None:
        """Write ``line`` and a newline; FileProblem when the file behind cannot take it."""
        if self.broken:
            return
        rest = memoryview(f"{line}\n".encode(self._encoding, "replace"))
        try:
            while rest:
                rest = rest[self._sink.write(rest) or 0 :]
        except BrokenPipeError:
            self.broken = True
        except OSError as error:
            self.broken = True
            raise FileProblem(
                f"Cannot write the output: {error.strerror}", "check the file that it goes to"
            ) from error


def can_show(text: str, stream: TextIO) -> bool:
    """Return whether the encoding of a stream has all characters of a text."""
    try:
        text.encode(stream.encoding)
    except UnicodeEncodeError:
        return False
    return True
