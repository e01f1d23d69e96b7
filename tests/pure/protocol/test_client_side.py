import pytest

from securechat.errors import LocalProtocolError, RemoteProtocolError
from securechat.protocol.client_side import ClientSide
from securechat.protocol.states import Side, State
from securechat.wire import frames as f
from securechat.wire.codec import encode
from tests.pure.protocol.pair import INCOMING, OUTGOING, ConnectionPair


def ready(sent: int = 1) -> ConnectionPair:
    pair = ConnectionPair(State.READY)
    if sent > 1:
        pair.client_sends(sent - 1)
    return pair


def tell(pair: ConnectionPair, frame: f.RelayFrame) -> None:
    pair.client.receive(encode(frame), 0.0)


def test_envelopes_are_numbered_one_after_the_other() -> None:
    pair = ready()
    assert pair.client.sent == 1
    data = pair.client.send_envelopes((OUTGOING,) * 3)
    assert pair.pass_on(Side.CLIENT, data) == [f.Send(2, 0, (OUTGOING,) * 3)]
    assert pair.client.sent == pair.relay.received == 4


def test_envelopes_before_the_welcome_are_this_sides_fault_and_not_counted() -> None:
    client = ClientSide(0.0)
    with pytest.raises(LocalProtocolError):
        client.send_envelopes((OUTGOING,))
    assert client.sent == 0


def test_before_anything_came_there_is_nothing_to_acknowledge() -> None:
    assert ClientSide(0.0).take_ack() == b""


def test_acknowledging_the_same_again_is_no_error() -> None:
    pair = ready()
    pair.relay_delivers(3)
    pair.client.ack(2)
    pair.client.ack(2)
    assert pair.client.acked == 2


def test_an_acknowledgement_is_told_once() -> None:
    pair = ready()
    pair.relay_delivers(3)
    assert pair.client.take_ack() == b""
    pair.client.ack(2)
    assert pair.pass_on(Side.CLIENT, pair.client.take_ack()) == [f.Ack(2)]
    assert pair.client.take_ack() == b""


def test_an_acknowledgement_rides_on_envelopes() -> None:
    pair = ready()
    pair.relay_delivers(3)
    pair.client.ack(3)
    pair.client_sends(1)
    assert pair.relay.acked == 3
    assert pair.client.take_ack() == b""


@pytest.mark.parametrize("number", [1, 4])
def test_acknowledging_backwards_or_too_much_is_this_sides_fault(number: int) -> None:
    pair = ready()
    pair.relay_delivers(3)
    pair.client.ack(2)
    with pytest.raises(LocalProtocolError, match=f"Delivery {number} cannot"):
        pair.client.ack(number)
    assert pair.client.acked == 2


@pytest.mark.parametrize("first", [0, 1, 4, 2**63 - 1])
def test_deliveries_out_of_number_are_the_relays_fault(first: int) -> None:
    pair = ready()
    pair.relay_delivers(2)
    with pytest.raises(RemoteProtocolError, match="where 3 is next"):
        tell(pair, f.Deliver(first, 0, (INCOMING,)))


@pytest.mark.parametrize("carry", [f.Accepted, lambda number: f.Deliver(1, number, (INCOMING,))])
def test_answers_move_forward_within_what_was_sent(carry: type[f.Accepted]) -> None:
    pair = ready(5)
    tell(pair, f.Accepted(3))
    tell(pair, f.Accepted(3))
    for wrong in (2, 6, 2**63 - 1):
        with pytest.raises(RemoteProtocolError, match="3 to 5 are possible"):
            tell(pair, carry(wrong))


@pytest.mark.parametrize(
    "also",
    [
        ((3, 3),),
        ((2, 4),),
        ((0, 0),),
        ((5, 4),),
        ((9, 10),),
        ((4, 2**63 - 1),),
        ((6, 7), (4, 4)),
        ((4, 6), (6, 7)),
    ],
)
def test_ranges_ascend_between_the_number_and_what_was_sent(also: tuple[tuple[int, int]]) -> None:
    pair = ready(9)
    tell(pair, f.Accepted(3, ((4, 4), (6, 9))))
    with pytest.raises(RemoteProtocolError, match="cannot be answered"):
        tell(pair, f.Accepted(3, also))


@pytest.mark.parametrize("number", [0, 2, 6, 2**63 - 1])
def test_only_an_envelope_without_answer_can_be_refused(number: int) -> None:
    pair = ready(5)
    tell(pair, f.Accepted(2))
    tell(pair, f.Refused(3, "order"))
    with pytest.raises(RemoteProtocolError, match=f"Envelope {number} cannot"):
        tell(pair, f.Refused(number, "order"))
