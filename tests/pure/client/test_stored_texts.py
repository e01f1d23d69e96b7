"""What is being typed is there again when it is asked for."""

from securechat.client import commands as c
from securechat.client import events as ev
from tests.pure.client.engine_world import World, alice


def texts(world: World) -> tuple[tuple[str, str], ...]:
    world.engine.ask(c.StoredTexts())
    world.settle()
    return world.told(ev.StoredTexts)[-1].texts


def test_the_last_text_of_each_conversation_is_kept_until_it_is_empty() -> None:
    with alice() as world:
        assert texts(world) == ()
        for target, text in (("bob", "h"), ("#lobby", "tea"), ("bob", "hi")):
            world.engine.ask(c.StoreText(target, text))
        assert texts(world) == (("bob", "hi"), ("#lobby", "tea"))
        world.engine.ask(c.StoreText("bob", ""))
        assert texts(world) == (("#lobby", "tea"),)
