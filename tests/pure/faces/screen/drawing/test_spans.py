"""Pieces of lines: always safe, and never wider than said."""

from hypothesis import given
from hypothesis import strategies as st

from securechat.faces.screen.drawing.spans import Line, Look, crop, filled, span, width_of
from securechat.text import safe_text

PIECES = st.lists(st.text(max_size=12), max_size=4)


def line_of(*texts: str) -> Line:
    return tuple(span(text) for text in texts)


def test_nothing_that_a_terminal_obeys_becomes_part_of_a_line() -> None:
    assert span("a\x1b[2J\nb\u202ec").text == "a\ufffd[2J\ufffdb\ufffdc"


def test_a_cut_ends_in_an_ellipsis_of_the_same_look() -> None:
    line = (span("hello "), span("world", Look.STRONG))
    assert crop(line, 11) == line
    assert crop(line, 10) == (span("hello "), span("wor…", Look.STRONG))
    assert crop(line, 6) == (span("hello…"),)
    assert crop(line, 0) == ()


def test_blanks_fill_a_line_up() -> None:
    assert filled(line_of("日本"), 6, Look.TITLE) == (span("日本"), span("  ", Look.TITLE))
    assert filled(line_of("日本"), 3, Look.TITLE) == line_of("日本")


@given(PIECES, st.integers(-1, 30))
def test_a_cut_line_is_safe_and_fits(texts: list[str], columns: int) -> None:
    cut = crop(line_of(*texts), columns)
    assert width_of(cut) <= max(columns, 0)
    assert all(safe_text(part.text) == part.text for part in cut)


@given(PIECES, st.integers(1, 30))
def test_what_is_cut_off_is_the_end(texts: list[str], columns: int) -> None:
    line = line_of(*texts)
    whole, cut = ("".join(part.text for part in parts) for parts in (line, crop(line, columns)))
    assert cut == whole or (cut.endswith("…") and whole.startswith(cut[:-1]))
