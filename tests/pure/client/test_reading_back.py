"""Pages of a conversation."""

from securechat.client import commands as c
from securechat.client import events as ev
from tests.pure.client.engine_world import alice, befriend, make_seat


def test_a_page_has_the_newest_messages_and_its_question() -> None:
    bob = make_seat("bob")
    with alice() as world:
        befriend(world, bob)
        for text in ("one", "two", "three"):
            world.engine.send("bob", text)
        world.settle()
        question = c.Page("bob", count=2)
        world.engine.ask(question)
        world.settle()
        [page] = world.told(ev.Page)
        assert page.question is question
        assert [each.text for each in page.messages] == ["two", "three"]
