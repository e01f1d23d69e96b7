"""The client's machine for one connection: numbers what it sends, counts what it disposed of."""

from securechat.errors import LocalProtocolError, RemoteProtocolError
from securechat.protocol.machine import Machine
from securechat.protocol.states import Side
from securechat.wire.codec import relay_frame_decoder
from securechat.wire.frames import Accepted, Ack, Deliver, Outgoing, Refused, RelayFrame, Send


class ClientSide(Machine[RelayFrame]):
    """What a client keeps about its connection; see RelaySide for the numbers."""

    side, other = Side.CLIENT, Side.RELAY

    def __init__(self, now: float) -> None:
        super().__init__(relay_frame_decoder(), now)
        self.sent = 0
        self.delivered = 0
        self.acked = 0
        self._told = 0
        self._accepted = 0

    def send_envelopes(self, envelopes: tuple[Outgoing, ...], *, ephemeral: bool = False) -> bytes:
        """Return a Send frame of these envelopes; the last one's number is then ``sent``."""
        first = self.sent + 1
        self.sent += len(envelopes)
        self._told = self.acked
        return self.send(Send(first, self.acked, envelopes, ephemeral))

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
            self.delivered += len(frame.envelopes)
        if isinstance(frame, Deliver | Accepted):
            if not self._accepted <= frame.accepted <= self.sent:
                raise RemoteProtocolError(
                    f"Envelopes up to {frame.accepted} were answered where "
                    f"{self._accepted} to {self.sent} are possible"
                )
            self._accepted = frame.accepted
        if isinstance(frame, Accepted):
            for low, high in frame.also:
                if not frame.accepted < low <= high <= self.sent:
                    raise RemoteProtocolError(f"Envelopes {low} to {high} cannot be answered")
        if isinstance(frame, Refused) and not 0 < frame.number <= self.sent:
            raise RemoteProtocolError(f"Envelope {frame.number} was never sent")
