"""The full screen as a whole: what it keeps when it is folded, covered, left or broken."""

import signal

import pytest
from textual import events

from securechat.client import commands as c
from securechat.client import events as e
from securechat.errors import Busy
from securechat.faces.long_text import LONG_LINES
from tests.screen.driving import message, messages, play, playing


def test_keys_typed_in_one_go_are_taken_in_their_order() -> None:
    async def scene() -> None:
        async with playing(message("hi", sender="carol")) as game:
            for key in ("a", "b", "alt+down", "c", "enter", "d"):
                character = key if len(key) == 1 else None
                game.app.post_message(events.Key(key, character))
            await game.settle()
            await game.wait_until(lambda: game.typed == "d")
            assert game.engine.sent == [("carol", "c")]
            assert game.chat.typed_of("bob") == "ab"

    play(scene())


def test_what_is_typed_in_one_go_among_the_messages_goes_to_the_input() -> None:
    async def scene() -> None:
        async with playing(message("hi")) as game:
            await game.do("select")
            for letter in "live red":
                key = "space" if letter == " " else letter
                game.app.post_message(events.Key(key, letter))
            await game.wait_until(lambda: game.typed == "live red")
            assert game.chat.replying is None

    play(scene())


def test_what_is_pasted_among_the_messages_goes_to_the_input() -> None:
    async def scene() -> None:
        async with playing(message("hi")) as game:
            await game.do("select")
            game.app.post_message(events.Paste("a\nb"))
            await game.wait_until(lambda: game.typed == "a\nb")

    play(scene())


def test_what_is_typed_for_a_page_never_goes_to_the_input() -> None:
    async def scene() -> None:
        async with playing(message("hi", sender="carol")) as game:
            for key in ("ctrl+k", "c", "a", "r", "enter"):
                character = key if len(key) == 1 else None
                game.app.post_message(events.Key(key, character))
            await game.wait_until(lambda: game.chat.current == "carol")
            assert game.engine.sent == []
            assert game.typed == ""

    play(scene())


@pytest.mark.parametrize(("columns", "has_side"), [(59, False), (60, True), (140, True)])
def test_narrow_screens_have_no_side_pane(columns: int, has_side: bool) -> None:
    async def scene() -> None:
        async with playing(message("hello"), size=(columns, 12)) as game:
            assert ("PEOPLE" in game.text) is has_side
            assert any(line.endswith("hello") for line in game.lines)

    play(scene())


def test_a_resize_folds_the_screen_and_keeps_what_is_typed() -> None:
    async def scene() -> None:
        async with playing(message("hello")) as game:
            await game.write("half a text")
            for size in ((40, 15), (20, 5), (132, 43), (80, 24)):
                await game.pilot.resize_terminal(*size)
                await game.settle()
                assert len(game.lines) == size[1]
                assert game.typed == "half a text"
                assert any(line.endswith("hello") for line in game.lines)

    play(scene())


def test_control_characters_that_are_pasted_are_never_drawn() -> None:
    async def scene() -> None:
        async with playing() as game:
            game.app.post_message(events.Paste("a\x1b]0;t\x07b\u202ec\r\nd"))
            await game.wait_until(lambda: game.typed)
            assert game.typed.endswith("\nd")
            assert not set("\x1b\x07\u202e\r") & set(game.typed + game.text)

    play(scene())


def test_a_long_paste_is_remarked_on_until_the_next_key() -> None:
    async def scene() -> None:
        async with playing() as game:
            game.app.post_message(events.Paste("x\n" * (LONG_LINES + 1)))
            await game.see("This is long")
            assert game.engine.sent == []
            await game.press("x")
            assert "This is long" not in game.text

    play(scene())


def test_a_paste_with_the_line_ends_of_a_terminal_is_remarked_on_in_whole() -> None:
    async def scene() -> None:
        async with playing(size=(40, 15)) as game:
            game.app.post_message(events.Paste("x\r" * LONG_LINES + "x"))
            await game.see("This is long")
            told = " ".join(game.text.split())
            assert f"This is long ({LONG_LINES + 1} lines" in told
            assert "Enter sends it as one message, Ctrl-C clears it." in told

    play(scene())


def test_a_prompt_that_is_cut_still_ends_before_the_text() -> None:
    async def scene() -> None:
        async with playing(size=(40, 15)) as game:
            await game.tell(e.Offline("the relay is stopping", retry_in_s=4))
            await game.write("hello")
            assert game.lines[-2].endswith("…> hello")

    play(scene())


def test_on_a_narrow_terminal_a_warning_is_told_whole() -> None:
    async def scene() -> None:
        async with playing(size=(40, 15)) as game:
            await game.tell(e.PeerKeyChanged("bob", "9f2c-41aa-07be-d310", "1111-2222-3333-4444"))
            told = " ".join(game.text.split())
            assert "HAS CHANGED: nothing is sent to bob Known" in told
            assert "Shown: 1111-2222-3333-4444 /verify bob compares, Alt-A takes note." in told

    play(scene())


@pytest.mark.parametrize("size", [(10, 1), (10, 2), (10, 3), (20, 4), (20, 5), (30, 8), (40, 15)])
def test_what_is_typed_is_seen_below_any_warning(size: tuple[int, int]) -> None:
    async def scene() -> None:
        async with playing(message("hi"), size=size) as game:
            await game.tell(
                e.Offline("the relay is stopping", retry_in_s=4),
                e.PeerKeyChanged("bob", "9f2c-41aa-07be-d310", "1111-2222-3333-4444"),
            )
            await game.write("o")
            rows = game.lines
            assert len(rows) == size[1]
            assert rows[-2 if size[1] > 1 else -1].endswith("> o")
            assert ("[WARNING]" in game.text) is (size[1] > 2)

    play(scene())


