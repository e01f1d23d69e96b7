import pytest
from hypothesis import given
from hypothesis import strategies as st

from securechat.errors import LocalProtocolError, RemoteProtocolError
from securechat.protocol.relay_side import RelaySide
from securechat.protocol.states import Side, State
from securechat.wire import frames as f
from securechat.wire.codec import encode, relay_frame_decoder
from tests.pure.protocol.pair import INCOMING, OUTGOING, ConnectionPair


def ready(sent: int = 0) -> ConnectionPair:
    """Return a pair of which the client has sent this many envelopes after the first."""
    pair = ConnectionPair(State.READY)
    pair.relay_answers(1)
    if sent:
        pair.client_sends(sent)
    return pair


def test_answers_in_turn_are_one_number() -> None:
    pair = ready(3)
    assert pair.relay_answers(2, 3, 4) == [f.Accepted(4)]


def test_answers_out_of_turn_are_told_as_ranges_and_once() -> None:
    pair = ready(9)
    assert pair.relay_answers(4, 5, 8, 7) == [f.Accepted(1, ((4, 5), (7, 8)))]
    assert pair.relay_answers() == []
    assert pair.relay_answers(10) == [f.Accepted(1, ((10, 10),))]


def test_a_filled_hole_moves_the_number_past_what_was_answered_before() -> None:
    pair = ready(9)
    pair.relay_answers(3, 4, 6, 5, 9)
    assert pair.relay_answers(2) == [f.Accepted(6)]
    assert pair.relay_answers(8, 7) == [f.Accepted(9)]
    assert pair.relay_answers(10) == [f.Accepted(10)]


def test_an_answer_that_the_number_overtook_is_not_repeated_as_a_range() -> None:
    pair = ready(3)
    assert pair.relay_answers(3, 2) == [f.Accepted(3)]


def test_the_number_rides_on_a_delivery() -> None:
    pair = ready(2)
    pair.relay.answer(2, 2)
    assert pair.relay_delivers(1) == [f.Deliver(1, 2, (INCOMING,))]
    assert pair.relay_answers() == []
    pair.relay.answer(3, 3)
    assert pair.relay_answers() == [f.Accepted(3)]


def test_more_ranges_than_one_frame_holds_take_several() -> None:
    relay = ConnectionPair(State.READY).relay
    for number in range(3, 3 + 2 * (f.MAX_RANGES + 1), 2):
        relay.answer(number, number)
    first, second = relay_frame_decoder().decode(relay.take_answers())
    assert isinstance(first, f.Accepted)
    assert len(first.also) == f.MAX_RANGES
    last = 3 + 2 * f.MAX_RANGES
    assert second == f.Accepted(0, ((last, last),))


def test_one_old_hole_does_not_cost_memory_for_every_later_answer() -> None:
    relay = RelaySide(0.0)
    for number in range(2, 10_000):
        relay.answer(number, number)
    assert len(relay._ahead._first) == len(relay._ahead._last) == 1
    relay.answer(1, 1)
    assert relay.accepted == 9_999
    assert not relay._ahead._first
    assert not relay._ahead._last


@given(order=st.permutations(range(2, 14)), cuts=st.lists(st.booleans(), min_size=12, max_size=12))
def test_whatever_the_order_every_number_is_told_exactly_once(
    order: list[int], cuts: list[bool]
) -> None:
    pair = ready(12)
    told: list[int] = []
    highest = 1
    for number, cut in zip(order, [*cuts[:-1], True], strict=True):
        pair.relay.answer(number, number)
        for frame in pair.relay_answers() if cut else []:
            assert isinstance(frame, f.Accepted)
            ahead = [n for first, last in frame.also for n in range(first, last + 1)]
            assert not set(ahead) & set(told)
            new = [n for n in range(highest + 1, frame.accepted + 1) if n not in told]
            told += new + ahead
            highest = frame.accepted
    assert sorted(told) == list(range(2, 14))
    assert highest == 13


def test_deliveries_are_numbered_one_after_the_other() -> None:
    pair = ready()
    assert pair.relay_delivers(2) == [f.Deliver(1, 1, (INCOMING,) * 2)]
    assert pair.relay_delivers(1) == [f.Deliver(3, 1, (INCOMING,))]


def test_nothing_is_delivered_before_the_welcome() -> None:
    relay = ConnectionPair(State.PROVING).relay
    with pytest.raises(LocalProtocolError):
        relay.deliver((INCOMING,))
    assert relay.delivered == 0


@pytest.mark.parametrize("first", [0, 1, 3, 2**63 - 1])
def test_envelopes_out_of_number_are_the_clients_fault(first: int) -> None:
    pair = ConnectionPair(State.READY)
    with pytest.raises(RemoteProtocolError, match="where 2 is next"):
        pair.relay.receive(encode(f.Send(first, 0, (OUTGOING,))), 0.0)


@pytest.mark.parametrize("carry", [f.Ack, lambda ack: f.Send(2, ack, (OUTGOING,))])
def test_acknowledgements_move_forward_within_what_was_delivered(carry: type[f.Ack]) -> None:
    for wrong in (2, 6, 2**63 - 1):
        pair = ConnectionPair(State.READY)
        pair.relay_delivers(5)
        pair.send(Side.CLIENT, f.Ack(3))
        assert pair.relay.acked == 3
        with pytest.raises(RemoteProtocolError, match="3 to 5 are possible"):
            pair.relay.receive(encode(carry(wrong)), 0.0)
    pair.relay.receive(encode(f.Ack(3)), 0.0)
    pair.relay.receive(encode(f.Ack(5)), 0.0)
    assert pair.relay.acked == 5
