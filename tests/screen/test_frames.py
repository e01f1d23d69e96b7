"""Frames as they reach the terminal: with the same look as Textual's, and nothing twice."""

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from securechat.faces.screen.widgets.frames import Drawn, Frame

COLUMNS, ROWS, SIDE = 24, 3, 8
CONSOLE = Console(force_terminal=True, color_system="truecolor", legacy_windows=False)
STYLES = (
    Style(),
    Style.parse("bold"),
    Style.parse("dim default on default"),
    Style.parse("cyan on default"),
    Style.parse("reverse bold default on default"),
    Style.parse("#0a2731 on #27310a"),
    Style.parse("color(39) on color(49)"),
)

Rows = list[list[Strip]]


def strips(width: int) -> st.SearchStrategy[Strip]:
    """Return pieces of this width."""
    letters = st.text("ab ", max_size=4)
    segments = st.lists(st.tuples(letters, st.sampled_from(STYLES)), max_size=4)
    return segments.map(
        lambda found: Strip(Segment(*each) for each in found).adjust_cell_length(width, STYLES[2])
    )


def frames() -> st.SearchStrategy[Rows]:
    """Return whole screens: on each row a piece of the side, and one of the messages."""
    row = st.tuples(strips(SIDE), strips(COLUMNS - SIDE)).map(list)
    return st.lists(row, min_size=ROWS, max_size=ROWS)


def whole(rows: Rows) -> LayoutUpdate:
    return LayoutUpdate(rows, Region(0, 0, COLUMNS, ROWS))  # type: ignore[arg-type]


def part(rows: Rows, start: int, end: int) -> ChopsUpdate:
    """Return an update of some columns of the last row."""
    chops = [dict(zip((0, SIDE), row, strict=True)) for row in rows]
    return ChopsUpdate(chops, [(ROWS - 1, start, end)], [[SIDE, COLUMNS]] * ROWS)


class Screen:
    """A terminal, and what it was sent."""

    def __init__(self) -> None:
        self._screen = pyte.Screen(COLUMNS, ROWS)
        self._screen.reset_mode(pyte.modes.DECAWM)
        self._stream = pyte.Stream(self._screen)

    def show(self, update: CompositorUpdate) -> str:
        sent = update.render_segments(CONSOLE).replace("\n", "\r\n")
        self._stream.feed(sent)
        return sent

    @property
    def cells(self) -> list[list[pyte.screens.Char]]:
        return [[self._screen.buffer[y][x] for x in range(COLUMNS)] for y in range(ROWS)]


@given(st.lists(frames(), min_size=1, max_size=4), st.integers(0, COLUMNS), st.data())
def test_a_terminal_shows_the_same_as_with_the_frames_of_textual(
    drawn_in_turn: list[Rows], start: int, data: st.DataObject
) -> None:
    drawn, plain, short = Drawn(), Screen(), Screen()
    for rows in drawn_in_turn:
        update: CompositorUpdate = whole(rows)
        if rows is not drawn_in_turn[0] and data.draw(st.booleans()):
            update = part(rows, 0 if start < SIDE else SIDE, data.draw(st.integers(SIDE, COLUMNS)))
        plain.show(update)
        short.show(Frame(update, drawn, COLUMNS))
        assert short.cells == plain.cells


@given(frames())
def test_what_the_terminal_shows_is_not_sent_again_until_it_is_forgotten(rows: Rows) -> None:
    drawn, screen = Drawn(), Screen()
    first = screen.show(Frame(whole(rows), drawn, COLUMNS))
    assert first != ""
    assert screen.show(Frame(whole(rows), drawn, COLUMNS)) == ""
    drawn.forget()
    assert screen.show(Frame(whole(rows), drawn, COLUMNS)) == first


@pytest.mark.parametrize(
    ("segments", "sent"),
    [
        ([Segment("hi", STYLES[2]), Segment(" " * 6, STYLES[2])], "\x1b[1;1H\x1b[2mhi      \x1b[m"),
        ([Segment("hi", Style()), Segment(" " * 6, Style())], "\x1b[1;1Hhi\x1b[K"),
        ([Segment("a", STYLES[1]), Segment("b", STYLES[3])], "\x1b[1;1H\x1b[1ma\x1b[0;36mb\x1b[m"),
    ],
)
def test_each_look_is_told_once_and_no_blank_at_the_end(segments: list[Segment], sent: str) -> None:
    strip = Strip(segments)
    update = LayoutUpdate([[strip]], Region(0, 0, strip.cell_length, 1))  # type: ignore[list-item]
    assert Frame(update, Drawn(), strip.cell_length).render_segments(CONSOLE) == sent
