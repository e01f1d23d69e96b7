"""What a relay keeps over its end."""

from securechat.relay.relay import SWEEP_EVERY_S
from securechat.store.mailboxes import MIN_CHARGE_BYTES
from securechat.wire import frames as f
from tests.pure.relay.mailbox_steps import bodies, codes, numbers, run, slow_world
from tests.pure.relay.world import RelayWorld, days
from tests.pure.store.delayed import DelayedStore


def kill(world: RelayWorld) -> None:
    assert isinstance(world.store, DelayedStore)
    world.restart(world.store.after_kill())


def test_a_restart_keeps_what_was_accepted_and_its_order() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob")
    bob.cut()
    alice.send(bob, *bodies(1, 3))
    run(world)
    world.advance(1.0)
    assert len(alice.accepted) == 3
    kill(world)
    alice.connect()
    alice.send(bob, *bodies(4, 4))
    run(world)
    bob.connect()
    run(world)
    assert bob.told(f.Welcome)[-1].waiting == 4
    assert numbers(bob) == [1, 2, 3, 4]


def test_a_restart_counts_what_is_kept() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob", mailbox_messages=8)
    bob.cut()
    alice.send(bob, *bodies(1, 2))
    run(world)
    world.advance(1.0)
    kill(world)
    alice.connect()
    alice.send(bob, *bodies(3, 3))
    run(world)
    assert codes(alice) == ["mailbox-full"]
    assert world.relay._relay_fill.size_bytes == 2 * MIN_CHARGE_BYTES


def test_what_was_sent_in_a_life_before_expires_by_the_time_of_day() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob", mailbox_ttl_days=1)
    bob.cut()
    alice.send(bob, *bodies(1, 1))
    run(world)
    world.advance(days(0.9))
    kill(world)
    world.advance(days(0.1) + 2 * SWEEP_EVERY_S)
    run(world)
    bob.connect()
    run(world)
    assert numbers(bob) == []
    assert world.relay._relay_fill.size_bytes == 0
