"""Lines in pieces: nothing is lost when they are folded, and each piece keeps its look."""

from hypothesis import given
from hypothesis import strategies as st

from securechat.faces.screen.folding import fold, style_lines, without_leading_marks
from securechat.faces.screen.spans import Look, span
from securechat.text import safe_text
from tests.pure.faces.screen.drawn import check_drawable, takes_room, text_of, texts_of

PIECES = st.lists(st.tuples(st.text(max_size=30), st.sampled_from(Look)), max_size=6)


@given(PIECES, st.integers(2, 40))
def test_all_of_a_line_comes_back_in_order(pieces: list[tuple[str, Look]], columns: int) -> None:
    line = tuple(span(text, look) for text, look in pieces)
    parts = list(fold(line, columns))
    check_drawable(parts, columns)
    assert "".join(texts_of(parts)) == text_of(line)
    looks = [(character, part.look) for part in line for character in part.text]
    assert [(c, part.look) for each in parts for part in each for c in part.text] == looks


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
