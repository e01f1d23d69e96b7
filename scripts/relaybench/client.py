"""What a load wants of a client, whatever its server speaks.

A message is 256 bytes that begin with the number of who wrote it and the number of the message,
one byte each, counted round. So whoever gets many at once takes both numbers of all of them out of
fixed places, and a message that is lost, doubled or out of order shows.
"""

from collections.abc import Generator
from typing import Protocol

from relaybench.tls_stream import TlsStream

MESSAGE_BYTES = 256
NUMBERS = 256
CYCLE = bytes(range(NUMBERS)) * 2

Marks = tuple[bytes, bytes]
"""Of some messages: a byte each that says who wrote it, and a byte each that is its number."""

NO_MARKS: Marks = (b"", b"")


class LoadFailed(Exception):
    """A server lost, doubled or did not take a message, or hung up: there are no figures then."""


LogIn = Generator[bytes, bytes, None]
"""A log-in: it yields what to send (perhaps nothing yet) and is sent what comes."""


class Client(Protocol):
    """A connection of one of the dialects; after the log-in it never waits."""

    stream: TlsStream
    greeted_in_plain: bool
    """Whether the server sends a line before TLS begins."""

    def log_in(self) -> LogIn:
        """Come in, to be told of every message from now on."""

    def messages(self, count: int) -> list[bytes]:
        """Return this client's next messages; what it owes to the server rides along."""

    def receive(self, plaintext: bytes) -> Marks:
        """Return the marks of the messages that this completes."""

    def owes(self) -> bool:
        """Return whether there is something to acknowledge or to answer."""

    def take_owed(self) -> list[bytes]:
        """Return the acknowledgements of all that came, each to be written as a message is."""

    def unanswered(self) -> int:
        """Return how many of its messages the server has not answered for, if it ever does."""


class Speaker:
    """The numbered messages of one client, in turn."""

    __slots__ = ("_payloads", "written")

    def __init__(self, number: int) -> None:
        filler = bytes(MESSAGE_BYTES - 2)
        self._payloads = [bytes((number, each)) + filler for each in range(NUMBERS)]
        self.written = 0

    def next(self) -> bytes:
        """Return the next message."""
        payload = self._payloads[self.written % NUMBERS]
        self.written += 1
        return payload


def split(data: bytes, start: int, size_bytes: int, count: int, at: int) -> Marks:
    """Return the marks of ``count`` messages of a fixed size whose payload begins ``at`` there."""
    first, end = start + at, start + count * size_bytes
    return data[first:end:size_bytes], data[first + 1 : end : size_bytes]


def run_length(data: bytes, start: int, size_bytes: int, begins_with: bytes) -> int:
    """Return how many whole messages of a fixed size, which all begin so, come next."""
    count = (len(data) - start) // size_bytes
    firsts = data[start : start + count * size_bytes : size_bytes]
    return count - len(firsts.lstrip(begins_with))
