"""Posts to rooms wait a moment for each other; nothing else waits, and nothing changes places."""

import pytest

from securechat.relay.dispatch import ANSWER_AFTER_S, LINGER_PER_READER_S, MAX_LINGER_S
from securechat.relay.patience import COMMIT_AFTER_S
from securechat.relay.submission import FEWEST_OF_A_ROOM
from securechat.wire import frames as f
from tests.pure.relay.mailbox_steps import numbers, outgoing, run, slow_world
from tests.pure.relay.world import Client, RelayWorld


def post(sender: Client, number: int, *members: Client, ephemeral: bool = False) -> None:
    """Hand in a post with this number, padded with more for the first of two or more members."""
    body = b"%d." % number
    more = FEWEST_OF_A_ROOM - len(members)
    envelopes = [outgoing(members[0], 100 * number + each, body) for each in range(more)]
    envelopes += [outgoing(member, 100 * number + 99, body) for member in members]
    sender.hand_over(*envelopes, ephemeral=ephemeral)
    sender.world.settle()


def seen(client: Client) -> list[int]:
    """Return the numbers of what was delivered so far, each post once."""
    return list(dict.fromkeys(numbers(client)))


def lingering_world() -> tuple[RelayWorld, Client, Client, Client]:
    """Return a world in which one post has been delivered, and the next one has to wait."""
    world = RelayWorld()
    alice, bob, carol = world.online("Alice", "Bob", "Carol")
    world.advance(1.0)
    post(alice, 1, bob, carol)
    assert seen(bob) == seen(carol) == [1]
    return world, alice, bob, carol


def test_posts_that_follow_one_wait_for_each_other() -> None:
    world, alice, bob, carol = lingering_world()
    before = len(carol.told(f.Deliver))
    post(alice, 2, bob, carol)
    post(bob, 3, alice, carol)
    assert seen(carol) == [1]
    world.advance(2 * LINGER_PER_READER_S)
    assert seen(bob) == [1, 2]
    assert seen(alice) == [3]
    assert seen(carol) == [1, 2, 3]
    assert len(carol.told(f.Deliver)) == before + 1


def test_an_acknowledgement_does_not_end_the_wait() -> None:
    world, alice, bob, carol = lingering_world()
    carol.acks = False
    world.advance(2 * LINGER_PER_READER_S)
    post(alice, 2, bob, carol)
    post(alice, 3, bob, carol)
    carol.ack()
    world.settle()
    assert seen(carol) == [1, 2]
    world.advance(2 * LINGER_PER_READER_S)
    assert seen(carol) == [1, 2, 3]


def test_who_is_written_to_directly_gets_the_posts_before_it_at_once() -> None:
    world, alice, bob, carol = lingering_world()
    post(alice, 2, bob, carol)
    alice.send(bob, b"3.")
    assert seen(bob) == [1, 2, 3]
    assert seen(carol) == [1]
    world.advance(2 * LINGER_PER_READER_S)
    assert seen(bob) == [1, 2, 3]
    assert seen(carol) == [1, 2]


def test_what_is_said_directly_does_not_wait_for_posts() -> None:
    _, alice, bob, carol = lingering_world()
    post(alice, 2, bob, carol)
    carol.send(alice, b"3.")
    assert seen(alice) == [3]


def test_many_envelopes_for_one_device_are_no_post_nor_are_few_for_several() -> None:
    _, alice, bob, carol = lingering_world()
    alice.send(bob, *[b"2."] * FEWEST_OF_A_ROOM)
    assert seen(bob) == [1, 2]
    alice.hand_over(outgoing(bob, 1), outgoing(carol, 2, b"2."))
    alice.world.settle()
    assert seen(carol) == [1, 2]


def test_ephemeral_posts_do_not_wait_and_keep_their_place() -> None:
    _, alice, bob, carol = lingering_world()
    post(alice, 2, bob, carol)
    post(alice, 3, bob, carol, ephemeral=True)
    assert seen(bob) == seen(carol) == [1, 2, 3]


def test_after_the_linger_a_post_is_delivered_at_once_again() -> None:
    world, alice, bob, carol = lingering_world()
    world.advance(2 * LINGER_PER_READER_S)
    post(alice, 2, bob, carol)
    assert seen(bob) == seen(carol) == [1, 2]


@pytest.mark.parametrize(
    ("members", "linger_s"), [(20, 19 * LINGER_PER_READER_S), (130, MAX_LINGER_S)]
)
def test_the_linger_grows_with_the_readers_and_is_bounded(members: int, linger_s: float) -> None:
    world = RelayWorld()
    alice, *others = (
        world.client(f"P{seed}", seed, host="127.0.0.1") for seed in range(1, members + 1)
    )
    for client in (alice, *others):
        client.connect()
    world.advance(1.0)
    for number in (1, 2):
        post(alice, number, *others)
    world.advance(linger_s - 1e-5)
    assert seen(others[-1]) == [1]
    world.advance(2e-5)
    assert seen(others[-1]) == [1, 2]


def test_who_leaves_during_the_linger_gets_the_post_when_coming_back() -> None:
    world, alice, bob, carol = lingering_world()
    post(alice, 2, bob, carol)
    bob.cut()
    assert len(world.relay.dispatch.bulky) == 1
    world.advance(1.0)
    assert seen(bob) == [1]
    bob.connect()
    assert seen(bob) == [1, 2]
    assert not world.relay.dispatch.bulky


@pytest.mark.parametrize("is_urgent", [False, True])
def test_a_device_that_logs_in_again_during_the_linger_gets_the_post_once(is_urgent: bool) -> None:
    world, alice, bob, carol = lingering_world()
    post(alice, 2, bob, carol)
    again = world.client("Bob")
    again.connect()
    if is_urgent:
        alice.send(again, b"3.")
    world.advance(1.0)
    assert seen(bob) == [1]
    assert numbers(again).count(2) == numbers(carol).count(2) * (FEWEST_OF_A_ROOM - 1)
    assert seen(again) == ([2, 3] if is_urgent else [2])


def test_a_post_is_answered_for_when_all_have_it_and_never_before() -> None:
    world, alice, bob, carol = lingering_world()
    carol.acks = False
    post(alice, 2, bob, carol)
    world.advance(COMMIT_AFTER_S / 4)
    assert not alice.told(f.Accepted)[1:]
    carol.ack()
    world.advance(ANSWER_AFTER_S)
    assert alice.told(f.Accepted)[-1] == f.Accepted(2 * FEWEST_OF_A_ROOM)


def test_a_post_that_is_not_acknowledged_in_time_goes_to_the_store() -> None:
    world, [alice, bob, carol] = slow_world("Alice", "Bob", "Carol")
    carol.acks = False
    for number in (1, 2):
        post(alice, number, bob, carol)
    world.advance(2 * COMMIT_AFTER_S)
    run(world)
    world.advance(ANSWER_AFTER_S)
    assert len(world.relay.mailboxes[carol.mailbox]) == 2
    assert alice.told(f.Accepted)[-1] == f.Accepted(2 * FEWEST_OF_A_ROOM)
