"""Frames for slow lines: of each, what the terminal does not show by now, in few bytes."""

import re
from collections.abc import Iterator
from functools import lru_cache

from rich.console import Console
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

_LOOK = re.compile(r"\x1b\[([0-9;]*)m")
_COLOURS_FOLLOW = {"5": 1, "2": 3}
"""How many numbers a colour has after the one that says of which kind it is."""

_LEAST_BLANKS = 4
"""Fewer at the end of a row are as short as what erases them."""


class Drawn:
    """What each row of the terminal was given last, in pieces that begin at some column.

    It knows nothing of how wide a terminal draws a text: a piece is written whole, or not at all.
    """

    def __init__(self) -> None:
        self._rows: dict[int, dict[int, tuple[int, str]]] = {}

    def forget(self) -> None:
        """Take nothing as drawn: others may have had the terminal."""
        self._rows.clear()

    def is_new(self, x: int, y: int, columns: int, text: str) -> bool:
        """Take note that a piece is drawn; return whether it was not there already."""
        row = self._rows.setdefault(y, {})
        if row.get(x) == (columns, text):
            return False
        for other, (width, _) in tuple(row.items()):
            if other < x + columns and x < other + width:
                del row[other]
        row[x] = (columns, text)
        return True


class Frame(CompositorUpdate):
    """An update of Textual's, of which only that is written which changes the terminal."""

    def __init__(self, update: CompositorUpdate, drawn: Drawn, columns: int) -> None:
        """Begin with the update, on a terminal with so many columns."""
        self._update = update
        self._drawn = drawn
        self._columns = columns

    def render_segments(self, console: Console) -> str:
        """Return what is written to the terminal; called by Textual."""
        written = []
        for x, y, strip in _pieces(self._update):
            width = strip.cell_length
            text = _short(strip.render(console), to_edge=x + width == self._columns)
            if width and self._drawn.is_new(x, y, width, text):
                written.append(f"\x1b[{y + 1};{x + 1}H{text}")
        return "".join(written)


def _pieces(update: CompositorUpdate) -> Iterator[tuple[int, int, Strip]]:
    """Give the pieces of an update, each with its column and its row."""
    match update:
        case LayoutUpdate():
            for y, line in enumerate(update.strips, update.region.y):
                x = update.region.x
                for strip in line:
                    yield x, y, strip
                    x += strip.cell_length
        case ChopsUpdate():
            for y, start, end in update.spans:
                row = zip(update.chop_ends[y], update.chops[y].items(), strict=False)
                for piece_end, (x, piece) in row:
                    if piece is not None and x <= end and piece_end > start:
                        yield x, y, piece.crop(0, min(piece_end, end) - x)


def _short(rendered: str, *, to_edge: bool) -> str:
    """Return what draws the same with fewer bytes: each look is told once, and no blank at the end.

    It begins and ends with the look that a terminal has at first; each look in it is a whole one.
    """
    looks = _LOOK.split(rendered)
    parts: list[str] = []
    wanted = shown = ""
    for text, following in zip(looks[::2], [*looks[1::2], ""], strict=True):
        if text and wanted != shown:
            parts.append(f"\x1b[{'0;' if shown and wanted else ''}{wanted}m")
            shown = wanted
        parts.append(text)
        wanted = _needed(following)
    if shown:
        return "".join([*parts, "\x1b[m"])
    row = "".join(parts)
    kept = row.rstrip(" ")
    return f"{kept}\x1b[K" if to_edge and len(row) - len(kept) >= _LEAST_BLANKS else row


@lru_cache(maxsize=1024)
def _needed(look: str) -> str:
    """Return a look without what every terminal begins with: no other colours than its own."""
    numbers, kept = look.split(";"), list[str]()
    while numbers:
        number = numbers.pop(0)
        if number in ("38", "48") and numbers:
            size = 1 + _COLOURS_FOLLOW.get(numbers[0], 0)
            kept += [number, *numbers[:size]]
            del numbers[:size]
        elif number not in ("", "0", "39", "49"):
            kept.append(number)
    return ";".join(kept)
