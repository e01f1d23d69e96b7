from itertools import product

import pytest

from securechat.errors import LocalProtocolError, RemoteProtocolError
from securechat.protocol.states import TABLE, Side, State
from securechat.wire import frames as f
from securechat.wire.codec import encode
from tests.pure.protocol.pair import FRAMES, ConnectionPair
from tests.pure.wire.strategies import ALL_FRAMES, CLIENT_FRAMES, RELAY_FRAMES

LEGAL = sorted(TABLE, key=str)
ILLEGAL = sorted(set(product(Side, State, ALL_FRAMES)) - set(TABLE), key=str)


def name(case: tuple[Side, State, type[f.Frame]]) -> str:
    side, state, kind = case
    return f"{side.value}-{state.name.lower()}-{kind.__name__}"


@pytest.mark.parametrize("case", LEGAL, ids=name)
def test_what_the_table_allows_leads_both_sides_where_it_says(
    case: tuple[Side, State, type[f.Frame]],
) -> None:
    side, state, kind = case
    pair = ConnectionPair(state)
    events = pair.send(side, FRAMES[kind])
    assert events == ([] if kind is f.Pong else [FRAMES[kind]])
    assert pair.client.state is pair.relay.state is TABLE[case]
    for machine in (pair.client, pair.relay):
        assert machine.is_closed == (TABLE[case] is State.CLOSED)


@pytest.mark.parametrize("case", ILLEGAL, ids=name)
def test_what_the_table_does_not_allow_is_the_fault_of_its_sender(
    case: tuple[Side, State, type[f.Frame]],
) -> None:
    side, state, kind = case
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
