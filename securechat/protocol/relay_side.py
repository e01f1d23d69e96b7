"""The relay's machine for one connection: numbers what it delivers, counts what it answers."""

from securechat.errors import RemoteProtocolError
from securechat.protocol.machine import Machine
from securechat.protocol.states import Side
from securechat.wire.codec import client_frame_decoder
from securechat.wire.frames import Accepted, Ack, ClientFrame, Deliver, Incoming, Send


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
        self._ahead: set[int] = set()
        self._news: list[int] = []

    def deliver(self, envelopes: tuple[Incoming, ...]) -> bytes:
        """Return a Deliver frame of these envelopes; their numbers follow the last ones."""
        first = self.delivered + 1
        self.delivered += len(envelopes)
        self._told = self.accepted
        return self.send(Deliver(first, self.accepted, envelopes))

    def answer(self, number: int) -> None:
        """Note that the envelope of this number is answered for: accepted, or refused before."""
        if number == self.accepted + 1:
            while number + 1 in self._ahead:
                number += 1
                self._ahead.remove(number)
            self.accepted = number
        else:
            self._ahead.add(number)
            self._news.append(number)

    def take_answers(self) -> bytes:
        """Return an Accepted frame with what the client has not been told yet, or nothing."""
        news = sorted(number for number in self._news if number > self.accepted)
        self._news.clear()
        if self._told == self.accepted and not news:
            return b""
        self._told = self.accepted
        return self.send(Accepted(self.accepted, _ranges(news)))

    @property
    def unanswered(self) -> int:
        """How many envelopes of the client still wait for their answer."""
        return self.received - self.accepted - len(self._ahead)

    def _note_received(self, frame: ClientFrame) -> None:
        if isinstance(frame, Send):
            if frame.first != self.received + 1:
                raise RemoteProtocolError(
                    f"Envelope {frame.first} came where {self.received + 1} is next"
                )
            self.received += len(frame.envelopes)
        if isinstance(frame, Send | Ack):
            if not self.acked <= frame.ack <= self.delivered:
                raise RemoteProtocolError(
                    f"An acknowledgement up to {frame.ack} came where "
                    f"{self.acked} to {self.delivered} are possible"
                )
            self.acked = frame.ack


def _ranges(numbers: list[int]) -> tuple[tuple[int, int], ...]:
    """Return sorted numbers as inclusive ranges."""
    ranges: list[tuple[int, int]] = []
    for number in numbers:
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return tuple(ranges)
