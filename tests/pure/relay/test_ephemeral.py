"""Envelopes that are for who is there now, and are never stored."""

from securechat.identity.types import MailboxId
from tests.pure.relay.mailbox_steps import bodies, numbers
from tests.pure.relay.world import RelayWorld
from tests.pure.store.delayed import DelayedStore


def test_ephemeral_envelopes_reach_who_is_there_and_are_never_stored() -> None:
    store = DelayedStore()
    world = RelayWorld(store)
    alice, bob = world.online("Alice", "Bob", acks=False)
    alice.send(bob, b"1.", b"2.", ephemeral=True)
    assert numbers(bob) == [1, 2]
    world.advance(1.0)
    assert len(alice.accepted) == 2
    bob.cut()
    alice.send(bob, b"3.", ephemeral=True)
    world.advance(1.0)
    assert len(alice.accepted) == 3
    bob.connect()
    assert numbers(bob) == [1, 2]
    assert not store.work()


def test_ephemeral_envelopes_keep_their_place_and_are_acknowledged_with_the_others() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob", acks=False)
    alice.send(bob, b"1.")
    alice.send(bob, b"2.", ephemeral=True)
    alice.send(bob, b"3.")
    assert numbers(bob) == [1, 2, 3]
    bob.ack()
    world.advance(1.0)
    assert len(alice.accepted) == 3
    assert len(world.relay.mailboxes[bob.mailbox]) == 0


def test_ephemeral_envelopes_do_not_overtake_what_waits_in_the_store() -> None:
    world = RelayWorld(window_bytes=1000)
    alice, bob = world.online("Alice", "Bob", acks=False)
    alice.send(bob, *bodies(1, 5, size_bytes=1000))
    alice.send(bob, b"9.", ephemeral=True)
    for _ in range(6):
        bob.ack()
        world.settle()
    assert numbers(bob) == [1, 2, 3, 4, 5]


def test_ephemeral_envelopes_beyond_two_windows_are_dropped() -> None:
    world = RelayWorld(window_bytes=10_000)
    alice, bob = world.online("Alice", "Bob", acks=False)
    for body in bodies(1, 100, size_bytes=1000):
        alice.send(bob, body, ephemeral=True)
    for _ in range(10):
        bob.ack()
        world.settle()
    assert numbers(bob) == list(range(1, 21))
    alice.send(bob, *bodies(101, 101), ephemeral=True)
    assert numbers(bob)[20:] == [101]


def test_ephemeral_envelopes_to_nobody_are_gone_without_a_word() -> None:
    world = RelayWorld()
    [alice] = world.online("Alice")
    alice.send(MailboxId(b"nobody's mailbox"), b"x", ephemeral=True)
    world.advance(1.0)
    assert alice.refused == []
    assert len(alice.accepted) == 1
