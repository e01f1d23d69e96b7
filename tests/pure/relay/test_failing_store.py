"""A store that fails: refusals, their order, and how it goes on."""

from securechat.relay.patience import COMMIT_AFTER_S
from securechat.relay.relay import COMMIT_AGAIN_S, SWEEP_EVERY_S
from securechat.store.mailboxes import MIN_CHARGE_BYTES
from tests.pure.relay.mailbox_steps import bodies, codes, numbers, run, slow_world
from tests.pure.relay.world import RelayWorld
from tests.pure.store.delayed import DelayedStore


def fail(world: RelayWorld, *, failing: bool = True) -> None:
    assert isinstance(world.store, DelayedStore)
    world.store.kept.is_failing = failing


def test_what_cannot_be_stored_is_refused_and_comes_again_in_its_order() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob")
    bob.cut()
    fail(world)
    alice.send(bob, *bodies(1, 2))
    alice.send(bob, *bodies(3, 3))
    run(world)
    world.advance(1.0)
    assert codes(alice) == ["not-stored"] * 3
    assert alice.accepted == set()
    fail(world, failing=False)
    one, two, three = alice.outbox.values()
    alice.hand_over(two)
    alice.hand_over(one)
    alice.hand_over(two, three)
    world.settle()
    run(world)
    world.advance(1.0)
    assert codes(alice)[3:] == ["order"]
    bob.connect()
    run(world)
    assert numbers(bob) == [1, 2, 3]


def test_what_fails_again_after_it_came_again_is_still_the_first_to_come() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob")
    bob.cut()
    fail(world)
    alice.send(bob, *bodies(1, 3))
    run(world)
    one, two, three = alice.outbox.values()
    alice.hand_over(one, two)
    world.settle()
    run(world)
    fail(world, failing=False)
    alice.hand_over(three)
    alice.hand_over(one, two, three)
    world.settle()
    run(world)
    world.advance(1.0)
    assert codes(alice) == ["not-stored"] * 5 + ["order"]
    bob.connect()
    run(world)
    assert numbers(bob) == [1, 2, 3]


def test_two_who_are_online_go_on_while_nothing_can_be_stored() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob")
    bob.acks = False
    fail(world)
    alice.send(bob, *bodies(1, 2))
    world.advance(1.0)
    run(world)
    assert codes(alice) == []
    bob.ack()
    alice.send(bob, *bodies(3, 3))
    world.advance(1.0)
    assert numbers(bob) == [1, 2, 3]
    assert len(alice.accepted) == 2


def test_two_who_wait_for_each_other_go_on_when_there_is_room_again() -> None:
    """The relay reads from neither, so that no acknowledgement arrives: the store has to."""
    store = DelayedStore()
    world = RelayWorld(store, unanswered_bytes=3 * MIN_CHARGE_BYTES)
    alice, bob = world.online("Alice", "Bob", acks=False)
    store.kept.is_failing = True
    alice.send(bob, *bodies(1, 4))
    bob.send(alice, *bodies(5, 8))
    world.advance(0.1)
    store.run()
    for client in (alice, bob):
        assert client.connection is not None
        assert client.connection.is_paused
        client.ack()
    store.kept.is_failing = False
    world.advance(COMMIT_AGAIN_S)
    store.run()
    world.advance(0.1)
    assert not alice.outbox
    assert not bob.outbox
    assert not world.relay.mailboxes[bob.mailbox]._index.by_key


def test_what_a_reader_leaves_behind_while_nothing_can_be_stored_is_refused_in_order() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob")
    bob.acks = False
    fail(world)
    alice.send(bob, *bodies(1, 2))
    world.advance(1.0)
    run(world)
    bob.cut()
    world.settle()
    run(world)
    world.advance(1.0)
    assert [envelope_id for envelope_id, _ in alice.refused] == list(alice.outbox)
    assert codes(alice) == ["not-stored"] * 2
    assert world.relay.mailboxes[bob.mailbox].is_idle


def test_nothing_is_kept_before_what_came_earlier_is() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob", window_bytes=1000)
    bob.acks = False
    fail(world)
    alice.send(bob, b"1.")
    world.advance(1.0)
    run(world)
    fail(world, failing=False)
    alice.send(bob, *bodies(2, 5, size_bytes=1000))
    run(world)
    assert isinstance(world.store, DelayedStore)
    kept = world.store.kept._mailboxes[bob.mailbox].values()
    assert [entry.envelope[:2] for entry in kept] == [b"%d." % number for number in range(1, 6)]


def test_counts_that_damage_made_wrong_are_mended_when_all_is_in_memory() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob")
    bob.cut()
    alice.send(bob, *bodies(1, 3))
    run(world)
    assert isinstance(world.store, DelayedStore)
    world.store.kept.remove([world.store.kept._mailboxes[bob.mailbox][2]])
    bob.acks = False
    bob.connect()
    run(world)
    alice.send(bob, *bodies(4, 4))
    assert numbers(bob) == [1, 3, 4]
    bob.ack()
    world.settle()
    run(world)
    assert world.relay.mailboxes[bob.mailbox].is_idle


def test_pages_follow_each_other_while_the_window_has_room() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob", window_bytes=3000)
    bob.cut()
    alice.send(bob, *bodies(1, 20, size_bytes=1000))
    bob.connect()
    run(world)
    assert numbers(bob) == list(range(1, 21))


def test_a_mailbox_swept_right_after_its_last_envelope_is_no_trouble() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob")
    world.advance(SWEEP_EVERY_S - COMMIT_AFTER_S / 2)
    alice.send(bob, b"1.")
    bob.cut()
    world.advance(1.0)
    assert bob.mailbox not in world.relay.mailboxes
    assert len(alice.accepted) == 1
