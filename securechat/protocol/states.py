"""Who may say what, when: the whole protocol on one screen.

Both machines walk this one table with what they send and what they receive. A frame without an
entry for the state of the connection is illegal, and the side that sent it is to blame.
"""

from enum import Enum

from securechat.wire import frames as f


class State(Enum):
    """Where a connection stands."""

    GREETING = "the client has to say hello"
    ASKED = "the relay has to challenge"
    CHALLENGED = "the client has to log in, registering first if it is new"
    REGISTERED = "the client has to log in"
    PROVING = "the relay has to decide about the login"
    PAIRING = "two people pair over the relay, with a code"
    READY = "both may say anything of the conversation"
    CLOSED = "one side said goodbye"


class Side(Enum):
    """Who speaks."""

    CLIENT = "client"
    RELAY = "relay"


Moves = dict[type[f.Frame], State]

_CLIENT, _RELAY = Side.CLIENT, Side.RELAY
_CLIENT_WHEN_READY = (
    f.Publish, f.Lookup, f.Send, f.Ack, f.Watch, f.Who, f.Status, f.Ping, f.Pong,
    f.PairOpen, f.PairPass, f.PairEnd, f.InviteMake, f.InviteList, f.InviteRevoke,
)  # fmt: skip
_RELAY_WHEN_READY = (
    f.Done, f.Found, f.Failed, f.Deliver, f.Accepted, f.Refused, f.Presence, f.People,
    f.Lobby, f.KeysLeft, f.Ping, f.Pong, f.PairOpened, f.PairKnock, f.PairPass, f.PairEnd,
    f.Invites,
)  # fmt: skip

TABLE: dict[tuple[Side, State, type[f.Frame]], State] = {
    (_CLIENT, State.GREETING, f.Hello): State.ASKED,
    (_RELAY, State.ASKED, f.Challenge): State.CHALLENGED,
    (_CLIENT, State.CHALLENGED, f.Register): State.REGISTERED,
    (_CLIENT, State.CHALLENGED, f.Login): State.PROVING,
    (_CLIENT, State.REGISTERED, f.Login): State.PROVING,
    (_RELAY, State.PROVING, f.Welcome): State.READY,
    (_CLIENT, State.GREETING, f.PairJoin): State.PAIRING,
    **{(side, State.PAIRING, f.PairPass): State.PAIRING for side in Side},
    **{(side, State.PAIRING, f.PairEnd): State.CLOSED for side in Side},
    **{(_CLIENT, State.READY, frame): State.READY for frame in _CLIENT_WHEN_READY},
    **{(_RELAY, State.READY, frame): State.READY for frame in _RELAY_WHEN_READY},
    **{(_CLIENT, state, f.Bye): State.CLOSED for state in State if state is not State.CLOSED},
    **{(_RELAY, state, f.Bye): State.CLOSED for state in State if state is not State.CLOSED},
    **{(_RELAY, state, f.Fault): State.CLOSED for state in State if state is not State.CLOSED},
}


def _moves(side: Side, state: State) -> Moves:
    """Return what this side may say in this state, and where each frame leads."""
    return {
        frame: then for (who, when, frame), then in TABLE.items() if (who, when) == (side, state)
    }


MOVES: dict[Side, dict[State, Moves]] = {
    side: {state: _moves(side, state) for state in State} for side in Side
}
