"""A ``listen --from`` beside a running client knows whom it listens to by every name."""

import json

import pytest

from securechat.client import commands as c
from securechat.client import events as ev
from securechat.faces.scripting.request_session import RequestSession
from securechat.faces.scripting.requests import ListenRequest, encode_request
from tests.pure.client.engine_world import World, alice, befriend, make_seat


def listen(world: World, sender: str) -> list[str]:
    """Return what a listener hears, in one list that grows."""
    heard: list[str] = []

    def write(line: bytes) -> None:
        found = json.loads(line)
        if found["event"] == "message":
            heard.append(found["text"])

    ready = world.told(ev.Ready)[-1]
    engine = world.engine
    session = RequestSession(engine, ready, lambda _: False, lambda *_: None, write, lambda: None)
    session.received(encode_request(ListenRequest(sender)))
    world.settle()
    return heard


@pytest.mark.parametrize("typed", ["bob", "BOB", "\uff42ob", "Bobby"])
def test_every_listener_hears_somebody_with_a_petname(typed: str) -> None:
    bob = make_seat("bob")
    with alice() as world:
        befriend(world, bob)
        world.engine.ask(c.Call("bob", "Bobby"))
        world.settle()
        listeners = [listen(world, typed) for _ in range(2)]
        world.deliver(world.write(bob, "hello"))
        assert listeners == [["hello"], ["hello"]]
