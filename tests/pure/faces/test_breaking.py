"""Lines for a terminal: none goes on at the left edge, whatever the terminal knows of Unicode."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wcwidth import wcswidth, wcwidth

from securechat.faces.breaking import break_line
from securechat.text import safe_text

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
AA = "\N{DEVANAGARI VOWEL SIGN AA}"
TEXTS = st.text() | st.lists(st.sampled_from([FAMILY, "\U0001f1e9", "☁️", " ", "語", "ab", AA])).map(
    "".join
)


def columns(line: str) -> int:
    """Return how wide a line can be: on a terminal that joins characters, and on one that does not.

    The second is what no joining is done for: every character as wide as it is alone, and so each
    spacing mark, too.
    """
    return max(wcswidth(line), sum(map(columns_alone, line)))


def columns_alone(character: str) -> int:
    return max(wcwidth(character), int(unicodedata.category(character) == "Mc"))


@given(TEXTS, st.integers(12, 40))
def test_nothing_is_lost_and_every_part_fits(text: str, width: int) -> None:
    line = safe_text(text)
    first, *others = break_line(line, width, indent="  ", first_indent="> ")
    assert (
        "".join([first.removeprefix("> "), *(part.removeprefix("  ") for part in others)]) == line
    )
    assert all(part.startswith("  ") for part in others)
    assert all(columns(part) <= width for part in (first, *others))


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("", [""]),
        ("one two three", ["one two ", "  three"]),
        ("one two  three", ["one two  ", "  three"]),
        ("ab cdefgh  i", ["ab cdefgh ", "   i"]),
        ("one twothreefour", ["one ", "  twothree", "  four"]),
        ("a" * 10, ["a" * 10]),
        ("a" * 11, ["a" * 10, "  a"]),
    ],
)
def test_a_line_is_broken_at_blanks(line: str, parts: list[str]) -> None:
    assert break_line(line, 10, indent="  ") == parts


def test_a_cluster_is_as_wide_as_a_terminal_that_does_not_join_it_draws_it() -> None:
    assert break_line(FAMILY * 2, 10) == [FAMILY, FAMILY]


def test_a_cluster_wider_than_a_line_is_broken() -> None:
    parts = break_line("\u200d".join("\U0001f468" * 20), 10)
    assert len(parts) == 4
    assert all(columns(part) <= 10 for part in parts)
