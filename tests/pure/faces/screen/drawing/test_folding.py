"""Lines in pieces: nothing is lost when they are folded, and each piece keeps its look."""

from hypothesis import given
from hypothesis import strategies as st

from securechat.faces.screen.drawing.folding import fold, style_lines, without_leading_marks
from securechat.faces.screen.drawing.spans import Look, span
from securechat.text import safe_text
from tests.pure.faces.screen.drawn import check_drawable, takes_room, texts_of

PIECES = st.lists(st.tuples(st.text(max_size=30), st.sampled_from(Look)), max_size=6)


@given(PIECES, st.integers(2, 40))
def test_all_of_a_line_comes_back_in_order_but_blanks_at_a_fold(
    pieces: list[tuple[str, Look]], columns: int
) -> None:
    line = tuple(span(text, look) for text, look in pieces)
    parts = list(fold(line, columns))
    check_drawable(parts, columns)
    rest = [(character, part.look) for part in line for character in part.text]
    for number, part in enumerate(parts):
        folded = [(character, piece.look) for piece in part for character in piece.text]
        if number and rest[: len(folded)] != folded:
            assert rest.pop(0)[0] == " "
        assert rest[: len(folded)] == folded
        del rest[: len(folded)]
    assert rest == []


def test_no_part_begins_with_the_blank_at_which_a_line_is_folded() -> None:
    assert texts_of(fold((span("one two three"),), 7)) == ["one two", "three"]
    assert texts_of(fold((span("one two  three"),), 7)) == ["one two", " three"]
    assert texts_of(fold((span("one two "),), 7)) == ["one two", " "]


def test_two_styles_at_once_are_one_look() -> None:
    [line] = style_lines("**a *b***")
    assert {part.text: part.look for part in line}["b"] is Look.STRONG


@given(st.text())
def test_the_lines_of_a_text_are_as_they_were(text: str) -> None:
    whole = safe_text(text, multiline=True).split("\n")
    assert texts_of(style_lines(text)) == list(map(without_leading_marks, whole))


@given(st.text("a\u0301\u200d\ufe0f\u1161語 "))
def test_a_line_begins_with_what_takes_room(text: str) -> None:
    bare = without_leading_marks(safe_text(text))
    assert not bare or takes_room(bare[0])
    assert safe_text(text).endswith(bare)
