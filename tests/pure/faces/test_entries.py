"""Entries on the screen: safe, and none can look like another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wcwidth import wcswidth

from securechat.faces.entries import INDENT, Entry, lay_out


def test_further_lines_are_indented() -> None:
    assert lay_out(Entry("bob: one\n[SERVER] Eve left the chat!")) == (
        f"bob: one\n{INDENT}[SERVER] Eve left the chat!"
    )


def test_what_a_terminal_obeys_does_not_arrive() -> None:
    shown = lay_out(Entry("bob: \x1b]52;c;aGk=\x07\x9b2J\u202ehi\rcarol: x"))
    assert not set(shown) & set("\x1b\x07\x9b\u202e\r")


@pytest.mark.parametrize("filler", [" ", "\u00a0", "x", "語"])
def test_a_line_too_wide_for_the_terminal_cannot_begin_a_line(filler: str) -> None:
    text = "bob: " + filler * 200 + "[SERVER] Eve left the chat!" + filler * 200
    first, *others = lay_out(Entry(text), 40).split("\n")
    assert first.startswith("bob: ")
    assert others
    assert all(line.startswith(INDENT) for line in others)


def test_an_empty_line_of_a_message_stays() -> None:
    assert lay_out(Entry("bob: one\n\ntwo"), 40).split("\n") == [
        "bob: one",
        INDENT,
        f"{INDENT}two",
    ]


@pytest.mark.parametrize("width", [1, 4, 0, -1])
def test_a_tiny_terminal_shows_all_the_same(width: int) -> None:
    assert "hello" in lay_out(Entry("bob: hello\nthere"), width)


@given(st.text(), st.integers(20, 100))
def test_every_line_fits_and_is_indented(text: str, width: int) -> None:
    first, *others = lay_out(Entry(f"bob: {text}"), width).split("\n")
    assert first.startswith("bob:")
    assert all(line.startswith(INDENT) for line in others)
    assert all(wcswidth(line) <= width for line in (first, *others))
