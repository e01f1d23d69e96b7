"""Every key of the full screen does what its action says, and so does another one bound to it."""

from collections.abc import Awaitable, Callable
from contextlib import nullcontext

import pytest

from securechat.client import commands as c
from securechat.client import events as e
from securechat.faces.screen.actions import ACTIONS
from securechat.faces.screen.widgets import key_actions
from tests.screen.driving import (
    Game,
    message,
    messages,
    own_message,
    play,
    playing,
)

ANOTHER_KEY = "f9"

Scene = Callable[[Game, int], Awaitable[None]]
KEYS: dict[str, Scene] = {}
"""For each action what its key does, whichever of those that it has."""


def scene(action_id: str) -> Callable[[Scene], Scene]:
    """Register the scene of an action."""

    def register(made: Scene) -> Scene:
        KEYS[action_id] = made
        return made

    return register


async def _send(game: Game, *texts: str) -> None:
    """Send messages; their ids are id1, id2 and so on."""
    for text in texts:
        await game.write(text)
        await game.do("send")


def _amends(game: Game) -> list[object]:
    return [question for question in game.asked if isinstance(question, c.Amend)]


@scene("help")
async def _(game: Game, key: int) -> None:
    await game.do("help", key)
    await game.see("Help: keys and commands")
    await game.press("escape")
    assert "Help: keys and commands" not in game.text


@scene("switch")
async def _(game: Game, key: int) -> None:
    await game.tell(message("hi", sender="carol"))
    await game.do("switch", key)
    await game.write("cr")
    await game.press("enter")
    assert game.chat.current == "carol"


@scene("search")
async def _(game: Game, key: int) -> None:
    await game.do("search", key)
    await game.write("tea")
    await game.wait_until(lambda: any(isinstance(asked, c.Search) for asked in game.asked))
    await game.tell(e.SearchResult((own_message("tea\nat five", number=7),), more=False))
    await game.see("tea at five")
    await game.press("enter")
    assert c.Page("bob", around=7) in game.asked


@scene("unread")
async def _(game: Game, key: int) -> None:
    await game.tell(message("hi", sender="carol"), message("hi", sender="dave"))
    await game.do("unread", key)
    assert game.chat.current in ("carol", "dave")


@scene("palette")
async def _(game: Game, key: int) -> None:
    await game.do("palette", key)
    await game.write("help keys")
    await game.press("enter")
    await game.see("Ctrl-Home ")


@scene("next")
async def _(game: Game, key: int) -> None:
    await game.tell(message("hi", sender="carol"))
    await game.do("next", key)
    assert game.chat.current == "carol"


@scene("previous")
async def _(game: Game, key: int) -> None:
    await game.tell(message("hi", sender="anna"))
    await game.do("previous", key)
    assert game.chat.current == "anna"


@scene("send")
async def _(game: Game, key: int) -> None:
    await game.write("hello")
    await game.do("send", key)
    assert game.engine.sent == [("bob", "hello")]
    assert game.typed == ""


@scene("newline")
async def _(game: Game, key: int) -> None:
    await game.write("a")
    await game.do("newline", key)
    await game.write("b")
    assert game.typed == "a\nb"
    assert game.engine.sent == []


@scene("complete")
async def _(game: Game, key: int) -> None:
    await game.press("slash", "h", "e", "l")
    await game.do("complete", key)
    assert game.typed == "/help "


