"""Pages of a conversation."""

import pytest

from securechat.client import commands as c
from securechat.client import events as ev
from securechat.e2e.content import Text
from securechat.identity.types import MessageId
from tests.pure.client.engine_world import World, alice, befriend, make_seat
from tests.pure.client.town import make_room, town


def page(world: World, question: c.Page) -> ev.Page:
    world.engine.ask(question)
    world.settle()
    return world.told(ev.Page)[-1]


def texts(of: ev.Page) -> list[str]:
    return [each.text for each in of.messages]


def test_a_page_has_the_newest_messages_and_its_question() -> None:
    bob = make_seat("bob")
    with alice() as world:
        befriend(world, bob)
        for text in ("one", "two", "three"):
            world.engine.send("bob", text)
        world.settle()
        question = c.Page("bob", count=2)
        newest = page(world, question)
        assert newest.question is question
        assert texts(newest) == ["two", "three"]
        assert (newest.older, newest.newer) == (True, False)
        older = page(world, c.Page("bob", 9, before=newest.messages[0].position))
        assert (texts(older), older.older, older.newer) == (["hello", "one"], False, True)
        newer = page(world, c.Page("bob", 9, after=older.messages[-1].position))
        assert newer.messages == newest.messages


@pytest.mark.parametrize(
    ("count", "at", "found", "older", "newer"),
    [
        (3, 2, ["one", "two", "three"], True, True),
        (4, 2, ["hello", "one", "two", "three"], False, True),
        (1, 4, ["four"], True, False),
        (9, 0, ["hello", "one", "two", "three", "four"], False, False),
    ],
)
def test_a_page_around_a_message_has_it_in_the_middle(
    count: int, at: int, found: list[str], older: bool, newer: bool
) -> None:
    bob = make_seat("bob")
    with alice() as world:
        befriend(world, bob)
        for text in ("one", "two", "three", "four"):
            world.engine.send("bob", text)
        world.settle()
        place = page(world, c.Page("bob")).messages[at].position
        around = page(world, c.Page("bob", count, around=place))
        assert (texts(around), around.older, around.newer) == (found, older, newer)


def test_of_nobody_and_of_no_room_there_is_an_empty_page() -> None:
    with alice() as world:
        for name in ("dave", "#nowhere"):
            empty = page(world, c.Page(name))
            assert (empty.messages, empty.older, empty.newer) == ((), False, False)


def test_a_room_that_one_is_in_wins_over_one_that_was_left() -> None:
    with town("alice", "bob", "carol") as made:
        make_room(made, "alice", "bob")
        made.pass_time(1)
        make_room(made, "carol", "bob")
        bob = made.citizens["bob"].world
        made.do("bob", c.Join(bob.told(ev.Invitation)[-1].room))
        made.say("alice", "#ops", "of the first")
        made.say("carol", "#ops", "of the second")
        assert texts(page(bob, c.Page("#ops"))) == ["of the first"]
        made.do("bob", c.Leave("#ops"))
        assert texts(page(bob, c.Page("#ops"))) == ["of the second"]


def test_messages_come_back_with_what_they_answer_and_whom_they_name() -> None:
    bob = make_seat("bob")
    with alice() as world:
        befriend(world, bob)
        own = MessageId(bytes.fromhex(world.told(ev.Sent)[0].message_id))
        unknown = MessageId(b"u" * 16)
        world.deliver(
            world.write(bob, Text("yes, Alice", reply_to=own)),
            world.write(bob, Text("what?", reply_to=unknown)),
        )
        world.engine.send("bob", "alice it is", reply_to="bob")
        world.settle()
        hello, yes, what, mine = page(world, c.Page("bob")).messages
        assert (yes.reply, yes.mention) == (ev.Quote(own.hex(), "alice", "hello"), True)
        assert (what.reply, what.mention) == (ev.Quote(unknown.hex()), False)
        assert (mine.reply, mine.mention) == (ev.Quote(what.message_id, "bob", "what?"), False)
        assert hello.reply is None
        assert world.told(ev.Message)[0].reply == yes.reply
