"""Who is told that the user types, and whether."""

from securechat.client import commands as c
from securechat.client import events as ev
from tests.pure.client.engine_world import OTHER_CERTIFICATE, OTHER_RELAY, World, alice


def shown(world: World, on: bool | None = None) -> bool:
    world.engine.ask(c.ShowTyping(on))
    world.settle()
    return world.told(ev.OwnTyping)[-1].shown


def test_the_user_says_whether_typing_is_shown_at_every_relay() -> None:
    with alice() as world:
        assert shown(world)
        assert not shown(world, on=False)
        world.lose_connection()
        world.log_in(OTHER_CERTIFICATE, OTHER_RELAY)
        assert not shown(world)
        assert shown(world, on=True)
