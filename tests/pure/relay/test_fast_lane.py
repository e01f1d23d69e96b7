"""The lane of a device that keeps up, alone and in a mailbox that has to take it over."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securechat.identity.types import EnvelopeId, MailboxId, UserKey
from securechat.relay.dispatch import ANSWER_AFTER_S
from securechat.relay.fast_lane import FastLane
from securechat.relay.parcel import Parcel
from securechat.relay.patience import COMMIT_AFTER_S
from securechat.store.mailboxes import MIN_CHARGE_BYTES
from securechat.wire import frames as f
from securechat.wire.codec import encode, relay_frame_decoder
from tests.pure.relay.mailbox_steps import bodies, codes, numbers, outgoing, run
from tests.pure.relay.world import Client, RelayWorld
from tests.pure.store.delayed import DelayedStore

WINDOW_BYTES = 10 * MIN_CHARGE_BYTES
TO = MailboxId(bytes(16))


def envelope(number: int, size_bytes: int = 1) -> f.Outgoing:
    return f.Outgoing(TO, EnvelopeId(number.to_bytes(16, "big")), bytes(size_bytes))


def parcel(at: float = 1.0) -> Parcel:
    return Parcel(None, TO, UserKey(bytes(32)), at, 1)


def empty_lane(window_bytes: int = WINDOW_BYTES, *elsewhere: EnvelopeId) -> FastLane:
    lane = FastLane(elsewhere)
    lane.window_bytes = window_bytes
    return lane


def fill(lane: FastLane, *envelopes: f.Outgoing) -> Parcel:
    """Put envelopes of one read into the lane, numbered from 1."""
    brought = parcel()
    for number, each in enumerate(envelopes, 1):
        brought.open += 1
        assert lane.take(each, brought, number)
    return brought


def deliver(lane: FastLane, limit_bytes: int = 10**6) -> bytes | None:
    """Have everything delivered that waits."""
    return lane.deliver(limit_bytes, lambda envelopes: encode(f.Deliver(1, 0, envelopes)))


def delivery(lane: FastLane, limit_bytes: int = 10**6) -> list[int] | None:
    """Have everything delivered that waits; return the numbers in the ids."""
    data = deliver(lane, limit_bytes)
    if not data:
        return None if data is None else []
    [frame] = relay_frame_decoder().decode(data)
    assert isinstance(frame, f.Deliver)
    return [int.from_bytes(each.envelope_id, "big") for each in frame.envelopes]


def lane_of(client: Client) -> FastLane | None:
    return client.world.relay.mailboxes[client.mailbox].window.lane


# The lane alone -----------------------------------------------------------------------------------


@given(st.lists(st.sampled_from(["take", "deliver", "ack"]), max_size=60))
def test_what_goes_in_comes_out_once_and_in_order(steps: list[str]) -> None:
    lane, taken, delivered, acked = empty_lane(10**6), 0, 0, 0
    parcels: list[Parcel] = []
    for step in steps:
        if step == "take":
            taken += 1
            parcels.append(fill(lane, envelope(taken)))
        elif step == "deliver":
            assert delivery(lane) == list(range(delivered + 1, taken + 1))
            delivered = taken
        elif acked < delivered:
            count = 1 + (delivered - acked) // 2
            acked += count
            assert lane.ack(count) is parcels[acked - 1]
        assert [each.open for each in parcels] == [1] * acked + [2] * (taken - acked)
        assert len(lane) == taken - acked
        left = [
            (int.from_bytes(each.envelope_id, "big"), sent) for each, _, _, sent in lane.in_order()
        ]
        assert left == [(number, number <= delivered) for number in range(acked + 1, taken + 1)]
        assert [brought for _, brought, _, _ in lane.in_order()] == parcels[acked:]


def test_it_takes_no_more_than_its_window_though_the_last_may_be_long() -> None:
    lane = empty_lane()
    fill(lane, *map(envelope, range(9)), envelope(9, size_bytes=10**5))
    assert not lane.take(envelope(10), parcel(), 11)


@pytest.mark.parametrize("is_delivered", [False, True])
def test_it_takes_no_id_twice(is_delivered: bool) -> None:
    lane = empty_lane()
    fill(lane, envelope(1))
    if is_delivered:
        deliver(lane)
    assert not lane.take(envelope(1, size_bytes=2), parcel(), 1)
    assert len(lane) == 1


def test_it_takes_no_id_that_is_in_memory_elsewhere() -> None:
    lane = empty_lane(WINDOW_BYTES, envelope(1).envelope_id)
    assert not lane.take(envelope(1), parcel(), 1)
    assert lane.take(envelope(2), parcel(), 1)


def test_it_delivers_all_that_waits_or_nothing() -> None:
    lane = empty_lane()
    fill(lane, *map(envelope, range(6)))
    assert delivery(lane, 5 * MIN_CHARGE_BYTES) is None
    assert delivery(lane, 6 * MIN_CHARGE_BYTES) == list(range(6))
    fill(lane, *map(envelope, range(6, 12)))
    assert delivery(lane) is None
    lane.ack(2)
    assert delivery(lane) is None  # the frame that is acknowledged in part counts as a whole
    lane.ack(4)
    assert delivery(lane) == list(range(6, 12))
    lane.ack(6)
    fill(lane, *map(envelope, range(10)))
    assert delivery(lane) == list(range(10))


# In a mailbox -------------------------------------------------------------------------------------


def test_it_is_open_for_whoever_has_everything() -> None:
    store = DelayedStore()
    world = RelayWorld(store)
    alice, bob = world.online("Alice", "Bob")
    assert lane_of(bob) is not None
    bob.cut()
    assert lane_of(bob) is None
    alice.send(bob, *bodies(1, 3))
    bob.connect()
    assert lane_of(bob) is None
    run(world)
    assert numbers(bob) == [1, 2, 3]
    alice.send(bob, *bodies(4, 6))
    run(world)
    assert numbers(bob) == [1, 2, 3, 4, 5, 6]
    assert lane_of(bob) is not None


def test_a_device_that_lags_gets_a_lane_behind_what_the_store_has_been_given() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob", acks=False)
    alice.send(bob, *bodies(1, 3))
    world.advance(COMMIT_AFTER_S * 2)
    assert lane_of(bob) is None
    assert len(alice.accepted) == 3
    for number in range(4, 9):
        alice.send(bob, b"%d." % number)
    lane = lane_of(bob)
    assert lane is not None
    assert len(lane) == 4
    for acked in (2, 5, 8):
        bob.ack(acked)
        world.settle()
        assert lane_of(bob) is lane
    world.advance(ANSWER_AFTER_S)
    assert numbers(bob) == list(range(1, 9))
    assert len(alice.accepted) == 8
    assert not len(world.relay.mailboxes[bob.mailbox])


def test_what_is_in_flight_before_the_lane_counts_in_its_window() -> None:
    world = RelayWorld(window_bytes=WINDOW_BYTES)
    alice, bob = world.online("Alice", "Bob", acks=False)
    alice.send(bob, *bodies(1, 3))
    world.advance(COMMIT_AFTER_S * 2)
    alice.send(bob, b"4.")
    lane = lane_of(bob)
    assert lane is not None
    assert lane.window_bytes == 6 * MIN_CHARGE_BYTES
    bob.ack(4)
    world.settle()
    assert lane.window_bytes == WINDOW_BYTES


@pytest.mark.parametrize("body", [b"1.", b"another"])
def test_an_id_comes_twice_though_the_store_has_been_given_the_first(body: bytes) -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob", acks=False)
    alice.hand_over(outgoing(bob, 1, b"1."))
    world.advance(COMMIT_AFTER_S * 2)
    alice.hand_over(outgoing(bob, 2, b"2."))
    world.settle()
    assert lane_of(bob) is not None
    alice.hand_over(outgoing(bob, 1, body))
    world.settle()
    assert codes(alice) == ([] if body == b"1." else ["mismatch"])
    assert numbers(bob) == [1, 2]


def test_an_id_that_comes_twice_is_told_as_ever() -> None:
    world = RelayWorld()
    alice, bob, carol = world.online("Alice", "Bob", "Carol", acks=False)
    alice.hand_over(outgoing(bob, 1, b"1."), outgoing(bob, 2, b"2."))
    world.settle()
    alice.hand_over(outgoing(bob, 1, b"1."), outgoing(bob, 2, b"another."))
    carol.hand_over(outgoing(bob, 1, b"3."))
    world.settle()
    assert codes(alice) == ["duplicate", "mismatch"]
    assert not carol.refused
    assert numbers(bob) == [1, 2, 3]


def test_two_who_choose_the_same_id_close_the_lane_for_a_moment_only() -> None:
    world = RelayWorld()
    alice, bob, carol = world.online("Alice", "Bob", "Carol")
    alice.hand_over(outgoing(bob, 1, b"1."))
    carol.hand_over(outgoing(bob, 1, b"2."))
    world.settle()
    alice.send(bob, b"3.")
    world.advance(1.0)
    assert sorted(numbers(bob)) == [1, 2, 3]
    assert lane_of(bob) is not None


def test_an_answer_out_of_turn_comes_before_what_is_delivered_later() -> None:
    world = RelayWorld(DelayedStore())
    alice, bob, carol = world.online("Alice", "Bob", "Carol")
    bob.cut()
    alice.send(bob, b"1.")
    alice.send(carol, b"2.")
    carol.send(alice, b"3.")
    assert numbers(alice) == [3]
    answer, delivery = alice.frames[-2:]
    assert answer == f.Accepted(0, ((2, 2),))
    assert isinstance(delivery, f.Deliver)


def test_what_was_delivered_behind_an_answer_is_found_again() -> None:
    world = RelayWorld(DelayedStore())
    alice, bob, carol = world.online("Alice", "Bob", "Carol", acks=False)
    bob.cut()
    carol.acks = True
    alice.send(bob, b"1.")
    alice.send(carol, b"2.")
    carol.send(alice, b"3.")
    assert numbers(alice) == [3]
    alice.cut()
    run(world)
    alice.connect()
    run(world)
    world.advance(1.0)
    assert numbers(alice) == [3, 3]


def test_what_was_in_the_lane_at_the_end_of_a_visit_comes_in_the_next_in_its_order() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob", acks=False)
    alice.send(bob, *bodies(1, 4))
    bob.ack(2)
    world.settle()
    alice.hand_over(outgoing(bob, 5, b"5."))
    bob.cut()
    world.settle()
    bob.connect()
    world.advance(1.0)
    assert numbers(bob)[4:] == [3, 4, 5]
    assert len(alice.accepted) == 5


def test_more_than_a_window_goes_to_the_store_behind_the_lane() -> None:
    world = RelayWorld(window_bytes=WINDOW_BYTES)
    alice, bob = world.online("Alice", "Bob", acks=False)
    alice.send(bob, *bodies(1, 35))
    assert numbers(bob) == list(range(1, 11))
    bob.acks = True
    bob.ack()
    world.advance(1.0)
    assert numbers(bob) == list(range(1, 36))
    assert len(alice.accepted) == 35
