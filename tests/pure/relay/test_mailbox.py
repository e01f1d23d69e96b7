"""Delivery to those who are there and who come back, and the answers to senders."""

from securechat.identity.types import EnvelopeId, MailboxId
from securechat.relay.dispatch import ANSWER_AFTER_S
from securechat.relay.relay import SWEEP_EVERY_S
from securechat.wire import frames as f
from tests.pure.relay.mailbox_steps import bodies, codes, numbers, outgoing, run, slow_world
from tests.pure.relay.world import RelayWorld
from tests.pure.store.delayed import DelayedStore


def test_two_who_are_online_use_no_store() -> None:
    store = DelayedStore()
    world = RelayWorld(store)
    alice, bob = world.online("Alice", "Bob")
    alice.send(bob, *bodies(1, 3))
    assert numbers(bob) == [1, 2, 3]
    world.advance(1.0)
    assert len(alice.accepted) == 3
    assert not store.work()


def test_what_came_while_a_device_was_away_is_delivered_at_its_login() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob")
    bob.cut()
    alice.send(bob, *bodies(1, 3))
    alice.send(bob, *bodies(4, 4))
    world.advance(1.0)
    assert len(alice.accepted) == 4
    bob.connect()
    assert numbers(bob) == [1, 2, 3, 4]
    world.advance(1.0)
    assert bob.told(f.Deliver)[0].first == 1


def test_a_device_that_has_never_logged_in_since_the_relay_started_gets_mail() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob")
    bob.cut()
    world.advance(SWEEP_EVERY_S + 1)
    assert not world.relay.mailboxes.keys() & {bob.mailbox}
    alice.send(bob, *bodies(1, 1))
    bob.connect()
    assert numbers(bob) == [1]


def test_a_mailbox_of_nobody_is_refused() -> None:
    [alice] = RelayWorld().online("Alice")
    alice.send(MailboxId(b"nobody's mailbox"), b"x", b"y")
    assert codes(alice) == ["unknown-mailbox", "unknown-mailbox"]


def test_a_mailbox_that_becomes_somebodys_begins_with_what_was_refused_first() -> None:
    world = RelayWorld()
    [alice] = world.online("Alice")
    bob = world.client("Bob")
    alice.send(bob, *bodies(1, 2))
    bob.connect()
    first, second = alice.outbox.values()
    alice.hand_over(second)
    alice.hand_over(first, second)
    world.advance(1.0)
    assert codes(alice) == ["unknown-mailbox", "unknown-mailbox", "order"]
    assert numbers(bob) == [1, 2]


def test_an_envelope_to_oneself_arrives() -> None:
    world = RelayWorld()
    [alice] = world.online("Alice")
    alice.send(alice, *bodies(1, 2))
    world.advance(1.0)
    assert numbers(alice) == [1, 2]
    assert len(alice.accepted) == 2


def test_what_one_read_brings_is_answered_for_together() -> None:
    world, [alice, bob, carol] = slow_world("Alice", "Bob", "Carol")
    carol.cut()
    pairs = (outgoing(bob, 1), outgoing(carol, 2), outgoing(bob, 3, b"3."))
    nobody = f.Outgoing(MailboxId(b"nobody's mailbox"), EnvelopeId(bytes(16)), b"x")
    alice.hand_over(*pairs, nobody)
    world.advance(1.0)
    assert numbers(bob) == [1, 3]
    assert codes(alice) == ["unknown-mailbox"]
    assert not alice.accepted
    alice.hand_over(outgoing(bob, 4, b"4."))
    world.advance(1.0)
    assert alice.told(f.Accepted)[-1] == f.Accepted(0, ((5, 5),))
    carol.connect()
    run(world)
    world.advance(1.0)
    assert len(alice.accepted) == 4
    assert alice.told(f.Accepted)[-1] == f.Accepted(5)


def test_empty_looking_envelopes_of_one_byte_are_envelopes() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob")
    alice.send(bob, b"\0", b"\0", b"\0")
    world.advance(1.0)
    assert bob.bodies == [b"\0"] * 3
    assert len(alice.accepted) == 3


def test_what_was_not_acknowledged_comes_again_in_order() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob", acks=False)
    alice.send(bob, *bodies(1, 5))
    bob.ack(2)
    world.settle()
    bob.cut()
    alice.send(bob, *bodies(6, 7))
    bob.connect()
    assert numbers(bob) == [1, 2, 3, 4, 5, 3, 4, 5, 6, 7]
    bob.ack()
    world.advance(1.0)
    assert len(alice.accepted) == 7


