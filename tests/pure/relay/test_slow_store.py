"""A store that takes its time: commits, pages and retries that cross each other."""

import pytest

from securechat.relay.dispatch import ANSWER_AFTER_S
from securechat.relay.patience import COMMIT_AFTER_S, MAX_COMMIT_AFTER_S
from securechat.relay.relay import SWEEP_EVERY_S
from securechat.store.mailboxes import MIN_CHARGE_BYTES
from securechat.wire import frames as f
from tests.pure.relay.mailbox_steps import bodies, codes, numbers, outgoing, run, slow_world, step
from tests.pure.relay.world import days


def test_what_the_store_has_committed_is_accepted() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob")
    bob.cut()
    alice.send(bob, *bodies(1, 2))
    world.advance(1.0)
    step(world, answer=False)
    world.advance(1.0)
    assert alice.accepted == set()
    step(world, answer=True)
    world.advance(1.0)
    assert len(alice.accepted) == 2


def test_an_acknowledgement_in_time_spares_the_store_the_work() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob")
    bob.acks = False
    alice.send(bob, b"1.")
    world.advance(COMMIT_AFTER_S - 0.01)
    bob.ack()
    world.advance(1.0)
    assert len(alice.accepted) == 1
    assert not world.store.work()  # type: ignore[attr-defined]


def test_what_is_not_acknowledged_in_time_goes_to_the_store() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob")
    alice.send(bob, b"1.")
    bob.acks = False
    alice.send(bob, b"2.")
    world.advance(COMMIT_AFTER_S + 0.01)
    assert world.store.work()  # type: ignore[attr-defined]


def test_what_the_store_keeps_leaves_the_memory_together_with_its_device() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob")
    bob.acks = False
    alice.send(bob, b"1.")
    world.advance(COMMIT_AFTER_S + 0.01)
    run(world)
    mailbox = world.relay.mailboxes[bob.mailbox]
    assert mailbox._index.by_key
    bob.cut()
    assert not mailbox._index.by_key


def test_a_device_that_acknowledges_slowly_is_given_more_time() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob")
    bob.acks = False
    alice.send(bob, *bodies(1, 50))
    world.advance(COMMIT_AFTER_S / 2 - 0.001)
    bob.ack()
    world.settle()
    alice.send(bob, *bodies(51, 60))
    world.advance(COMMIT_AFTER_S / 2 - 0.002)
    bob.ack()
    world.advance(1.0)
    assert not world.store.work()  # type: ignore[attr-defined]
    alice.send(bob, b"61.")
    world.advance(MAX_COMMIT_AFTER_S)
    assert world.store.work()  # type: ignore[attr-defined]


def test_the_time_that_a_slow_device_is_given_is_bounded() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob")
    bob.acks = False
    alice.send(bob, b"1.")
    world.advance(10.0)
    run(world)
    bob.ack()
    world.settle()
    run(world)
    alice.send(bob, b"2.")
    world.advance(MAX_COMMIT_AFTER_S + COMMIT_AFTER_S)
    assert world.store.work()  # type: ignore[attr-defined]


@pytest.mark.parametrize("acknowledged_before", ["work", "answer"])
def test_acknowledged_while_it_is_being_committed_is_accepted_once(
    acknowledged_before: str,
) -> None:
    world, [alice, bob] = slow_world("Alice", "Bob")
    bob.acks = False
    alice.send(bob, b"1.")
    world.advance(1.0)
    if acknowledged_before == "answer":
        step(world, answer=False)
    bob.ack()
    world.advance(1.0)
    assert alice.told(f.Accepted) == [f.Accepted(1)]
    run(world)
    world.advance(1.0)
    assert alice.told(f.Accepted) == [f.Accepted(1)]
    assert world.store.kept._mailboxes == {}  # type: ignore[attr-defined]
    assert alice.connection is not None
    assert not alice.connection.is_paused


