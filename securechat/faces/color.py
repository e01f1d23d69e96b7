"""A little colour, and never colour alone."""

from collections.abc import Mapping
from enum import StrEnum

from securechat.faces.entries import Tone

RESET = "\x1b[0m"
_CODES = {
    Tone.MESSAGE: "",
    Tone.MENTION: "\x1b[1;35m",
    Tone.SERVER: "\x1b[36m",
    Tone.NOTE: "\x1b[36m",
    Tone.ALERT: "\x1b[1;31m",
    Tone.PROBLEM: "\x1b[31m",
}


class ColorChoice(StrEnum):
    """The values of ``--color``."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


def wants_color(choice: ColorChoice, environ: Mapping[str, str], *, terminal: bool) -> bool:
    """Return whether to colour: the flag decides, then NO_COLOR, TERM and where output goes."""
    if choice is not ColorChoice.AUTO:
        return choice is ColorChoice.ALWAYS
    return terminal and not environ.get("NO_COLOR") and environ.get("TERM", "dumb") != "dumb"


def color_codes(tone: Tone) -> tuple[str, str]:
    """Return what to write before and after an entry; both empty for one without colour."""
    code = _CODES[tone]
    return code, RESET if code else ""