def test_a_device_that_comes_back_has_its_whole_window_again() -> None:
    world = RelayWorld(window_bytes=10_000)
    alice, bob = world.online("Alice", "Bob", acks=False)
    alice.send(bob, *bodies(1, 15, size_bytes=1000))
    for visit in range(1, 4):
        assert numbers(bob) == list(range(1, 11)) * visit
        bob.cut()
        bob.connect()
    bob.deliveries.clear()
    bob.ack()
    world.settle()
    assert numbers(bob) == list(range(11, 16))


def test_a_sender_that_comes_back_hears_of_what_it_handed_in_before() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob")
    bob.cut()
    alice.send(bob, *bodies(1, 3))
    alice.cut()
    bob.connect()
    assert alice.accepted == set()
    alice.connect()
    world.advance(1.0)
    assert len(alice.accepted) == 3
    assert numbers(bob) == [1, 2, 3, 1, 2, 3]


def test_handing_in_again_changes_nothing_while_the_envelope_is_queued() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob", acks=False)
    alice.send(bob, *bodies(1, 3))
    alice.cut()
    alice.connect()
    alice.send(bob, *bodies(4, 4))
    assert numbers(bob) == [1, 2, 3, 4]
    bob.ack()
    world.advance(1.0)
    assert len(alice.accepted) == 4


def test_the_same_id_twice_on_one_connection_is_refused_and_the_first_counts() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob", acks=False)
    alice.hand_over(outgoing(bob, 1), outgoing(bob, 1))
    world.settle()
    assert codes(alice) == ["duplicate"]
    bob.ack()
    world.advance(1.0)
    assert numbers(bob) == [1]
    assert alice.accepted == {outgoing(bob, 1).envelope_id}


def test_other_bytes_under_one_id_are_refused() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob", acks=False)
    alice.hand_over(outgoing(bob, 1), outgoing(bob, 1, b"other"), outgoing(bob, 2, b"2."))
    world.settle()
    assert codes(alice) == ["mismatch"]
    assert numbers(bob) == [1, 2]


def test_two_senders_may_use_the_same_id() -> None:
    world = RelayWorld()
    alice, bob, carol = world.online("Alice", "Bob", "Carol")
    alice.hand_over(outgoing(carol, 1, b"1."))
    bob.hand_over(outgoing(carol, 1, b"2."))
    world.advance(1.0)
    assert sorted(numbers(carol)) == [1, 2]
    assert len(alice.accepted) == len(bob.accepted) == 1


def test_an_id_is_free_again_once_the_envelope_is_acknowledged() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob")
    for _ in range(2):
        alice.hand_over(outgoing(bob, 1))
        world.advance(1.0)
    assert numbers(bob) == [1, 1]
    assert codes(alice) == []


def test_answers_wait_a_little_for_a_delivery_to_ride_on() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob")
    alice.send(bob, *bodies(1, 2))
    assert alice.accepted == set()
    bob.send(alice, b"9.")
    assert len(alice.accepted) == 2
    assert alice.told(f.Deliver)[-1].accepted == 2
    world.advance(1.0)
    assert alice.told(f.Accepted) == []


def test_answers_without_a_ride_come_soon_and_together() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob")
    for body in bodies(1, 5):
        alice.send(bob, body)
    world.advance(ANSWER_AFTER_S)
    assert alice.told(f.Accepted) == [f.Accepted(5)]


def test_an_unanswered_envelope_does_not_hold_up_the_answers_of_others() -> None:
    world, [alice, bob, carol] = slow_world("Alice", "Bob", "Carol")
    carol.cut()
    alice.send(carol, b"1.")
    alice.send(bob, *bodies(2, 4))
    world.advance(1.0)
    assert alice.told(f.Accepted) == [f.Accepted(0, ((2, 4),))]
    alice.send(bob, *bodies(5, 5))
    world.advance(1.0)
    assert alice.told(f.Accepted)[1:] == [f.Accepted(0, ((5, 5),))]
    carol.connect()
    run(world)
    world.advance(1.0)
    assert alice.told(f.Accepted)[2:] == [f.Accepted(5)]
