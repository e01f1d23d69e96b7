import pytest

from securechat.errors import LocalProtocolError, RemoteProtocolError, Unreachable
from securechat.protocol.machine import DEAD_AFTER_S, LOGIN_TIMEOUT_S, PING_AFTER_S
from securechat.protocol.relay_side import RelaySide
from securechat.protocol.states import Side, State
from securechat.wire import frames as f
from securechat.wire.codec import MAX_FRAME_BYTES, MAX_GREETING_BYTES, client_frame_decoder, encode
from tests.pure.protocol.pair import FRAMES, OUTGOING, ConnectionPair, way_to

BEFORE_READY = [state for state in State if state not in (State.READY, State.CLOSED)]


def ready(now: float = 0.0) -> ConnectionPair:
    return ConnectionPair(State.READY, now)


def long_send(size_bytes: int) -> f.Send:
    return f.Send(2, 0, (f.Outgoing(OUTGOING.mailbox, OUTGOING.envelope_id, bytes(size_bytes)),))


def ping_in(data: bytes) -> f.AnyFrame:
    decoder = client_frame_decoder()
    [frame] = decoder.decode(data)
    return frame


# Frames -------------------------------------------------------------------------------------------


def test_many_frames_in_one_piece_come_in_order() -> None:
    pair = ready()
    data = b"".join(pair.client.send(f.Who(number)) for number in range(5))
    assert pair.relay.receive(data, 0.0) == [f.Who(number) for number in range(5)]


def test_a_frame_in_two_pieces_comes_with_the_second() -> None:
    pair = ready()
    data = pair.client.send(f.Who(1))
    assert pair.relay.receive(data[:3], 0.0) == []
    assert pair.relay.receive(data[3:], 0.0) == [f.Who(1)]


def test_a_relay_takes_long_frames_only_once_it_has_welcomed() -> None:
    length = (MAX_GREETING_BYTES + 1).to_bytes(4, "big")
    for state in BEFORE_READY:
        with pytest.raises(RemoteProtocolError, match="4096 are allowed"):
            ConnectionPair(state).relay.receive(length, 0.0)
    pair = ready()
    assert len(pair.send(Side.CLIENT, long_send(MAX_FRAME_BYTES - 100))) == 1


def test_a_long_delivery_may_come_in_one_piece_with_the_welcome() -> None:
    pair = ConnectionPair(State.PROVING)
    envelope = f.Incoming(OUTGOING.envelope_id, bytes(100_000))
    data = pair.relay.send(FRAMES[f.Welcome]) + pair.relay.deliver((envelope,))
    welcome, delivery = pair.client.receive(data, 0.0)
    assert welcome == FRAMES[f.Welcome]
    assert delivery == f.Deliver(1, 0, (envelope,))


def test_frames_that_cross_a_goodbye_count_for_nothing() -> None:
    pair = ready()
    crossing = pair.client.send(f.Who(1))
    pair.relay.send(f.Bye("draining"))
    assert pair.relay.receive(crossing, 0.0) == []


def test_frames_after_a_goodbye_in_the_same_piece_count_for_nothing() -> None:
    pair = ready()
    data = encode(f.Bye("quit")) + encode(f.Who(1))
    assert pair.relay.receive(data, 0.0) == [f.Bye("quit")]
    assert pair.relay.state is State.CLOSED


def test_nothing_is_sent_after_a_goodbye() -> None:
    pair = ready()
    pair.send(Side.CLIENT, f.Bye("quit"))
    with pytest.raises(LocalProtocolError, match="one side said goodbye"):
        pair.relay.send(f.Ping(1))


def test_a_frame_that_cannot_be_encoded_changes_nothing() -> None:
    pair = ready()
    envelope = f.Outgoing(OUTGOING.mailbox, OUTGOING.envelope_id, bytes(MAX_FRAME_BYTES))
    with pytest.raises(LocalProtocolError, match="too long"):
        pair.client.send_envelopes((envelope,))
    pair.client_sends(1)


# Deadlines ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", BEFORE_READY)
def test_the_login_has_one_deadline_that_no_byte_moves(state: State) -> None:
    pair = ConnectionPair(state, now=100.0)
    for machine in (pair.client, pair.relay):
        machine.receive(b"\0\0", 109.9)
        assert machine.deadline() == 100.0 + LOGIN_TIMEOUT_S
        assert machine.expire(109.9) == b""
        with pytest.raises(Unreachable, match="No login within 10 s"):
            machine.expire(110.0)


def test_a_silent_connection_is_pinged_and_then_given_up() -> None:
    pair = ready(now=5.0)
    relay = pair.relay
    assert relay.deadline() == 5.0 + PING_AFTER_S
    assert relay.expire(34.9) == b""
    assert ping_in(relay.expire(35.0)) == f.Ping(1)
    assert relay.deadline() == 5.0 + DEAD_AFTER_S
    assert relay.expire(64.9) == b""
    with pytest.raises(Unreachable, match="silent for 60 s"):
        relay.expire(65.0)


def test_a_pong_is_taken_in_silence_and_moves_the_deadline() -> None:
    pair = ready()
    [ping] = pair.pass_on(Side.RELAY, pair.relay.expire(30.0), 30.1)
    assert ping == f.Ping(1)
    assert pair.send(Side.CLIENT, f.Pong(1), 30.2) == [f.Pong(1)]
    assert pair.relay.deadline() == 30.2 + PING_AFTER_S
    assert ping_in(pair.relay.expire(60.2)) == f.Ping(2)


def test_any_byte_is_a_sign_of_life() -> None:
    pair = ready()
    pair.relay.expire(30.0)
    pair.relay.receive(pair.client.send(f.Who(1))[:1], 59.0)
    assert pair.relay.deadline() == 59.0 + PING_AFTER_S


def test_both_sides_ping() -> None:
    pair = ready()
    [ping] = pair.pass_on(Side.CLIENT, pair.client.expire(30.0), 30.0)
    assert ping == f.Ping(1)
    assert pair.send(Side.RELAY, f.Pong(1), 30.0) == [f.Pong(1)]


def test_a_loop_that_stood_still_gives_the_other_side_time_to_answer() -> None:
    relay = ready().relay
    assert ping_in(relay.expire(500.0)) == f.Ping(1)
    assert relay.deadline() == 500.0 + DEAD_AFTER_S - PING_AFTER_S
    assert relay.expire(529.0) == b""
    with pytest.raises(Unreachable):
        relay.expire(530.0)


def test_silence_counts_for_nothing_while_this_side_does_not_read() -> None:
    relay = ready().relay
    relay.expire(30.0)
    relay.hold(59.0)
    assert relay.expire(60.0) == b""
    assert relay.deadline() == 59.0 + PING_AFTER_S


def test_a_fresh_machine_wants_a_hello() -> None:
    assert way_to(State.GREETING) == []
    assert RelaySide(0.0).state is State.GREETING
