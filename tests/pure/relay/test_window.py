"""At most a window is on its way to a device; the rest waits in the store."""

from securechat.relay.dispatch import ANSWER_AFTER_S
from securechat.relay.patience import COMMIT_AFTER_S
from securechat.relay.relay import COMMIT_AGAIN_S
from securechat.store.mailboxes import MIN_CHARGE_BYTES
from securechat.wire import frames as f
from tests.pure.relay.mailbox_steps import bodies, numbers, run
from tests.pure.relay.world import RelayWorld
from tests.pure.store.delayed import DelayedStore


def test_at_most_a_window_is_on_its_way_to_a_device() -> None:
    world = RelayWorld(window_bytes=10_000)
    alice, bob = world.online("Alice", "Bob", acks=False)
    alice.send(bob, *bodies(1, 30, size_bytes=1000))
    assert len(bob.bodies) == 10
    bob.ack(4)
    world.settle()
    assert numbers(bob) == list(range(1, 15))
    for _ in range(10):
        bob.ack()
        world.settle()
    assert numbers(bob) == list(range(1, 31))
    world.advance(1.0)
    assert len(alice.accepted) == 30


def test_tiny_envelopes_that_nobody_acknowledges_are_bounded_in_number() -> None:
    world = RelayWorld(window_bytes=8 * MIN_CHARGE_BYTES)
    alice, bob = world.online("Alice", "Bob", acks=False)
    for _ in range(5):
        alice.send(bob, *[b"x"] * 10, ephemeral=True)
    mailbox = world.relay.mailboxes[bob.mailbox]
    assert (len(mailbox.window.in_flight), len(mailbox.window.waiting)) == (8, 8)
    alice.send(bob, *[b"x"] * 50)
    assert (len(mailbox.window.in_flight), len(mailbox.window.waiting)) == (8, 8)
    bob.cut()
    bob.connect()
    assert (len(mailbox.window.in_flight), len(mailbox.window.waiting)) == (8, 0)


def test_looking_for_what_is_overdue_passes_no_envelope_that_the_store_has() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob", acks=False)
    alice.send(bob, *bodies(1, 100))
    world.advance(1.0)
    mailbox = world.relay.mailboxes[bob.mailbox]
    first = mailbox.window.in_flight[0]
    first.handed = False
    alice.send(bob, b"101.")
    assert mailbox.commit_older(world.now)
    assert not mailbox.commit_older(world.now + 1)
    assert not first.handed
    assert mailbox.window.in_flight[-1].handed


def test_nothing_is_committed_past_what_the_store_has_refused() -> None:
    store = DelayedStore()
    world = RelayWorld(store)
    alice, bob, carol = world.online("Alice", "Bob", "Carol", acks=False)
    alice.send(bob, b"1.")
    world.advance(COMMIT_AFTER_S * 2)
    carol.send(bob, b"2.")
    world.advance(COMMIT_AFTER_S * 2)
    store.kept.is_failing = True
    store.work()
    store.kept.is_failing = False
    run(world)
    alice.send(bob, b"3.")
    world.advance(COMMIT_AFTER_S * 2)
    run(world)
    world.advance(ANSWER_AFTER_S * 2)
    assert not alice.accepted
    assert len(carol.accepted) == 1
    world.advance(COMMIT_AGAIN_S)
    run(world)
    world.advance(1.0)
    assert len(alice.accepted) == 2


def test_an_envelope_larger_than_the_window_travels_alone() -> None:
    world = RelayWorld(window_bytes=1000)
    alice, bob = world.online("Alice", "Bob", acks=False)
    alice.send(bob, *bodies(1, 3, size_bytes=5000))
    for expected in ([1], [1, 2], [1, 2, 3]):
        assert numbers(bob) == expected
        bob.ack()
        world.settle()


def test_a_slow_reader_costs_store_not_memory_of_the_relay() -> None:
    world = RelayWorld(window_bytes=10_000, unanswered_bytes=10**7)
    alice, bob = world.online("Alice", "Bob", acks=False)
    alice.send(bob, *bodies(1, 200, size_bytes=1000))
    mailbox = world.relay.mailboxes[bob.mailbox]
    assert len(mailbox.window.in_flight) == 10
    assert len(mailbox.window.waiting) <= 11
    assert len(mailbox) == 200


def test_a_long_backlog_arrives_in_frames_of_bounded_size_and_number() -> None:
    world = RelayWorld()
    alice, bob = world.online("Alice", "Bob")
    bob.cut()
    alice.send(bob, *bodies(1, 600))
    for body in bodies(601, 620, size_bytes=60_000):
        alice.send(bob, body)
    bob.connect()
    assert numbers(bob) == list(range(1, 621))
    for frame in bob.told(f.Deliver):
        assert len(frame.envelopes) <= f.MAX_ENVELOPES
        assert sum(len(each.envelope) for each in frame.envelopes) <= 131_072
