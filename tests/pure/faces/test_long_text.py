"""Long texts in the line of a terminal."""

import pytest

from securechat.client.input.command_line import TEXT_MAX_BYTES
from securechat.faces.long_text import LONG_BYTES, LONG_LINES, find_excess, note_on_paste


@pytest.mark.parametrize(
    "text", ["", "one", "\n".join("x" * LONG_LINES), "x" * LONG_BYTES, "é" * (LONG_BYTES // 2)]
)
def test_of_a_paste_of_common_size_nothing_is_said(text: str) -> None:
    assert note_on_paste(text) is None


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("\n" * LONG_LINES, "21 lines, 20 bytes"),
        ("x" * (LONG_BYTES + 1), "4,097 bytes"),
        ("é" * (LONG_BYTES // 2 + 1), "4,098 bytes"),
        ("\udcff" * (LONG_BYTES + 1), "4,097 bytes"),
    ],
)
def test_a_long_paste_is_said_to_be_long(text: str, size: str) -> None:
    note = note_on_paste(text)
    assert note is not None
    assert note.text.startswith(f"This is long ({size}): Enter sends it as one message")


@pytest.mark.parametrize(
    "line",
    [
        *("", "hi", "/dance", "/msg", "\udcff", "x" * TEXT_MAX_BYTES),
        *("/msg bob " + "x" * TEXT_MAX_BYTES, "/msg bob " + ":thumbs_up:" * 800),
        "\n" * 5 + "x" * TEXT_MAX_BYTES,
    ],
)
def test_the_chat_judges_what_is_not_too_long(line: str) -> None:
    assert find_excess(line) is None


@pytest.mark.parametrize(
    "line",
    [
        "x" * (TEXT_MAX_BYTES + 1),
        "/msg bob " + "x" * (TEXT_MAX_BYTES + 1),
        ":a: " * 2000,
        "/dance " + "x" * TEXT_MAX_BYTES,
        "\udcff" * (TEXT_MAX_BYTES + 1),
    ],
)
def test_too_long_a_line_is_kept_to_be_shortened(line: str) -> None:
    error = find_excess(line)
    assert error is not None
    assert error.try_next
