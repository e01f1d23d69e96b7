"""Comparing keys over the whole screen: of whom it was opened for, and by keys."""

from msgspec.structs import replace

from securechat.client import commands as c
from securechat.client import events as e
from tests.screen.driving import Game, play, playing
from tests.screen.scenes import EMOJI, verification


async def opened(game: Game) -> None:
    await verification(game)
    await game.see("octopus")
    game.engine.calls.clear()


def test_what_is_the_same_is_said_by_a_key_pressed_twice() -> None:
    async def scene() -> None:
        async with playing() as game:
            await opened(game)
            await game.press("m")
            assert game.asked == []
            assert "m again: they match" in game.text
            await game.press("m")
            assert game.asked == [c.Match("carol")]
            assert "Now carol has to say so too." in game.text
            await game.tell(e.ComparingEnded("carol", e.ComparingEnd.TIMEOUT, alarm=False))
            assert "Comparing with carol ended" in " ".join(game.text.split())

    play(scene())


def test_digits_that_are_the_same_make_somebody_verified() -> None:
    async def scene() -> None:
        async with playing() as game:
            await opened(game)
            await game.press("t")
            assert "t again: digits match" in game.text
            await game.press("t")
            assert game.asked == [c.Decide(c.Decision.TRUST, "carol")]
            assert "Verify carol" not in game.text

    play(scene())


def test_what_is_typed_for_the_chat_verifies_nobody() -> None:
    """Alt-V is what Esc and v are when they come fast; then the text goes on."""

    async def scene() -> None:
        async with playing() as game:
            await opened(game)
            await game.write("take them to me at ten")
            assert game.asked == []
            assert "Verify carol" in game.text

    play(scene())


def test_emoji_that_differ_end_it() -> None:
    async def scene() -> None:
        async with playing() as game:
            await opened(game)
            await game.press("x")
            assert game.asked == [c.Differ("carol")]
            assert "Verify carol" not in game.text

    play(scene())


def test_somebody_else_who_compares_at_the_same_time_is_not_shown_as_this_person() -> None:
    async def scene() -> None:
        async with playing() as game:
            await opened(game)
            await game.tell(replace(EMOJI, name="dave", emoji=(1,) * 7))
            assert "key" not in game.lines[11]
            assert "Press e here, and carol there" in " ".join(game.text.split())
            await game.press("m", "x")
            assert game.asked == []

    play(scene())


def test_the_code_that_a_typed_command_asks_for_is_on_the_sheet() -> None:
    async def scene() -> None:
        async with playing() as game:
            await game.write("/verify bob qr")
            await game.press("enter")
            assert "Verify bob" in game.text

    play(scene())
