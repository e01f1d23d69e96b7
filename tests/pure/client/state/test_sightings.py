"""What the relay has seen, as it is told with what it cannot know: whom that was about."""

import pytest

from securechat.client import commands as c
from securechat.client import events as ev
from securechat.client.state.sightings import MAX_SIGHTINGS, Sightings
from securechat.identity.types import MailboxId, RoomId
from tests.pure.client.engine_world import NOW_MS, World, alice, befriend, make_seat

MAILBOX = MailboxId(b"m" * 16)
ROOM = RoomId(b"r" * 32)


def view(world: World, name: str | None) -> ev.RelayView:
    world.engine.ask(c.Sight(name))
    world.settle()
    return world.told(ev.RelayView)[-1]


def test_what_went_out_and_what_came_is_told_by_whose_it_is() -> None:
    bob, carol = make_seat("bob"), make_seat("carol")
    with alice() as world:
        befriend(world, bob)
        before = len(view(world, None).sightings)
        world.engine.send("bob", "hi")
        world.settle()
        world.deliver(world.write(carol, "hello", "carol"))
        seen = view(world, None)
        out, back = seen.sightings[before:]
        assert out == (
            NOW_MS,
            True,
            bob.endpoint.mailbox.hex(),
            len(world.mail_for(bob)[-1]),
            False,
        )
        assert (back.outgoing, back.mailbox, back.ephemeral) == (False, seen.own_mailbox, False)
        assert out in view(world, "bob").sightings
        assert back not in view(world, "bob").sightings
        assert back in view(world, "carol").sightings


def test_what_does_not_open_was_seen_too() -> None:
    with alice() as world:
        world.deliver(b"x" * 512)
        [seen] = view(world, None).sightings
        assert (seen.outgoing, seen.size_bytes) == (False, 512)


def test_a_room_that_is_not_here_was_not_seen() -> None:
    with alice() as world:
        world.engine.ask(c.Sight("#ops"))
        world.settle()
        assert world.told(ev.RelayView) == []
        assert world.problems == ["There is no room #ops here"]


@pytest.mark.parametrize("count", [MAX_SIGHTINGS, MAX_SIGHTINGS + 7])
def test_only_the_newest_are_kept(count: int) -> None:
    sightings = Sightings()
    for time_ms in range(count):
        sightings.note(MAILBOX, b"e", time_ms, "bob", ROOM)
    times = [each.time_ms for each in sightings.all]
    assert times == [*range(count)][-MAX_SIGHTINGS:]
    assert sightings.of_room(ROOM) == sightings.of_person("bob") == sightings.all
    assert sightings.of_room(RoomId(b"s" * 32)) == sightings.of_person("carol") == ()
