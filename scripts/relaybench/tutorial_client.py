"""The dialect of `relaybench.tutorial_server`: a length and the bytes, first the room's name.

The client of a tutorial calls `sendall` once for each message.
"""

from collections.abc import Iterator

from relaybench.client import MESSAGE_BYTES, LogIn, Marks, Speaker, split
from relaybench.manner import Manner
from relaybench.tls_stream import Dialling, TlsStream

_LENGTH_BYTES = 4
_SIZE_BYTES = _LENGTH_BYTES + MESSAGE_BYTES
_HEAD = MESSAGE_BYTES.to_bytes(_LENGTH_BYTES, "big")


class TutorialClient:
    """A client that is told of everything that others write in its room."""

    greeted_in_plain = False

    def __init__(self, stream: TlsStream, room: str, speaker: int = 0) -> None:
        self.stream = stream
        self._room = len(room).to_bytes(_LENGTH_BYTES, "big") + room.encode()
        self._speaker = Speaker(speaker)
        self._rest = b""

    def log_in(self) -> LogIn:
        """Name the room; it comes back."""
        said = yield self._room
        while len(said) < len(self._room):
            said += yield b""

    def messages(self, count: int) -> list[bytes]:
        """Return this client's next messages."""
        return [_HEAD + self._speaker.next() for _ in range(count)]

    def receive(self, plaintext: bytes) -> Marks:
        """Return the marks of the messages that this completes."""
        data = self._rest + plaintext if self._rest else plaintext
        count = len(data) // _SIZE_BYTES
        self._rest = data[count * _SIZE_BYTES :]
        return split(data, 0, _SIZE_BYTES, count, _LENGTH_BYTES)

    def owes(self) -> bool:
        """Return False: this server knows no acknowledgements."""
        return False

    def take_owed(self) -> list[bytes]:
        """Return nothing."""
        return []

    def unanswered(self) -> int:
        """Return 0: this server answers for nothing."""
        return 0


class TutorialDialect:
    """Who is in which room."""

    has_accounts = False
    own_manner = Manner.UNBUFFERED

    def pairs(self, dialling: Dialling, count: int) -> Iterator[TutorialClient]:
        """Connect so many pairs, one after the other."""
        for place in range(2 * count):
            yield TutorialClient(TlsStream(dialling), f"pair {place // 2}")

    def room(self, dialling: Dialling, members: int, speakers: int) -> Iterator[TutorialClient]:
        """Connect a room; those who speak come first."""
        del speakers
        for place in range(members):
            yield TutorialClient(TlsStream(dialling), "room", place % 256)
