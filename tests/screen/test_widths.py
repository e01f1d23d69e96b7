"""Terminals that do not agree on how wide a text is: each row stays in its place on all of them."""

import re
from collections.abc import Callable, Iterator

import pytest
from wcwidth import iter_graphemes, wcswidth, wcwidth

from securechat.faces.screen.settings import Theme
from securechat.faces.screen.widgets.frames import Drawn, Frame
from tests.screen.driving import Game, message, play, playing

COLUMNS, ROWS, EDGE = 80, 24, 19
STALE = "x"
"""What stood on the terminal before; no text of the scene has it."""

IN_DISPUTE = (
    "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 family",
    "e\u0301\u0300 \u1100\u1161\u11a8 \u0928\u093f\u0915\u094d\u0937",
    "\u2764\ufe0f \u2615\ufe0e 1\ufe0f\u20e3 \U0001f1e9\U0001f1ea\U0001f1eb",
    "\U0001f44d\U0001f3fd \U0001fae8 \u3248 \U0001f3f4\u200d\u2620\ufe0f",
)
NAME = "a" + "\N{DEVANAGARI VOWEL SIGN AA}" * 6

_PIECES = re.compile(r"\x1b\[(\d+);(\d+)H|\x1b\[(\d+)G|\x1b\[[0-9;]*m|\n|(\x1b\[K)|([^\x1b\n]+)")

Drawing = Callable[[str], Iterator[int]]
"""Gives how many cells each cluster of a text takes."""


def by_character(text: str) -> Iterator[int]:
    """As a terminal that knows nothing of clusters: marks take no cell, all else its own."""
    return (max(wcwidth(character), 0) for character in text)


def by_cluster(text: str) -> Iterator[int]:
    """As a terminal that knows them well."""
    return map(wcswidth, iter_graphemes(text))


def joined(text: str) -> Iterator[int]:
    """As one that draws each of them as narrow as its first character."""
    return (max(wcwidth(cluster[0]), 0) for cluster in iter_graphemes(text))


def spacing(text: str) -> Iterator[int]:
    """As one that gives a column to what joins, too."""
    return (max(wcwidth(character), 1) for character in text)


def drawn(sequence: str, cells_of: Drawing) -> list[str]:
    """Return the rows of a terminal that was full of other text; a cell of a text is a ``#``."""
    rows = [[STALE] * COLUMNS for _ in range(ROWS)]
    x = y = 0
    for match in _PIECES.finditer(sequence):
        row, column, only_column, erased, text = match.groups()
        if row is not None:
            x, y = int(column) - 1, int(row) - 1
        elif only_column is not None:
            x = int(only_column) - 1
        elif erased is not None:
            rows[y][x:] = " " * (COLUMNS - x)
        elif (text is not None and text.isascii()) or text == "│":
            for character in text:
                rows[y][min(x, COLUMNS - 1)] = character
                x += 1
        elif text is not None:
            for width in cells_of(text):
                for _ in range(width):
                    rows[y][min(x, COLUMNS - 1)] = "#"
                    x += 1
    return ["".join(row) for row in rows]


def sequence_of(game: Game) -> str:
    """Return what a terminal gets when all is drawn."""
    update = game.app.screen._compositor.render_full_update()
    return Frame(update, Drawn(), COLUMNS).render_segments(game.app.console)


@pytest.mark.parametrize("theme", ["terminal", "light"])
def test_what_is_beside_a_text_of_any_width_stays_in_its_columns(theme: Theme) -> None:
    async def scene() -> None:
        texts = [message(text, sender="bob", number=n) for n, text in enumerate(IN_DISPUTE)]
        async with playing(*texts, message("hi", sender=NAME), theme=theme) as game:
            sequence = sequence_of(game)
            benign = [line[: EDGE + 7] for line in drawn(sequence, by_character)]
            for cells_of in (by_character, by_cluster, joined, spacing):
                rows = drawn(sequence, cells_of)
                assert STALE not in "".join(rows)
                for row, as_ever in zip(rows[1:-2], benign[1:-2], strict=True):
                    assert row[EDGE] == "│"
                    assert row[EDGE + 1 : EDGE + 7] == as_ever[EDGE + 1 :]
                assert [row[:EDGE] for row in rows if "#" not in row[:EDGE]][1:-2] == [
                    row[:EDGE] for row in benign if "#" not in row[:EDGE]
                ][1:-2]

    play(scene())