@scene("editor")
async def _(game: Game, key: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(game.app, "suspend", nullcontext)
        patch.setattr(key_actions, "edit_text", lambda text: f"{text} and more")
        await game.write("this")
        await game.do("editor", key)
    assert game.typed == "this and more"


@scene("redraw")
async def _(game: Game, key: int) -> None:
    refreshed: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(game.app.screen, "refresh", lambda: refreshed.append("all"))
        await game.do("redraw", key)
    assert refreshed == ["all"]


@scene("suspend")
async def _(game: Game, key: int) -> None:
    stopped: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(game.app, "suspend", lambda: nullcontext(stopped.append("suspended")))
        patch.setattr(key_actions, "stop_here", lambda: stopped.append("stopped"))
        await game.write("this")
        await game.do("suspend", key)
        await game.press("f1")
        await game.do("suspend", key)
    assert stopped == ["suspended", "stopped"] * 2
    assert game.typed == "this"


@scene("edit-last")
async def _(game: Game, key: int) -> None:
    await _send(game, "helo")
    await game.do("edit-last", key)
    assert game.typed == "helo"
    assert game.chat.editing.message_id == "id1"


@scene("verify")
async def _(game: Game, key: int) -> None:
    await game.do("verify", key)
    await game.see("Verify bob")
    assert c.Verify("bob", c.How.DIGITS) in game.asked


@scene("relay")
async def _(game: Game, key: int) -> None:
    await game.do("relay", key)
    assert c.Sight("bob") in game.asked
    await game.tell(e.RelayView("bob", "9f" * 16, ()))
    await game.see("What the relay sees: bob")


@scene("alarm")
async def _(game: Game, key: int) -> None:
    await game.tell(e.PeerKeyChanged("bob", "9f2c-aaaa", "41aa-bbbb"))
    before = game.chat.banners
    assert before
    await game.do("alarm", key)
    assert len(game.chat.banners) < len(before)


@scene("page-up")
async def _(game: Game, key: int) -> None:
    await game.tell(*messages(60))
    await game.see("message 60")
    await game.do("page-up", key)
    assert "message 60" not in game.text
    assert "newer below" in game.text


@scene("page-down")
async def _(game: Game, key: int) -> None:
    await game.tell(*messages(60))
    await game.do("page-up")
    await game.do("page-up")
    await game.do("page-down", key)
    assert "message 60" not in game.text
    await game.do("page-down", key)
    assert "message 60" in game.text


@scene("oldest")
async def _(game: Game, key: int) -> None:
    await game.tell(*messages(60))
    await game.do("oldest", key)
    assert any(line.endswith("message 1") for line in game.lines)


@scene("newest")
async def _(game: Game, key: int) -> None:
    await game.tell(*messages(60))
    await game.do("page-up")
    await game.do("newest", key)
    assert any(line.endswith("message 60") for line in game.lines)


@scene("mark")
async def _(game: Game, key: int) -> None:
    await game.tell(*messages(40, sender="carol"))
    await game.do("next")
    assert "40 new since" not in game.text
    await game.do("mark", key)
    await game.see("40 new since")


@scene("select")
async def _(game: Game, key: int) -> None:
    await game.tell(*messages(3))
    await game.do("select", key)
    assert game.chosen == "message 3"
    await game.do("select", key)
    await game.write("x")
    assert game.typed == "x"


@scene("up")
async def _(game: Game, key: int) -> None:
    await game.tell(*messages(3))
    await game.do("select")
    await game.do("up", key)
    assert game.chosen == "message 2"


@scene("down")
async def _(game: Game, key: int) -> None:
    await game.tell(*messages(3))
    await game.do("select")
    await game.do("up")
    await game.do("up")
    await game.do("down", key)
    assert game.chosen == "message 2"


@scene("copy")
async def _(game: Game, key: int) -> None:
    await game.tell(message("two\nlines\x1b[31m"))
    await game.do("select")
    await game.do("copy", key)
    assert game.app.clipboard == "two\nlines�[31m"


@scene("reply")
async def _(game: Game, key: int) -> None:
    await game.tell(*messages(2))
    await game.do("select")
    await game.do("reply", key)
    await game.see("message 2")
    await game.write("yes")
    await game.do("send")
    assert game.engine.sent == [("bob", "yes", {"reply_to": "bob-2"})]


@scene("edit")
async def _(game: Game, key: int) -> None:
    await _send(game, "helo", "wrld")
    await game.do("select")
    await game.do("up")
    await game.do("edit", key)
    assert game.typed == "helo"
    assert game.chat.editing.message_id == "id1"


@scene("delete")
async def _(game: Game, key: int) -> None:
    await _send(game, "secret")
    await game.do("select")
    await game.do("delete", key)
    assert _amends(game) == []
    await game.do("delete", key)
    assert _amends(game) == [c.Amend("bob", "id1", "")]


@scene("react")
async def _(game: Game, key: int) -> None:
    await game.tell(message("good news"))
    await game.do("select")
    await game.do("react", key)
    await game.press("enter")
    assert c.React("bob", "bob-1", "👍") in game.asked


@scene("clear")
async def _(game: Game, key: int) -> None:
    await game.write("oops")
    await game.do("clear", key)
    assert game.typed == ""
    assert not game.chat.leaving
    assert "Press Ctrl-C again to leave." in game.text
    await game.press("x", "backspace")
    assert "Press Ctrl-C again to leave." not in game.text
    await game.do("clear", key)
    await game.do("clear", key)
    assert game.chat.leaving


@scene("quit")
async def _(game: Game, key: int) -> None:
    await game.do("quit", key)
    assert ("stop", 5.0) in game.engine.calls


@pytest.mark.parametrize("action_id", ["copy", "reply", "edit", "delete", "react"])
def test_with_a_deleted_message_nothing_can_be_done(action_id: str) -> None:
    async def scene() -> None:
        async with playing() as game:
            await _send(game, "secret")
            await game.do("select")
            await game.do("delete")
            await game.do("delete")
            await game.tell(e.Amended("id1", "alice", "bob", "", 0, own=True))
            await game.see("deleted)")
            game.engine.calls.clear()
            await game.do(action_id)
            assert "This message is deleted." in game.text
            assert game.asked == []
            assert (game.chat.replying, game.chat.editing, game.app.clipboard) == (None, None, "")

    play(scene())


def test_every_action_has_a_scene() -> None:
    assert set(KEYS) == {action.id for action in ACTIONS}


DEFAULTS = [(action.id, n) for action in ACTIONS for n in range(len(action.keys.split(",")))]


@pytest.mark.parametrize(("action_id", "key"), DEFAULTS)
def test_a_key_does_what_its_action_says(action_id: str, key: int) -> None:
    async def scene() -> None:
        async with playing(never_ends=True) as game:
            await KEYS[action_id](game, key)

    play(scene())


@pytest.mark.parametrize("action_id", KEYS)
def test_another_key_can_be_bound_to_an_action(action_id: str) -> None:
    async def scene() -> None:
        async with playing(never_ends=True, keys={action_id: ANOTHER_KEY}) as game:
            await KEYS[action_id](game, 0)

    play(scene())
