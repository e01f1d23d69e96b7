"""The relay's machine for one connection: numbers what it delivers, counts what it answers."""

from securechat.errors import LocalProtocolError, RemoteProtocolError
from securechat.protocol.machine import Machine
from securechat.protocol.states import Side, State
from securechat.wire.codec import client_frame_decoder, encode
from securechat.wire.frames import MAX_RANGES, Accepted, Ack, ClientFrame, Deliver, Incoming, Send

_READY = State.READY


class RelaySide(Machine[ClientFrame]):
    """What a relay keeps about one client's connection.

    Envelopes that the client sends are numbered 1, 2, … on this connection, and so are those
    delivered to it. Both answers are cumulative.
    """

    side, other = Side.RELAY, Side.CLIENT

    __slots__ = ("_ahead", "_news", "_told", "accepted", "acked", "delivered", "received")

    def __init__(self, now: float) -> None:
        super().__init__(client_frame_decoder(), now)
        self.received = 0
        self.delivered = 0
        self.acked = 0
        self.accepted = 0
        self._told = 0
        self._ahead: _Ahead | None = None
        self._news: list[tuple[int, int]] = []

    def deliver(self, envelopes: tuple[Incoming, ...]) -> bytes:
        """Return a Deliver frame of these envelopes; their numbers follow the last ones.

        Answers out of turn, for which it has no place, come before it: what a delivery confirms has
        been answered for then. LocalProtocolError where that is not allowed.
        """
        frame = Deliver(self.delivered + 1, self.accepted, envelopes)
        if self.state is not _READY:
            raise LocalProtocolError(self._no_turn(frame))
        answers = self.take_answers() if self._news else b""
        self.delivered += len(envelopes)
        self._told = self.accepted
        data = encode(frame)
        return answers + data if answers else data

    def answer(self, first: int, last: int) -> None:
        """Note, once, that the envelopes ``first`` to ``last`` are answered for: none is open."""
        if first == self.accepted + 1:
            self.accepted = self._ahead.take_after(last) if self._ahead else last
        else:
            if self._ahead is None:
                self._ahead = _Ahead()
            self._ahead.add(first, last)
            self._news.append((first, last))

    def take_answers(self) -> bytes:
        """Return Accepted frames with what the client has not been told yet, or nothing."""
        accepted = self.accepted
        if not self._news and self._told == accepted:
            return b""
        ranges = _join(sorted(news for news in self._news if news[0] > accepted))
        self._news.clear()
        if self._told == accepted and not ranges:
            return b""
        self._told = accepted
        return b"".join(
            self.send(Accepted(accepted, tuple(ranges[start : start + MAX_RANGES])))
            for start in range(0, len(ranges) or 1, MAX_RANGES)
        )

    def _note_received(self, frame: ClientFrame) -> None:
        if isinstance(frame, Send):
            if frame.first != self.received + 1:
                raise RemoteProtocolError(
                    f"Envelope {frame.first} came where {self.received + 1} is next"
                )
            self.received += len(frame.envelopes)
        elif not isinstance(frame, Ack):
            return
        ack = frame.ack
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

    def add(self, first: int, last: int) -> None:
        """Put a range in, joining those that it touches."""
        first = self._first.pop(first - 1, first)
        last = self._last.pop(last + 1, last)
        self._last[first] = last
        self._first[last] = first

    def take_after(self, number: int) -> int:
        """Remove the range that follows ``number`` directly; return its end, or ``number``."""
        last = self._last.pop(number + 1, number)
        if last != number:
            del self._first[last]
        return last


def _join(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return sorted inclusive ranges with those joined that follow each other directly."""
    joined: list[tuple[int, int]] = []
    for first, last in ranges:
        if joined and joined[-1][1] == first - 1:
            joined[-1] = (joined[-1][0], last)
        else:
            joined.append((first, last))
    return joined
