"""Both machines of one connection in memory: every send is also a receive."""

from collections import deque
from typing import cast

from securechat.identity.types import EnvelopeId, MailboxId
from securechat.protocol.client_side import ClientSide
from securechat.protocol.machine import Machine
from securechat.protocol.relay_side import RelaySide
from securechat.protocol.states import TABLE, Side, State
from securechat.wire import frames as f
from tests.pure.wire import vectors

OUTGOING = f.Outgoing(MailboxId(b"m" * 16), EnvelopeId(b"o" * 16), b"sealed")
INCOMING = f.Incoming(EnvelopeId(b"i" * 16), b"sealed")

FRAMES: dict[type[f.Frame], f.AnyFrame] = {
    **{type(frame): frame for frame in vectors.FRAMES},
    f.Send: f.Send(2, 0, (OUTGOING,)),
    f.Deliver: f.Deliver(1, 0, (INCOMING,)),
    f.Ack: f.Ack(0),
    f.Accepted: f.Accepted(0),
    f.Refused: f.Refused(1, "order"),
}
"""A frame of each kind whose numbers fit right after one Send of one envelope."""


class ConnectionPair:
    """A client's and a relay's machine that never disagree."""

    def __init__(self, state: State = State.GREETING, now: float = 0.0) -> None:
        """Bring both machines to a state by the shortest way there; one envelope was sent."""
        self.client, self.relay = ClientSide(now), RelaySide(now)
        for side, frame in way_to(state):
            self.send(side, frame, now)
        if state is State.READY:
            self.client_sends(1, now)

    def __getitem__(self, side: Side) -> Machine[f.RelayFrame] | Machine[f.ClientFrame]:
        return self.client if side is Side.CLIENT else self.relay

    def other(self, side: Side) -> Machine[f.RelayFrame] | Machine[f.ClientFrame]:
        return self.relay if side is Side.CLIENT else self.client

    def send(self, side: Side, frame: f.AnyFrame, now: float = 0.0) -> list[f.AnyFrame]:
        """Let one side send a frame; return what the other makes of it."""
        return self.pass_on(side, self[side].send(frame), now)

    def pass_on(self, side: Side, data: bytes, now: float = 0.0) -> list[f.AnyFrame]:
        """Carry bytes that one side's machine gave to the other's."""
        events = cast("list[f.AnyFrame]", list(self.other(side).receive(data, now)))
        assert self.client.state is self.relay.state
        return events

    def client_sends(self, count: int, now: float = 0.0) -> None:
        self.pass_on(Side.CLIENT, self.client.send_envelopes((OUTGOING,) * count), now)

    def relay_delivers(self, count: int) -> list[f.AnyFrame]:
        return self.pass_on(Side.RELAY, self.relay.deliver((INCOMING,) * count))

    def relay_answers(self, *numbers: int) -> list[f.AnyFrame]:
        for number in numbers:
            self.relay.answer(number, number)
        return self.pass_on(Side.RELAY, self.relay.take_answers())


def way_to(state: State) -> list[tuple[Side, f.AnyFrame]]:
    """Return the shortest conversation that leads to a state, found in the table."""
    ways: dict[State, list[tuple[Side, f.AnyFrame]]] = {State.GREETING: []}
    queue = deque([State.GREETING])
    while queue:
        here = queue.popleft()
        for (side, when, kind), then in TABLE.items():
            if when is here and then not in ways:
                ways[then] = [*ways[here], (side, FRAMES[kind])]
                queue.append(then)
    return ways[state]
