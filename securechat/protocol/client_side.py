"""The client's machine for one connection: numbers what it sends, counts what it disposed of."""

from securechat.errors import LocalProtocolError, RemoteProtocolError
from securechat.protocol.machine import Machine
from securechat.protocol.states import Side
from securechat.wire.codec import relay_frame_decoder
from securechat.wire.frames import Accepted, Ack, Deliver, Outgoing, Refused, RelayFrame, Send


class ClientSide(Machine[RelayFrame]):
    """What a client keeps about its connection; see RelaySide for the numbers."""

    side, other = Side.CLIENT, Side.RELAY

    __slots__ = ("_accepted", "_told", "acked", "delivered", "sent")

    def __init__(self, now: float) -> None:
        super().__init__(relay_frame_decoder(), now)
        self.sent = 0
        self.delivered = 0
        self.acked = 0
        self._told = 0
        self._accepted = 0

    def send_envelopes(self, envelopes: tuple[Outgoing, ...], *, ephemeral: bool = False) -> bytes:
        """Return a Send frame of these envelopes; the last one's number is then ``sent``."""
        data = self.send(Send(self.sent + 1, self.acked, envelopes, ephemeral))
        self.sent += len(envelopes)
        self._told = self.acked
        return data

    def ack(self, number: int) -> None:
        """Note that every delivery up to this number has been durably disposed of."""
        if not self.acked <= number <= self.delivered:
            raise LocalProtocolError(f"Delivery {number} cannot be acknowledged")
        self.acked = number

    def take_ack(self) -> bytes:
        """Return an Ack frame if the relay has not been told of the last one yet."""
        if self._told == self.acked:
            return b""
        self._told = self.acked
        return self.send(Ack(self.acked))

    def _note_received(self, frame: RelayFrame) -> None:
        if isinstance(frame, Deliver):
            if frame.first != self.delivered + 1:
                raise RemoteProtocolError(
                    f"Delivery {frame.first} came where {self.delivered + 1} is next"
                )
            self._note_accepted(frame.accepted)
            self.delivered += len(frame.envelopes)
        elif isinstance(frame, Accepted):
            self._note_accepted(frame.accepted)
            self._check_ranges(frame)
        elif isinstance(frame, Refused) and not self._accepted < frame.number <= self.sent:
            raise RemoteProtocolError(f"Envelope {frame.number} cannot be refused")

    def _note_accepted(self, accepted: int) -> None:
        if not self._accepted <= accepted <= self.sent:
            raise RemoteProtocolError(
                f"Envelopes up to {accepted} were answered where "
                f"{self._accepted} to {self.sent} are possible"
            )
        self._accepted = accepted

    def _check_ranges(self, frame: Accepted) -> None:
        before = frame.accepted
        for first, last in frame.also:
            if not before < first <= last <= self.sent:
                raise RemoteProtocolError(f"Envelopes {first} to {last} cannot be answered")
            before = last
