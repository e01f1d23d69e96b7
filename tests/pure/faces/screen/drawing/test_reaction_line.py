"""Reactions: few words for many of them."""

import pytest

from securechat.faces.screen.drawing.reaction_line import (
    NAMES_MAX,
    SYMBOLS_MAX,
    reaction_line,
    show_symbol,
)
from tests.pure.faces.screen.drawn import text_of


@pytest.mark.parametrize("symbol", ["+1", "heart_eyes", "❤\ufe0f", "👍🏽", "✓"])
def test_words_and_signs_stand_as_they_are(symbol: str) -> None:
    assert show_symbol(symbol) == symbol


@pytest.mark.parametrize(
    ("symbol", "shown"),
    [
        ("x bob", '"x bob"'),
        ("x,bob", '"x,bob"'),
        ("❤bob", '"❤bob"'),
        ("❤，", '"❤，"'),
        ("١", '"١"'),
        ("1\ufe0f\u20e3", '"1\ufe0f\u20e3"'),
        ("\u00a0", '""'),
        ("·", '"·"'),
        ("", '""'),
        ("a" * 17, f'"{"a" * 15}…"'),
        ("\x1b[2J", '"\ufffd\'2J"'),
    ],
)
def test_others_are_quoted(symbol: str, shown: str) -> None:
    assert show_symbol(symbol) == shown


def test_many_are_counted() -> None:
    names = [f"p{number}" for number in range(NAMES_MAX + 2)]
    same = reaction_line([(name, "tea") for name in names], unicode=True)
    assert text_of(same) == "tea p0, p1, p2, p3, p4, 2 more"
    different = reaction_line([(name, name) for name in map(str, range(99))], unicode=False)
    assert text_of(different).endswith(f"11 11 | {99 - SYMBOLS_MAX} others")
