"""A guest of the relay: logs in as real clients do, sends, acknowledges, says what it sees."""

from collections.abc import Callable

from securechat.errors import SecureChatError
from securechat.protocol.client_side import ClientSide
from securechat.transport.connection import Connection
from securechat.wire import frames as f
from siegelib.door import HOST, Door
from siegelib.people import Person

_NO_TIME = 0.0
"""The machine's deadlines are for those who have to notice a dead relay."""


class Guest:
    """One device on one connection; all of it happens in the loop's thread.

    Assign the callbacks before `come`: ``on_in`` when it is logged in, ``on_envelope`` for each
    delivery, ``on_gone`` when the connection ends.
    """

    __slots__ = (
        "_door",
        "_source",
        "accepted",
        "connection",
        "is_in",
        "machine",
        "on_envelope",
        "on_gone",
        "on_in",
        "person",
        "publishes",
        "refused",
    )

    def __init__(self, door: Door, person: Person, source: str = HOST) -> None:
        self.person = person
        self.publishes = False
        """Whether it leaves a bundle before it counts as logged in."""
        self.is_in = False
        self.accepted = self.refused = 0
        """How many of its envelopes the relay has answered for, and how many of these with no."""
        self.machine = ClientSide(_NO_TIME)
        self.connection: Connection | None = None
        self.on_in: Callable[[], None] = _nothing
        self.on_envelope: Callable[[f.Incoming], None] = _ignore
        self.on_gone: Callable[[], None] = _nothing
        self._door = door
        self._source = source

    def come(self) -> None:
        """Connect and log in."""
        self.machine = ClientSide(_NO_TIME)
        self.accepted = self.refused = 0
        self._door.enter(self, self._source)

    def go(self) -> None:
        """Break the connection off."""
        if self.connection is not None:
            self.connection.abort()

    def send(self, *envelopes: f.Outgoing) -> None:
        """Hand in envelopes, in one frame."""
        self.write(self.machine.send_envelopes(envelopes))

    def write(self, data: bytes) -> None:
        """Send bytes that this device should, or should not, send."""
        if self.connection is not None:
            self.connection.write(data)

    # The transport's handler ----------------------------------------------------------------------

    def opened(self, connection: Connection) -> None:
        """Say hello."""
        self.connection = connection
        self.write(self.machine.send(self.person.hello()))

    def received(self, data: bytes) -> None:
        """Handle the frames, and acknowledge what they brought."""
        machine = self.machine
        for frame in machine.receive(data, _NO_TIME):
            self._handle(frame)
        machine.ack(machine.delivered)
        if self.is_in and (ack := machine.take_ack()):
            self.write(ack)

    def timer(self, now: float) -> float | None:
        """Never called: no timer is set."""

    def closed(self, error: SecureChatError | None) -> None:  # noqa: ARG002 (whatever it was)
        """Tell that the connection is gone."""
        self.connection = None
        self.is_in = False
        self.on_gone()

    def _handle(self, frame: f.RelayFrame) -> None:
        match frame:
            case f.Challenge():
                self._log_in(frame)
            case f.Welcome():
                if self.publishes and not frame.bundle_epoch:
                    self.write(self.machine.send(self.person.publish()))
                else:
                    self._arrive()
            case f.Done():
                self._arrive()
            case f.Deliver():
                self.accepted = frame.accepted
                for incoming in frame.envelopes:
                    self.on_envelope(incoming)
            case f.Accepted():
                self.accepted = frame.accepted
            case f.Refused():
                self.refused += 1
            case f.Ping():
                self.write(self.machine.send(f.Pong(frame.nonce)))

    def _arrive(self) -> None:
        self.is_in = True
        self.on_in()

    def _log_in(self, challenge: f.Challenge) -> None:
        assert self.connection is not None
        if not challenge.registered:
            self.write(self.machine.send(self.person.register(challenge)))
        shown = self.connection.remote_certificate or b""
        self.write(self.machine.send(self.person.log_in(challenge, shown)))


def _nothing() -> None:
    """Do nothing."""


def _ignore(_incoming: f.Incoming) -> None:
    """Do nothing."""
