"""Answers to a client's requests, in the order of the requests, though some have to wait."""

from collections.abc import Callable

from securechat.relay.channel import Channel
from securechat.relay.intake import FRAME_CHARGE_BYTES, Intake
from securechat.wire import frames as f

REQUEST_BYTES = 4096
"""As what a request that waits for the disk counts among what is unanswered."""


class Replies:
    """The answers on one connection, which may be long to short requests: who asks pays for them.

    Who asks for much that the disk has to answer waits while it lags; see `Intake`.
    """

    __slots__ = ("_channel", "_intake", "_places")

    def __init__(self, channel: Channel, intake: Intake) -> None:
        self._channel = channel
        self._intake = intake
        self._places: list[list[f.RelayFrame]] = []

    def reserve(self) -> Callable[[f.RelayFrame], None]:
        """Keep the next place; return what gives the answer, once, when it is known."""
        place: list[f.RelayFrame] = []
        self._places.append(place)
        self._intake.take(REQUEST_BYTES)

        def give(answer: f.RelayFrame) -> None:
            if not self._channel.is_deaf:
                self._intake.settle(REQUEST_BYTES)
            place.append(answer)
            while self._places and self._places[0]:
                self.send(self._places.pop(0)[0])

        return give

    def give(self, answer: f.RelayFrame) -> None:
        """Answer now, after whatever was announced before."""
        if self._places:
            self._places.append([answer])
        else:
            self.send(answer)

    def send(self, frame: f.RelayFrame) -> None:
        """Send at once what needs no place in the order of the answers."""
        if not self._channel.is_deaf:
            self._intake.charge(self._channel.write(frame) + FRAME_CHARGE_BYTES)
