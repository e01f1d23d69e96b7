"""Markdown in messages: it changes how a text looks, never what it says."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securechat.faces.markdown import LENGTH_MAX, MARKS_MAX, Piece, style
from securechat.text import safe_text

BOLD, ITALIC, STRUCK, CODE, QUOTED, MARK = "1", "3", "9", "33", "32", "2"
MARKED = st.text(alphabet=" \n\\*_~`>-#[]()<>!&;:/ab1é語")


def styled(text: str) -> list[tuple[str, str]]:
    """Return what is styled, without the marks and the rest."""
    return [(text, sgr) for text, sgr in style(text) if text and sgr and MARK not in sgr.split(";")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("so **very** good", [("very", BOLD)]),
        ("so *very* good", [("very", ITALIC)]),
        ("so _very_ good", [("very", ITALIC)]),
        ("so ~~very~~ good", [("very", STRUCK)]),
        ("**a *b***", [("a ", BOLD), ("b", f"{BOLD};{ITALIC}")]),
        ("run `ls *` now", [("`ls *`", CODE)]),
        ("run `` ` `` now", [("`` ` ``", CODE)]),
        ("> said *so*", [("said ", QUOTED), ("so", f"{QUOTED};{ITALIC}")]),
        ("> > twice", [("twice", QUOTED)]),
        ("```c\n*x*\n```\n*y*", [("```c", CODE), ("*x*", CODE), ("```", CODE), ("y", ITALIC)]),
        ("~~~\n```\n~~~\n*y*", [("~~~", CODE), ("```", CODE), ("~~~", CODE), ("y", ITALIC)]),
        ("````\n```\n*x*", [("````", CODE), ("```", CODE), ("*x*", CODE)]),
        ("``` not `a` fence", [("`a`", CODE)]),
        ("snake_case_name, 2 * 3 * 4", []),
        (r"\*not\* *this*", [("this", ITALIC)]),
        ("*not\nthis*", []),
        ("<b>no</b> ![no](x.png) &amp; # no", []),
        ("- a list\n1. stays", []),
    ],
)  # fmt: skip
def test_what_is_styled(text: str, expected: list[tuple[str, str]]) -> None:
    assert styled(text) == expected
    assert "".join(piece.text for piece in style(text)) == text


def test_the_marks_stay_and_are_fainter() -> None:
    assert style("a **b**") == [
        Piece("a "),
        Piece("**", MARK),
        Piece("b", BOLD),
        Piece("**", MARK),
        Piece(""),
    ]


@pytest.mark.parametrize(
    "link",
    [
        "[https://bank.example](https://evil.example)",
        "[the bank](https://evil.example 'title')",
        "<https://evil.example>",
        "[a]: https://evil.example",
        "![picture](https://evil.example/a.png)",
    ],
)
def test_a_link_hides_nothing(link: str) -> None:
    assert "".join(piece.text for piece in style(f"see **this** {link} _now_")) == (
        f"see **this** {link} _now_"
    )
    assert styled(link) == []


@given(MARKED)
def test_styling_changes_no_character(text: str) -> None:
    assert "".join(piece.text for piece in style(text)) == text


@given(st.text())
def test_styling_any_text_changes_no_character_and_adds_only_known_parameters(text: str) -> None:
    text = safe_text(text, multiline=True)
    pieces = style(f"**{text}** `{text}`")
    assert "".join(piece.text for piece in pieces) == f"**{text}** `{text}`"
    allowed = {"", BOLD, ITALIC, STRUCK, CODE, QUOTED, MARK}
    assert all(set(piece.sgr.split(";")) <= allowed for piece in pieces)


@pytest.mark.parametrize(
    "text", ["*a*" + "x" * LENGTH_MAX, "*a* " * MARKS_MAX, r"\a" * 600 + "*b*"]
)
def test_beyond_the_limits_a_text_is_plain(text: str) -> None:
    assert style(text) == [Piece(text)]


@pytest.mark.parametrize(
    "text",
    [
        "*" * 8000,
        "[" * 4000 + "*a*",
        ">" * 8000,
        "> " * 4000 + "*a*",
        "*" * MARKS_MAX,
        "a*" * MARKS_MAX,
        "*a_ " * (MARKS_MAX // 2),
        "*~~_" * (MARKS_MAX // 4),
        "".join("`" * count + "a" for count in range(1, 31)),
        "```\n" * 2000,
        "`" * 8000,
        "~" * 8000,
        "\n" * 8000 + "*a*",
        "![](" * 2000 + "*a*",
        "<" * 8000 + "*a*",
    ],
)
def test_hostile_texts_take_little_time(text: str) -> None:
    style("*a*")
    started_s = time.process_time()
    pieces = style(text)
    assert time.process_time() - started_s < 1.0  # measured: less than 0.03
    assert "".join(piece.text for piece in pieces) == text
