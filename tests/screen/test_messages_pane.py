"""The messages of the current conversation."""

import unicodedata

from tests.screen.driving import message, messages, play, playing


def test_a_conversation_that_is_entered_again_is_drawn_as_high_as_there_is_room() -> None:
    async def scene() -> None:
        async with playing(*messages(3)) as game:
            for name in ("carol", "bob"):
                game.chat.choose(name)
                game.app.show_changes()
                await game.settle()
            assert [f"message {number}" in game.text for number in (1, 2, 3)] == [True] * 3

    play(scene())


def test_a_name_with_marks_beside_the_messages_leaves_them_where_they_are() -> None:
    async def scene() -> None:
        async with playing() as game:
            await game.tell(message("hi", sender="a" + "\N{DEVANAGARI VOWEL SIGN AA}" * 6))
            for strip in game.app.screen._compositor.render_strips():
                text = "".join(segment.text for segment in strip)
                side, edge, rest = text.partition("│")
                widths = [sum(map(_most_columns, part)) for part in (side, rest)]
                assert not edge or widths == [19, 60]

    play(scene())


def _most_columns(character: str) -> int:
    return 0 if unicodedata.category(character) == "Mn" else 1
