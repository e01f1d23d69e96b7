from itertools import product

import pytest

from securechat.errors import LocalProtocolError, RemoteProtocolError
from securechat.protocol.states import TABLE, Side, State
from securechat.wire import frames as f
from securechat.wire.codec import encode
from tests.pure.protocol.pair import FRAMES, ConnectionPair
from tests.pure.wire.strategies import ALL_FRAMES, CLIENT_FRAMES, RELAY_FRAMES

each_side_and_state = pytest.mark.parametrize(("side", "state"), list(product(Side, State)))


@each_side_and_state
def test_what_the_table_allows_leads_both_sides_where_it_says(side: Side, state: State) -> None:
    for kind in ALL_FRAMES:
        if (side, state, kind) in TABLE:
            check_legal(side, state, kind)


def check_legal(side: Side, state: State, kind: type[f.Frame]) -> None:
    pair = ConnectionPair(state)
    events = pair.send(side, FRAMES[kind])
    assert events == [FRAMES[kind]]
    then = TABLE[side, state, kind]
    assert pair.client.state is pair.relay.state is then
    for machine in (pair.client, pair.relay):
        assert machine.is_closed == (then is State.CLOSED)


@each_side_and_state
def test_what_the_table_does_not_allow_is_the_fault_of_its_sender(side: Side, state: State) -> None:
    for kind in ALL_FRAMES:
        if (side, state, kind) not in TABLE:
            check_illegal(side, state, kind)


def check_illegal(side: Side, state: State, kind: type[f.Frame]) -> None:
    pair = ConnectionPair(state)
    with pytest.raises(LocalProtocolError, match=f"{kind.__name__} is not allowed"):
        pair[side].send(FRAMES[kind])
    assert pair[side].state is state
    if state is State.CLOSED:
        assert pair.other(side).receive(encode(FRAMES[kind]), 0.0) == []
        return
    with pytest.raises(RemoteProtocolError):
        pair.other(side).receive(encode(FRAMES[kind]), 0.0)
    assert pair.other(side).state is state


def test_each_side_says_only_frames_of_its_own() -> None:
    said = {side: {kind for who, _, kind in TABLE if who is side} for side in Side}
    assert said == {Side.CLIENT: set(CLIENT_FRAMES), Side.RELAY: set(RELAY_FRAMES)}


def test_a_goodbye_is_possible_everywhere_and_ends_everything() -> None:
    for side, state in product(Side, set(State) - {State.CLOSED}):
        assert TABLE[side, state, f.Bye] is State.CLOSED
    assert not [case for case in TABLE if case[1] is State.CLOSED]