@pytest.mark.parametrize("rows", [2, 3, 7, 8])
def test_how_safe_it_is_is_seen_on_the_lowest_screens(rows: int) -> None:
    async def scene() -> None:
        async with playing(size=(40, rows)) as game:
            assert "E2E" in game.text
            await game.tell(e.TrustChanged("bob", e.Trust.VERIFIED, "9f2c", e.Reason.COMPARED))
            assert "verified" in (game.lines[-1] if rows < 8 else game.lines[0])
            await game.tell(e.EncryptionChanged("bob", encrypted=False, once=False))
            assert "TLS only" in (game.lines[-1] if rows < 8 else game.lines[0])
            for height in (20, rows):
                await game.pilot.resize_terminal(40, height)
                await game.settle()
            assert "TLS only" in (game.lines[-1] if rows < 8 else game.lines[0])

    play(scene())


def test_nothing_of_ours_but_ascii_is_on_a_terminal_without_more() -> None:
    async def scene() -> None:
        async with playing(message("hi", sender="bob"), size=(40, 7), unicode=False) as game:
            await game.tell(e.Offline("x" * 60, 4), e.PeerKeyChanged("bob", "9f2c", "1111"))
            assert "~" in game.text
            assert game.text.isascii()
            await game.pilot.resize_terminal(10, 7)
            await game.do("help")
            assert "Esc" in game.text or "~" in game.text
            assert game.text.isascii()

    play(scene())


def test_the_input_has_at_most_half_of_the_screen() -> None:
    async def scene() -> None:
        async with playing(message("hello")) as game:
            game.app.post_message(events.Paste("\n".join(map(str, range(100)))))
            await game.wait_until(lambda: game.typed)
            assert game.app.composer.size.height <= 12
            assert any(line.endswith("hello") for line in game.lines)

    play(scene())


def test_messages_are_seen_only_where_somebody_looks() -> None:
    async def scene() -> None:
        async with playing() as game:
            game.app.post_message(events.AppBlur())
            await game.tell(message("hello"))
            assert game.engine.read == []
            game.app.post_message(events.AppFocus())
            await game.wait_until(lambda: game.engine.read == [("bob", "bob-1")])
            await game.do("help")
            await game.tell(message("again", number=2))
            assert game.engine.read == [("bob", "bob-1")]
            await game.press("escape")
            await game.wait_until(lambda: ("bob", "bob-2") in game.engine.read)

    play(scene())


def test_who_types_looks_at_it_whatever_the_terminal_has_said_of_the_focus() -> None:
    async def scene() -> None:
        async with playing() as game:
            game.app.post_message(events.AppBlur())
            await game.tell(message("hello"))
            assert game.engine.read == []
            await game.press("y")
            await game.wait_until(lambda: game.engine.read == [("bob", "bob-1")])

    play(scene())


def test_messages_below_the_window_are_not_seen() -> None:
    async def scene() -> None:
        async with playing(*messages(60)) as game:
            await game.do("page-up")
            await game.tell(message("new", number=61))
            assert ("bob", "bob-61") not in game.engine.read
            await game.do("newest")
            await game.wait_until(lambda: ("bob", "bob-61") in game.engine.read)

    play(scene())


def test_what_means_nothing_among_the_messages_is_typed_into_the_input() -> None:
    async def scene() -> None:
        async with playing(*messages(3)) as game:
            await game.do("select")
            await game.press("alt+z", "w", "x")
            assert game.typed == "wx"

    play(scene())


def test_ctrl_d_leaves_an_empty_input_only() -> None:
    async def scene() -> None:
        async with playing(never_ends=True) as game:
            await game.write("ab")
            await game.press("home", "ctrl+d")
            assert game.typed == "b"
            await game.press("ctrl+d", "ctrl+d")
            assert ("stop", 5.0) in game.engine.calls

    play(scene())


def test_what_is_typed_for_the_shell_while_it_ends_is_sent_to_nobody() -> None:
    async def scene() -> None:
        async with playing(never_ends=True) as game:
            await game.do("quit")
            await game.write("ls")
            await game.press("enter")
            assert game.engine.sent == []

    play(scene())


def test_leaving_keeps_what_is_typed_and_ends_with_the_engine() -> None:
    async def scene() -> None:
        async with playing() as game:
            await game.write("later")
            await game.do("quit")
            assert c.StoreText("bob", "later") in game.asked
            assert game.chat.ended is not None

    play(scene())


def test_a_chat_that_has_ended_stays_to_be_read() -> None:
    async def scene() -> None:
        async with playing(message("hello"), never_ends=True) as game:
            error = Busy("Somebody else is alice now", "securechat client")
            await game.tell(e.Ended(error))
            await game.see("Somebody else is alice now")
            assert any(line.endswith("hello") for line in game.lines)

    play(scene())


def test_an_error_of_ours_ends_the_screen_and_prints_nothing() -> None:
    async def scene() -> None:
        async with playing() as game:
            game.app._handle_exception(ValueError("text of a peer"))
            assert isinstance(game.app.failure, ValueError)
            assert game.app.return_code == 1
            game.app.failure = None

    play(scene())


def test_a_signal_ends_the_screen() -> None:
    async def scene() -> None:
        async with playing() as game:
            signal.raise_signal(signal.SIGTERM)
            await game.wait_until(lambda: game.app.ended_by is signal.SIGTERM)

    play(scene())


def test_on_a_narrow_screen_how_a_list_is_closed_is_said_whole() -> None:
    async def scene() -> None:
        async with playing(size=(40, 15)) as game:
            await game.do("palette")
            assert game.lines[-1].endswith("Esc closes")
            assert "Begin another line  Ctrl-J" in game.text

    play(scene())
