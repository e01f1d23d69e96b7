"""What a field may draw."""

from hypothesis import given
from hypothesis import strategies as st

from securechat.faces.screen.drawing.typed_text import typed_text
from securechat.text import safe_text


def test_lines_and_tabs_are_kept() -> None:
    assert typed_text("a\r\n\tb\rc\nd") == "a\n\tb\nc\nd"


def test_what_a_terminal_obeys_is_gone() -> None:
    assert typed_text("\x1b]0;x\x07 \u202e \x9b1m") == "\ufffd]0;x\ufffd \ufffd \ufffd1m"


@given(st.text())
def test_it_is_safe_but_for_its_tabs_and_stays_as_it_is(text: str) -> None:
    typed = typed_text(text)
    assert all(safe_text(part, multiline=True) == part for part in typed.split("\t"))
    assert typed_text(typed) == typed
