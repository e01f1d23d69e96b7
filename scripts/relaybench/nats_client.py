"""The dialect of nats-server: SUB, PUB and MSG; nothing is acknowledged (`verbose` is off).

The clients of the NATS project buffer what is published and flush it in bigger pieces: that of Go
has a buffer of 32 KiB, which a goroutine of its own flushes.
"""

from collections.abc import Iterator

from relaybench.client import (
    MESSAGE_BYTES,
    NO_MARKS,
    LoadFailed,
    LogIn,
    Marks,
    Speaker,
    run_length,
    split,
)
from relaybench.manner import Manner
from relaybench.tls_stream import Dialling, TlsStream

_CONNECT = (
    b'CONNECT {"verbose":false,"pedantic":false,"tls_required":true,"echo":false,'
    b'"protocol":1,"lang":"bench","version":"1"}\r\n'
)
_PING, _PONG, _INFO = b"PING\r\n", b"PONG\r\n", b"INFO "
_END = b"\r\n"


class NatsClient:
    """A client that publishes under one subject and has subscribed to one."""

    greeted_in_plain = True

    def __init__(self, stream: TlsStream, publishes: str, subscribes: str, number: int = 0) -> None:
        self.stream = stream
        self._subscribes = subscribes.encode()
        self._pub = f"PUB {publishes} {MESSAGE_BYTES}\r\n".encode()
        head = f"MSG {subscribes} 1 {MESSAGE_BYTES}\r\n"
        self._head_bytes = len(head)
        self._size_bytes = len(head) + MESSAGE_BYTES + len(_END)
        self._speaker = Speaker(number)
        self._rest = b""
        self._pongs = 0

    def log_in(self) -> LogIn:
        """Subscribe, and wait until that is done."""
        said = yield _CONNECT + b"SUB %s 1\r\n" % self._subscribes + _PING
        while _PONG not in said:
            said += yield b""

    def messages(self, count: int) -> list[bytes]:
        """Return this client's next messages."""
        return [b"".join((self._pub, self._speaker.next(), _END)) for _ in range(count)]

    def receive(self, plaintext: bytes) -> Marks:
        """Return the marks of the messages that this completes."""
        data = self._rest + plaintext if self._rest else plaintext
        size_bytes = self._size_bytes
        speakers, numbers = NO_MARKS
        start = 0
        while True:
            count = run_length(data, start, size_bytes, b"M")
            if count:
                marks = split(data, start, size_bytes, count, self._head_bytes)
                speakers, numbers = speakers + marks[0], numbers + marks[1]
                start += count * size_bytes
            end = data.find(_END, start)
            if end < 0 or data.startswith(b"M", start):
                self._rest = data[start:]
                return speakers, numbers
            self._note(data[start : end + len(_END)])
            start = end + len(_END)

    def owes(self) -> bool:
        """Return whether the server waits to hear that the connection lives."""
        return self._pongs > 0

    def take_owed(self) -> list[bytes]:
        """Return the answers to its questions."""
        pongs, self._pongs = self._pongs, 0
        return [_PONG * pongs]

    def unanswered(self) -> int:
        """Return 0: this server answers for nothing."""
        return 0

    def _note(self, line: bytes) -> None:
        if line == _PING:
            self._pongs += 1
        elif not line.startswith(_INFO):
            raise LoadFailed(f"nats-server said {line!r}")


class NatsDialect:
    """Who publishes what."""

    has_accounts = False
    own_manner = Manner.JOINED

    def pairs(self, dialling: Dialling, count: int) -> Iterator[NatsClient]:
        """Connect so many pairs, one after the other."""
        for pair in range(count):
            for own, other in ("ab", "ba"):
                subject = f"p.{pair:04}."
                yield NatsClient(TlsStream(dialling), subject + other, subject + own)

    def room(self, dialling: Dialling, members: int, speakers: int) -> Iterator[NatsClient]:
        """Connect a room; those who speak come first. Nobody hears himself (``echo`` is off)."""
        del speakers
        for place in range(members):
            yield NatsClient(TlsStream(dialling), "room", "room", place % 256)
