"""When to colour, and how little."""

import pytest

from securechat.faces.color import ColorChoice, color_codes, wants_color
from securechat.faces.entries import Tone

XTERM = {"TERM": "xterm-256color"}


@pytest.mark.parametrize(
    ("choice", "environ", "terminal", "wanted"),
    [
        ("auto", XTERM, True, True),
        ("auto", XTERM, False, False),
        ("auto", {**XTERM, "NO_COLOR": "1"}, True, False),
        ("auto", {**XTERM, "NO_COLOR": ""}, True, True),
        ("auto", {"TERM": "dumb"}, True, False),
        ("auto", {}, True, False),
        ("always", {"NO_COLOR": "1"}, False, True),
        ("never", XTERM, True, False),
    ],
)
def test_the_flag_decides_then_the_surroundings(
    choice: str, environ: dict[str, str], terminal: bool, wanted: bool
) -> None:
    assert wants_color(ColorChoice(choice), environ, terminal=terminal) is wanted


def test_messages_are_not_coloured() -> None:
    assert color_codes(Tone.MESSAGE) == ("", "")


@pytest.mark.parametrize("tone", [tone for tone in Tone if tone is not Tone.MESSAGE])
def test_colour_ends_where_the_entry_ends(tone: Tone) -> None:
    before, after = color_codes(tone)
    assert before.startswith("\x1b[")
    assert after == "\x1b[0m"
