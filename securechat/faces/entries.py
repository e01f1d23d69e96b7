"""What a face of lines shows: one entry for each event, laid out so that none can look like two."""

from dataclasses import dataclass
from enum import Enum

from securechat.text import safe_text

INDENT = "    "

_PIECE_CHARACTERS = 2048
"""A longer line is broken piece by piece: breaking one takes time squared."""


class Tone(Enum):
    """What kind of entry it is; the words alone say it too."""

    MESSAGE = "message"
    SERVER = "server"
    NOTE = "note"
    ALERT = "alert"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Entry:
    """Something to show, as it came: `lay_out` makes it safe.

    ``body`` is the end of ``text`` that a person has written: only that may have Markdown in it.
    """

    text: str
    tone: Tone = Tone.NOTE
    body: str = ""


def lay_out(entry: Entry, width: int | None = None) -> str:
    """Return the text of an entry, safe to show: every line after the first is indented.

    With a ``width`` (terminal columns) long lines are broken, so that the terminal does not break
    them itself and start a line at its left edge with the words of somebody else.
    """
    lines = safe_text(entry.text, multiline=True).split("\n")
    if width is None:
        return f"\n{INDENT}".join(lines)
    return "\n".join(
        part for number, line in enumerate(lines) for part in _break(line, number > 0, width)
    )


def _break(line: str, indented: bool, width: int) -> list[str]:
    from wcwidth import wrap  # 35 ms that a start need not pay

    first = INDENT if indented else ""
    starts = range(0, len(line), _PIECE_CHARACTERS) or (0,)
    return [
        part
        for start in starts
        for part in wrap(
            line[start : start + _PIECE_CHARACTERS],
            max(width, 4 * len(INDENT)),
            initial_indent=first if start == 0 else INDENT,
            subsequent_indent=INDENT,
            drop_whitespace=False,
            break_on_hyphens=False,
        )
        or [first]
    ]
