"""What nobody fetches expires."""

from securechat.relay.relay import SWEEP_EVERY_S
from tests.pure.relay.mailbox_steps import bodies, codes, numbers
from tests.pure.relay.world import RelayWorld, days


def test_what_nobody_fetched_expires_and_makes_room() -> None:
    world = RelayWorld(mailbox_ttl_days=1, mailbox_messages=8)
    alice, bob = world.online("Alice", "Bob")
    bob.cut()
    alice.send(bob, *bodies(1, 1))
    world.advance(days(0.5))
    alice.send(bob, *bodies(2, 2))
    world.advance(days(0.5) - 1)
    alice.send(bob, *bodies(3, 3))
    assert codes(alice) == ["mailbox-full"]
    world.advance(SWEEP_EVERY_S + 1)
    alice.hand_over(*alice.outbox.values())
    bob.connect()
    world.advance(1.0)
    assert numbers(bob) == [2, 3]
    assert alice.outbox == {}


def test_nothing_expires_under_a_reader_that_is_there() -> None:
    world = RelayWorld(mailbox_ttl_days=1, window_bytes=1000)
    alice, bob = world.online("Alice", "Bob", acks=False)
    alice.send(bob, *bodies(1, 4, size_bytes=1000))
    world.advance(days(1) + SWEEP_EVERY_S + 1)
    for _ in range(5):
        bob.ack()
        world.settle()
    assert numbers(bob) == [1, 2, 3, 4]
    bob.cut()
    alice.send(bob, *bodies(5, 5))
    world.advance(days(1) + SWEEP_EVERY_S + 1)
    bob.connect()
    assert numbers(bob) == [1, 2, 3, 4]
    assert world.relay.mailboxes[bob.mailbox].is_idle


def test_mailboxes_that_are_empty_and_unread_cost_nothing() -> None:
    world = RelayWorld(mailbox_ttl_days=1)
    alice, bob = world.online("Alice", "Bob")
    bob.cut()
    alice.send(bob, b"1.")
    world.advance(SWEEP_EVERY_S + 1)
    assert set(world.relay.mailboxes) == {alice.mailbox, bob.mailbox}
    world.advance(days(1) + SWEEP_EVERY_S)
    assert set(world.relay.mailboxes) == {alice.mailbox}
    assert world.store.mailboxes() == {}
