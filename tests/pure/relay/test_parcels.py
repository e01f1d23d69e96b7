"""What one read brings is answered for together, once, whatever becomes of its envelopes."""

import pytest

from securechat.relay.dispatch import ANSWER_AFTER_S
from securechat.relay.patience import COMMIT_AFTER_S
from securechat.relay.relay import COMMIT_AGAIN_S
from securechat.wire import frames as f
from securechat.wire.codes import ByeCode
from tests.pure.relay.mailbox_steps import bodies, codes, numbers, outgoing, run, slow_world, step
from tests.pure.relay.world import Client, RelayWorld
from tests.pure.store.delayed import DelayedStore


def answers(client: Client) -> list[f.Accepted]:
    """Return what the relay told of what was handed in, where nothing was delivered with it."""
    return client.told(f.Accepted)


def is_paused(client: Client) -> bool:
    assert client.connection is not None
    return client.connection.is_paused


# Answered for together ----------------------------------------------------------------------------


def test_several_frames_of_one_read_are_answered_for_together() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob", acks=False)
    alice.hand_over(outgoing(bob, 1))
    alice.hand_over(outgoing(bob, 2, b"2."), ephemeral=True)
    alice.hand_over(outgoing(bob, 3, b"3."))
    world.settle()
    bob.ack(2)
    world.advance(ANSWER_AFTER_S)
    assert not answers(alice)
    bob.ack(3)
    world.advance(ANSWER_AFTER_S)
    assert answers(alice) == [f.Accepted(3)]


@pytest.mark.parametrize("is_ephemeral", [False, True])
def test_a_read_of_which_nothing_is_open_is_answered_for_at_once(is_ephemeral: bool) -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob", acks=False)
    alice.hand_over(outgoing(bob, 1))
    world.settle()
    bob.ack()
    world.advance(ANSWER_AFTER_S)
    nobody = world.client("Carol")
    alice.hand_over(outgoing(bob if is_ephemeral else nobody, 2), ephemeral=is_ephemeral)
    world.advance(ANSWER_AFTER_S)
    assert answers(alice) == [f.Accepted(1), f.Accepted(2)]


def test_refused_twice_different_and_ephemeral_ones_leave_no_read_open() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob", acks=False)
    alice.hand_over(outgoing(bob, 1), outgoing(bob, 1), outgoing(bob, 1, b"other"))
    alice.hand_over(outgoing(bob, 2, b"2."), ephemeral=True)
    alice.hand_over(outgoing(world.client("Carol"), 3), outgoing(bob, 4, b"4."))
    world.settle()
    assert codes(alice) == ["duplicate", "mismatch", "unknown-mailbox"]
    bob.ack()
    world.advance(ANSWER_AFTER_S)
    assert numbers(bob) == [1, 2, 4]
    assert answers(alice) == [f.Accepted(6)]


def test_an_envelope_that_comes_again_belongs_to_the_read_that_brought_it_last() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob", acks=False)
    alice.hand_over(outgoing(bob, 1), outgoing(bob, 2, b"2."))
    world.settle()
    alice.cut()
    alice.connect()
    alice.hand_over(outgoing(bob, 2, b"2."))
    world.settle()
    bob.ack(1)
    world.advance(ANSWER_AFTER_S)
    assert not answers(alice)
    bob.ack()
    world.advance(ANSWER_AFTER_S)
    assert answers(alice) == [f.Accepted(1)]
    assert numbers(bob) == [1, 2]


def test_an_envelope_that_comes_again_once_it_is_kept_is_answered_for_at_once() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob", acks=False)
    alice.hand_over(outgoing(bob, 1))
    world.advance(2 * COMMIT_AFTER_S)
    assert answers(alice) == [f.Accepted(1)]
    for number in (2, 3):
        alice.hand_over(outgoing(bob, 1))
        world.advance(ANSWER_AFTER_S)
        assert answers(alice)[-1] == f.Accepted(number)
    assert numbers(bob) == [1]


def test_a_goodbye_in_the_midst_of_a_read_keeps_what_came_before_it() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob")
    alice.hand_over(outgoing(bob, 1))
    alice.write(f.Bye(ByeCode.QUIT))
    world.advance(1.0)
    assert numbers(bob) == [1]
    alice.connect()
    alice.hand_over(outgoing(bob, 2, b"2."))
    world.advance(1.0)
    assert answers(alice) == [f.Accepted(1)]


def test_what_the_store_has_already_or_does_not_take_leaves_no_read_open() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob")
    bob.cut()
    alice.hand_over(outgoing(bob, 1))
    world.settle()
    run(world)
    alice.hand_over(outgoing(bob, 1), outgoing(bob, 2, b"2."))
    world.settle()
    run(world)
    alice.hand_over(outgoing(bob, 1, b"other"), outgoing(bob, 3, b"3."))
    world.settle()
    run(world)
    assert isinstance(world.store, DelayedStore)
    world.store.kept.is_failing = True
    alice.hand_over(outgoing(bob, 4, b"4."))
    world.settle()
    run(world)
    world.advance(ANSWER_AFTER_S)
    assert codes(alice) == ["mismatch", "not-stored"]
    assert answers(alice)[-1] == f.Accepted(6)


