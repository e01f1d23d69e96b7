"""The messages of the current conversation."""

from tests.screen.driving import messages, play, playing


def test_a_conversation_that_is_entered_again_is_drawn_as_high_as_there_is_room() -> None:
    async def scene() -> None:
        async with playing(*messages(3)) as game:
            for name in ("carol", "bob"):
                game.chat.choose(name)
                game.app.show_changes()
                await game.settle()
            assert [f"message {number}" in game.text for number in (1, 2, 3)] == [True] * 3

    play(scene())
