"""What stands in the input, and what calls for attention, while conversations change."""

import pytest
from textual.events import AppBlur

from securechat.client import commands as c
from securechat.client import events as e
from securechat.faces.screen.terminal_writes import TerminalWrites
from tests.pure.faces.sample_events import message
from tests.screen.driving import play, playing


def test_what_was_typed_elsewhere_is_there_after_a_message_that_goes_there() -> None:
    async def scene() -> None:
        async with playing(e.StoredTexts((("carol", "half a text"),))) as game:
            await game.press("slash")
            await game.write("msg carol hi")
            await game.press("enter")
            assert game.chat.current == "carol"
            assert game.typed == "half a text"
            assert c.StoreText("carol", "") not in game.asked

    play(scene())


def test_a_text_of_an_earlier_run_comes_into_the_input_when_it_is_told() -> None:
    async def scene() -> None:
        async with playing() as game:
            await game.tell(e.StoredTexts((("bob", "half a text"),)))
            assert game.typed == "half a text"

    play(scene())


def test_an_edit_puts_aside_what_was_typed() -> None:
    async def scene() -> None:
        async with playing() as game:
            await game.write("one")
            await game.press("enter")
            assert game.typed == ""
            await game.write("two")
            await game.do("edit-last")
            assert game.typed == "one"
            await game.press("s", "enter")
            assert c.Amend("bob", "id1", "ones") in game.asked
            assert game.typed == "two"
            await game.do("edit-last")
            await game.do("select")
            assert (game.typed, game.chat.editing) == ("two", None)

    play(scene())


def test_a_command_that_there_is_not_stays_to_be_changed() -> None:
    async def scene() -> None:
        async with playing() as game:
            await game.press("slash")
            await game.write("dance")
            await game.press("enter")
            assert game.typed == "/dance"
            await game.see("There is no command /dance")

    play(scene())


def test_the_bell_rings_for_what_nobody_looks_at(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr(TerminalWrites, "write", lambda _, sequence: written.append(sequence))

    async def scene() -> None:
        async with playing() as game:
            await game.tell(message("hi", alert=True))
            assert written == []
            game.app.post_message(AppBlur())
            await game.settle()
            await game.tell(message("are you there?", alert=True))
            assert written == ["\a"]

    play(scene())
