"""What is being typed is there again when it is asked for."""

import pytest

from securechat.client import commands as c
from securechat.client import events as ev
from securechat.client.engine import stored_texts
from securechat.client.engine.stored_texts import MAX_STORED_BYTES
from tests.pure.client.amending_steps import ask
from tests.pure.client.engine_world import (
    OTHER_CERTIFICATE,
    OTHER_RELAY,
    MemoryState,
    World,
    alice,
    befriend,
    make_seat,
)


def texts(world: World) -> tuple[tuple[str, str], ...]:
    ask(world, c.StoredTexts())
    return world.told(ev.StoredTexts)[-1].texts


def store(world: World, *typed: tuple[str, str]) -> None:
    for target, text in typed:
        world.now_ms += 1
        ask(world, c.StoreText(target, text))


def test_the_last_text_of_each_conversation_is_kept_until_it_is_empty() -> None:
    state = MemoryState()
    with alice(None, state) as world:
        assert texts(world) == ()
        store(world, ("bob", "h"), ("#lobby", "tea"), ("Bob", "hi"))
        assert texts(world) == (("#lobby", "tea"), ("Bob", "hi"))
    with alice(None, state) as world:
        assert texts(world) == (("#lobby", "tea"), ("Bob", "hi"))
        store(world, ("bob", ""), ("carol", ""))
        assert texts(world) == (("#lobby", "tea"),)
    with alice(None, state) as world:
        assert texts(world) == (("#lobby", "tea"),)
        assert world.told(ev.Problem) == []


def test_it_is_told_for_whom_messages_of_an_earlier_run_wait() -> None:
    state = MemoryState()
    with alice(None, state) as world:
        world.engine.send("zoe", "hi")
    with alice(None, state) as world:
        ask(world, c.StoredTexts())
        assert world.told(ev.StoredTexts)[-1].waiting == ("zoe",)


def test_it_stays_with_the_person_and_with_the_relay() -> None:
    state = MemoryState()
    with alice(None, state) as world:
        befriend(world, make_seat("bob"))
        store(world, ("bob", "hi"))
        ask(world, c.Call("bob", "Bobby"))
        assert texts(world) == (("Bobby", "hi"),)
        store(world, ("Bobby", "hi there"))
        assert texts(world) == (("Bobby", "hi there"),)
    with alice(None, state, logged_in=False) as world:
        world.log_in(OTHER_CERTIFICATE, OTHER_RELAY)
        assert texts(world) == ()


def test_nothing_of_it_goes_to_the_relay() -> None:
    with alice() as world:
        befriend(world, make_seat("bob"))
        before = world.wire
        store(world, ("bob", "not yet"))
        assert world.wire == before


def test_what_is_the_same_is_not_written_again() -> None:
    with alice() as world:
        store(world, ("bob", "hi"))
        world.state.broken = True
        store(world, ("bob", "hi"))
        world.state.broken = False
        assert not world.has_ended()


def test_so_much_is_kept_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_texts, "MAX_STORED", 2)
    state = MemoryState()
    with alice(None, state) as world:
        store(world, ("bob", "b"), ("carol", "c"), ("bob", "bb"), ("dave", "d"))
        store(world, ("dave", "\N{EURO SIGN}" * MAX_STORED_BYTES + "\ud800"))
    with alice(None, state) as world:
        (bob, (name, text)) = texts(world)
        assert (bob, name) == (("bob", "bb"), "dave")
        assert MAX_STORED_BYTES - 3 < len(text.encode()) <= MAX_STORED_BYTES
