"""Entries with colour: the same text, and no escape sequence but ours."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securechat.faces.entries import INDENT, Entry, Tone, lay_out
from securechat.faces.line import painting
from securechat.faces.line.painting import paint
from securechat.faces.markdown import Piece

OURS = re.compile(r"(?:\x1b\[[0-9;]+m)*")
HOSTILE = "\x1b]52;c;aGk=\x07 \x1b[2J \x9b31m \u202eabc \x07 *\x1b[1m* `\x1b[0m` **a\rb**"
MARKED = st.text(alphabet=" \n\\*_~`>ab語é\u0301\x1b\x07\u202e\t\r")


def said(body: str) -> Entry:
    return Entry(f"bob: {body}", Tone.MESSAGE, body=body)


def painted(entry: Entry, width: int | None = None, *, colored: bool = True) -> str:
    return "".join(map("".join, paint(entry, width, colored=colored)))


def test_the_body_is_styled_and_the_rest_is_not() -> None:
    entry = Entry("b*o*b (new): *hi*", Tone.MESSAGE, body="*hi*")
    assert painted(entry) == (
        "b*o*b (new): \x1b[2m*\x1b[0m\x1b[3mhi\x1b[0m\x1b[2m*\x1b[0m"
    )  # fmt: skip


@pytest.mark.parametrize("tone", [Tone.NOTE, Tone.ALERT, Tone.PROBLEM])
def test_what_has_no_body_is_never_styled(tone: Tone) -> None:
    shown = painted(Entry("[NOTICE] **a** `b`", tone))
    assert re.sub(r"\x1b\[[0-9;]+m", "|", shown) == "|[NOTICE] **a** `b`|"


@pytest.mark.parametrize("colored", [True, False])
def test_a_drawing_is_shown_below_the_text_as_it_is(colored: bool) -> None:
    drawing = ("\x1b[48;5;16m  \x1b[0m", "\x1b[48;5;231m  \x1b[0m")
    parts = list(paint(Entry("x" * 30, drawing=drawing), 20, colored=colored))
    assert parts[-4:] == [("", "\n"), (drawing[0], ""), ("", "\n"), (drawing[1], "")]
    assert "\x1b" not in "".join(text for _, text in parts)


def test_without_colour_a_text_stays_as_it_was_typed() -> None:
    assert painted(said("**a** `b`\n> c"), colored=False) == "bob: **a** `b`\n    > c"


def test_the_tone_comes_back_behind_what_is_styled() -> None:
    shown = painted(Entry("bob: *a* b", Tone.ALERT, body="*a* b"))
    assert shown.endswith("\x1b[0m\x1b[1;31m b\x1b[0m")


def test_a_text_of_several_lines_and_hostile_characters_is_styled_too() -> None:
    shown = painted(said("\x1b[1mone\ntwo\r\n*three*"), 40)
    assert shown.endswith("\x1b[3mthree\x1b[0m\x1b[2m*\x1b[0m")


def test_styling_never_decides_over_what_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(painting, "style", lambda text: [Piece(text.replace("*", ""), "1")])
    assert painted(said("2*3*4")) == "bob: 2*3*4"


def test_a_block_of_code_keeps_its_lines_and_is_indented() -> None:
    shown = painted(said("```\n  x = 1\n\ny\n```"), 40)
    assert re.sub(r"\x1b\[[0-9;]+m", "", shown).split("\n") == [
        "bob: ```",
        f"{INDENT}  x = 1",
        INDENT,
        f"{INDENT}y",
        f"{INDENT}```",
    ]


def test_an_indent_is_never_styled() -> None:
    parts = list(paint(said("**" + "long " * 40 + "end**"), 40, colored=True))
    assert [sequence for sequence, text in parts if text == f"\n{INDENT}"]
    assert not any("\n" in text and sequence for sequence, text in parts)
    assert any(sequence == "\x1b[1m" for sequence, _ in parts)


def assert_safe(body: str, width: int | None) -> None:
    parts = list(paint(said(body), width, colored=True))
    assert "".join(text for _, text in parts) == lay_out(said(body), width)
    assert all(OURS.fullmatch(sequence) for sequence, _ in parts)
    shown = "".join(text for _, text in parts)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown)
    assert all(line.startswith(INDENT) for line in shown.split("\n")[1:])


@pytest.mark.parametrize("width", [None, 1, 20, 80])
def test_what_a_terminal_obeys_does_not_arrive(width: int | None) -> None:
    assert_safe(HOSTILE, width)
    assert_safe(f"```\n{HOSTILE}\n```\n> {HOSTILE}\n", width)


@given(MARKED, st.none() | st.integers(0, 60))
def test_marks_never_change_the_text(body: str, width: int | None) -> None:
    assert_safe(body, width)


@given(st.text(), st.none() | st.integers(16, 60))
def test_no_text_changes_or_brings_a_sequence(body: str, width: int | None) -> None:
    assert_safe(f"*{body}* `{body}`\n**{body}**", width)
