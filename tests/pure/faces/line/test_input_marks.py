"""Marks in the line being typed: few are displayed, and the cursor stands where it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import fragment_list_to_text
from prompt_toolkit.layout.controls import BufferControl
from prompt_toolkit.layout.processors import Transformation, TransformationInput

from securechat.faces.line.input_marks import FewMarks
from securechat.text import MARKS_MAX


def displayed(text: str) -> Transformation:
    return FewMarks().apply_transformation(
        TransformationInput(
            BufferControl(Buffer()), Document(text), 0, lambda index: index, [("", text)], 80, 24
        )
    )


@pytest.mark.parametrize("mark", ["\u0301", "\u200d", "\u200b", "\U000e0100"])
def test_a_tower_is_cut(mark: str) -> None:
    shown = fragment_list_to_text(displayed(f"a{mark * 100}b{mark}").fragments)
    assert shown == f"a{mark * MARKS_MAX}b{mark}"


@pytest.mark.parametrize("text", ["", "hello", "héllo 語 \U0001f468\u200d\U0001f469"])
def test_a_usual_line_is_displayed_as_it_is(text: str) -> None:
    assert fragment_list_to_text(displayed(text).fragments) == text


@given(st.text(st.sampled_from("ab\u0301\u200b"), max_size=60))
def test_the_cursor_stands_before_the_character_that_it_is_before(text: str) -> None:
    made = displayed(text)
    shown = fragment_list_to_text(made.fragments)
    for index, character in enumerate(shown):
        assert text[made.display_to_source(index)] == character
        assert made.source_to_display(made.display_to_source(index)) == index
    assert made.source_to_display(len(text)) == len(shown)
    assert made.display_to_source(len(shown)) == len(text)
