"""What stands in the input, and what calls for attention, while conversations change."""

import pytest
from textual.events import AppBlur

from securechat.client import commands as c
from securechat.client import events as e
from securechat.faces.screen.widgets.terminal_writes import TerminalWrites
from tests.pure.faces.sample_events import message, peer_ready
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


def test_the_end_of_a_text_is_in_sight_however_the_input_grows() -> None:
    long = " ".join(map(str, range(50)))

    async def scene() -> None:
        async with playing(size=(33, 9)) as game:
            await game.tell(e.StoredTexts((("bob", long),)))
            await game.tell(peer_ready())  # whose trust word makes the prompt longer
            await game.wait_until(lambda: game.lines[-2].endswith(" 49"))
            for size in ((33, 9), (80, 24), (24, 8), (40, 15)):
                await game.pilot.resize_terminal(*size)
                await game.wait_until(lambda: game.lines[-2].endswith(" 49"))

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


@pytest.mark.parametrize("peer", ["bob", None])
def test_what_is_typed_ahead_goes_along_into_the_room_that_was_asked_for(peer: str | None) -> None:
    async def scene() -> None:
        async with playing(peer=peer) as game:
            game.app.load("/join #ops")
            await game.press("enter")
            await game.write("hello")
            await game.tell(e.RoomNews("#ops", e.RoomChange.ENTERED))
            assert (game.chat.current, game.typed) == ("#ops", "hello")
            game.chat.choose("bob")
            game.app.show_changes()
            assert game.typed == ""

    play(scene())


def test_what_is_typed_while_nobody_is_chosen_stays_when_a_pairing_chooses_somebody() -> None:
    async def scene() -> None:
        async with playing(peer=None) as game:
            await game.write("hello")
            await game.tell(e.Paired("carol", "9f2c"))
            assert (game.chat.current, game.typed) == ("carol", "hello")

    play(scene())


def test_what_is_typed_in_a_room_stays_there_when_the_user_has_left_it() -> None:
    async def scene() -> None:
        async with playing(e.RoomNews("#lobby", e.RoomChange.ENTERED), peer=None) as game:
            game.chat.choose("#ops")
            await game.tell(e.RoomNews("#ops", e.RoomChange.ENTERED))
            await game.write("for ops only")
            await game.tell(e.RoomNews("#ops", e.RoomChange.LEFT, "alice"))
            assert (game.chat.current, game.typed) == ("#lobby", "")
            assert game.chat.typed_of("#ops") == "for ops only"

    play(scene())