def test_handing_in_again_what_is_committed_is_accepted_and_kept_once() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob", unanswered_bytes=4 * MIN_CHARGE_BYTES)
    bob.cut()
    alice.send(bob, *bodies(1, 3))
    run(world)
    alice.cut()
    assert alice.accepted == set()
    alice.connect()
    run(world)
    world.advance(ANSWER_AFTER_S)
    assert len(alice.accepted) == 3
    assert len(world.relay.mailboxes[bob.mailbox]) == 3
    bob.connect()
    run(world)
    assert numbers(bob) == [1, 2, 3]


def test_handing_in_again_what_is_being_committed_is_answered_on_the_new_connection() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob")
    bob.cut()
    alice.send(bob, *bodies(1, 3))
    alice.cut()
    alice.connect()
    run(world)
    world.advance(ANSWER_AFTER_S)
    assert len(alice.accepted) == 3


def test_a_device_that_comes_back_while_its_mail_is_being_stored_gets_it_in_order() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob")
    bob.acks = False
    alice.send(bob, *bodies(1, 3))
    bob.cut()
    alice.send(bob, *bodies(4, 4))
    bob.connect()
    alice.send(bob, *bodies(5, 5))
    assert numbers(bob) == [1, 2, 3]
    run(world)
    alice.send(bob, *bodies(6, 6))
    assert numbers(bob) == [1, 2, 3, 1, 2, 3, 4, 5, 6]


def test_what_comes_while_a_page_is_being_loaded_follows_it() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob")
    bob.cut()
    alice.send(bob, *bodies(1, 2))
    bob.connect()
    step(world, answer=False)
    alice.send(bob, *bodies(3, 3))
    step(world, answer=True)
    alice.send(bob, *bodies(4, 4))
    run(world)
    assert numbers(bob) == [1, 2, 3, 4]


def test_a_page_for_an_earlier_visit_is_not_delivered_twice() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob")
    bob.cut()
    alice.send(bob, *bodies(1, 3))
    bob.connect()
    step(world, answer=False)
    bob.cut()
    world.settle()
    bob.connect()
    run(world)
    assert numbers(bob) == [1, 2, 3]
    alice.send(bob, *bodies(4, 4))
    assert numbers(bob) == [1, 2, 3, 4]


def test_a_page_that_comes_after_the_device_has_gone_is_dropped() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob")
    bob.cut()
    alice.send(bob, *bodies(1, 3))
    bob.connect()
    step(world, answer=False)
    bob.cut()
    run(world)
    bob.connect()
    run(world)
    assert numbers(bob) == [1, 2, 3]


def test_mail_that_expires_just_before_its_reader_comes_does_not_block_the_mailbox() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob", mailbox_ttl_days=1)
    bob.cut()
    alice.send(bob, *bodies(1, 2))
    run(world)
    world.advance(days(1) + SWEEP_EVERY_S + 1)
    bob.connect()
    alice.send(bob, *bodies(3, 3))
    run(world)
    assert numbers(bob) == [3]
    alice.send(bob, *bodies(4, 4))
    assert numbers(bob) == [3, 4]
    bob.ack()
    world.advance(1.0)
    assert len(world.relay.mailboxes[bob.mailbox]) == 0


def test_other_bytes_under_an_id_that_only_the_store_knows_are_refused() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob")
    bob.cut()
    alice.hand_over(outgoing(bob, 1))
    world.settle()
    run(world)
    alice.hand_over(outgoing(bob, 1, b"other"), outgoing(bob, 2, b"2."))
    world.settle()
    run(world)
    world.advance(1.0)
    assert codes(alice) == ["mismatch"]
    bob.connect()
    run(world)
    assert numbers(bob) == [1, 2]


def test_a_retry_that_comes_while_the_first_is_being_loaded_is_delivered_once() -> None:
    world, [alice, bob] = slow_world("Alice", "Bob")
    bob.cut()
    alice.send(bob, *bodies(1, 2))
    while world.store.work():  # type: ignore[attr-defined]
        pass
    alice.cut()
    bob.connect()
    step(world, answer=False)
    alice.connect()
    run(world)
    bob.ack()
    world.advance(1.0)
    assert numbers(bob) == [1, 2]
    assert world.relay.mailboxes[bob.mailbox].is_idle
    assert alice.outbox == {}
