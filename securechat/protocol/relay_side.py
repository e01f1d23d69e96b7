"""The relay's machine for one connection: numbers what it delivers, counts what it answers."""

from securechat.errors import RemoteProtocolError
from securechat.protocol.machine import Machine
from securechat.protocol.states import Side
from securechat.wire.codec import client_frame_decoder
from securechat.wire.frames import MAX_RANGES, Accepted, Ack, ClientFrame, Deliver, Incoming, Send


class RelaySide(Machine[ClientFrame]):
    """What a relay keeps about one client's connection.

    Envelopes that the client sends are numbered 1, 2, … on this connection, and so are those
    delivered to it. Both answers are cumulative.
    """

    side, other = Side.RELAY, Side.CLIENT

    def __init__(self, now: float) -> None:
        super().__init__(client_frame_decoder(), now)
        self.received = 0
        self.delivered = 0
        self.acked = 0
        self.accepted = 0
        self._told = 0
        self._ahead = _Ahead()
        self._news: list[int] = []

    def deliver(self, envelopes: tuple[Incoming, ...]) -> bytes:
        """Return a Deliver frame of these envelopes; their numbers follow the last ones."""
        data = self.send(Deliver(self.delivered + 1, self.accepted, envelopes))
        self.delivered += len(envelopes)
        self._told = self.accepted
        return data

    def answer(self, number: int) -> None:
        """Note, once, that the envelope of this number is answered for: accepted or refused."""
        if number == self.accepted + 1:
            ahead = self._ahead
            self.accepted = ahead.take_after(number) if ahead else number
        else:
            self._ahead.add(number)
            self._news.append(number)

    def take_answers(self) -> bytes:
        """Return Accepted frames with what the client has not been told yet, or nothing."""
        if not self._news and self._told == self.accepted:
            return b""
        ranges = _ranges(sorted(number for number in self._news if number > self.accepted))
        self._news.clear()
        if self._told == self.accepted and not ranges:
            return b""
        self._told = self.accepted
        return b"".join(
            self.send(Accepted(self.accepted, tuple(ranges[start : start + MAX_RANGES])))
            for start in range(0, len(ranges) or 1, MAX_RANGES)
        )

    def _note_received(self, frame: ClientFrame) -> None:
        if isinstance(frame, Send):
            if frame.first != self.received + 1:
                raise RemoteProtocolError(
                    f"Envelope {frame.first} came where {self.received + 1} is next"
                )
            self._note_ack(frame.ack)
            self.received += len(frame.envelopes)
        elif isinstance(frame, Ack):
            self._note_ack(frame.ack)

    def _note_ack(self, ack: int) -> None:
        if not self.acked <= ack <= self.delivered:
            raise RemoteProtocolError(
                f"An acknowledgement up to {ack} came where "
                f"{self.acked} to {self.delivered} are possible"
            )
        self.acked = ack


class _Ahead:
    """Numbers answered out of turn, as ranges: one old hole must not cost memory for ever."""

    __slots__ = ("_first", "_last")

    def __init__(self) -> None:
        self._last: dict[int, int] = {}
        """The last number of each range, by its first."""
        self._first: dict[int, int] = {}
        """The first number of each range, by its last."""

    def __bool__(self) -> bool:
        return bool(self._last)

    def add(self, number: int) -> None:
        """Put a number in, joining the ranges that it touches."""
        first = self._first.pop(number - 1, number)
        last = self._last.pop(number + 1, number)
        self._last[first] = last
        self._first[last] = first

    def take_after(self, number: int) -> int:
        """Remove the range that follows ``number`` directly; return its end, or ``number``."""
        last = self._last.pop(number + 1, number)
        if last != number:
            del self._first[last]
        return last


def _ranges(numbers: list[int]) -> list[tuple[int, int]]:
    """Return sorted numbers as inclusive ranges."""
    ranges: list[tuple[int, int]] = []
    for number in numbers:
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return ranges