def test_what_fails_in_the_window_stays_open_until_it_is_acknowledged_or_kept() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob")
    bob.acks = False
    assert isinstance(world.store, DelayedStore)
    world.store.kept.is_failing = True
    alice.send(bob, *bodies(1, 2))
    world.advance(2 * COMMIT_AFTER_S)
    run(world)
    bob.ack(1)
    world.advance(ANSWER_AFTER_S)
    assert not answers(alice)
    world.store.kept.is_failing = False
    world.advance(COMMIT_AGAIN_S)
    run(world)
    world.advance(ANSWER_AFTER_S)
    assert answers(alice) == [f.Accepted(2)]
    assert len(world.relay.mailboxes[bob.mailbox]) == 1


# How much may be open -----------------------------------------------------------------------------


@pytest.mark.parametrize("before", [b"", b"with the end of another frame"])
def test_a_frame_that_comes_in_pieces_counts_as_a_whole(before: bytes) -> None:
    world = RelayWorld(unanswered_bytes=30_000)
    alice, bob = world.online("Alice", "Bob", acks=False)
    for number in range(1, 4):
        assert not is_paused(alice)
        assert alice.connection is not None
        frame = alice.machine.send_envelopes((outgoing(bob, number, bytes(10_000)),))
        if before:
            alice.write(f.Ping(number))
        alice.connection.put(frame[:-1])
        world.settle()
        alice.connection.put(frame[-1:])
        world.settle()
    assert is_paused(alice)
    bob.ack()
    world.settle()
    assert not is_paused(alice)


# Who chooses the ids ------------------------------------------------------------------------------


def test_a_retry_is_known_when_another_chose_the_same_id_and_is_done() -> None:
    world = RelayWorld()
    alice, bob, carol = world.online("Alice", "Bob", "Carol", acks=False)
    bob.hand_over(outgoing(carol, 1, b"1."))
    world.settle()
    alice.hand_over(outgoing(carol, 1, b"2."))
    world.settle()
    carol.ack(1)
    world.settle()
    alice.hand_over(outgoing(carol, 1, b"2."), outgoing(carol, 1, b"3."))
    world.settle()
    assert codes(alice) == ["duplicate", "mismatch"]
    alice.cut()
    alice.connect()
    alice.hand_over(outgoing(carol, 1, b"2."))
    world.settle()
    carol.ack()
    world.advance(1.0)
    assert numbers(carol) == [1, 2]
    assert answers(alice) == [f.Accepted(1)]


def test_a_retry_is_known_when_both_came_from_the_store_and_one_is_done() -> None:
    world = RelayWorld()
    alice, bob, carol = world.online("Alice", "Bob", "Carol", acks=False)
    carol.cut()
    for client, body in ((bob, b"1."), (alice, b"2.")):
        client.hand_over(outgoing(carol, 1, body))
        world.settle()
    carol.connect()
    carol.ack(1)
    world.settle()
    alice.hand_over(outgoing(carol, 1, b"3."))
    world.settle()
    assert codes(alice) == ["mismatch"]
    carol.ack()
    world.advance(1.0)
    assert numbers(carol) == [1, 2]
    assert world.relay.mailboxes[carol.mailbox].is_idle


def test_who_comes_again_and_again_does_not_put_off_what_others_sent() -> None:
    world = RelayWorld()
    alice, bob, carol = world.online("Alice", "Bob", "Carol", acks=False)
    alice.send(carol, b"1.")
    bob.send(carol, b"2.")
    for _ in range(10):
        world.advance(COMMIT_AFTER_S / 5)
        alice.cut()
        alice.connect()
    world.advance(ANSWER_AFTER_S)
    assert len(bob.accepted) == 1


# Counts -------------------------------------------------------------------------------------------


def test_every_count_is_back_at_zero_when_all_is_done() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob", window_bytes=2000)
    bob.acks = False
    alice.send(bob, *bodies(1, 9, size_bytes=700))
    step(world, answer=False)
    bob.cut()
    run(world)
    bob.connect()
    for _ in range(9):
        run(world)
        bob.ack()
        world.settle()
    run(world)
    mailbox = world.relay.mailboxes[bob.mailbox]
    assert mailbox.is_idle
    assert not mailbox.window.in_flight
    assert not mailbox.window._in_flight_bytes
    assert not mailbox.window._waiting_bytes
    assert not mailbox._fills.size_bytes
    assert not mailbox._fills._by_account
    assert not world.relay._relay_fill.size_bytes
    assert list(dict.fromkeys(numbers(bob))) == list(range(1, 10))
