"""What a face of lines shows: one entry for each event, laid out so that none can look like two."""

from enum import Enum

from msgspec import Struct

from securechat.faces.breaking import break_line
from securechat.text import safe_text

INDENT = "    "


class Tone(Enum):
    """What kind of entry it is; the words alone say it too."""

    MESSAGE = "message"
    MENTION = "mention"
    SERVER = "server"
    NOTE = "note"
    ALERT = "alert"
    PROBLEM = "problem"


class Entry(Struct, frozen=True):
    """Something to show, as it came: `lay_out` makes it safe.

    ``body`` is the end of ``text`` that a person has written: only that may have Markdown in it.
    ``drawing`` is shown below the text as it is: its lines have escape sequences, all of them ours.
    """

    text: str
    tone: Tone = Tone.NOTE
    body: str = ""
    drawing: tuple[str, ...] = ()


def lay_out(entry: Entry, width: int | None = None) -> str:
    """Return the text of an entry, safe to show: every line after the first is indented.

    With a ``width`` (terminal columns) long lines are broken, so that the terminal does not break
    them itself and start a line at its left edge with the words of somebody else.
    """
    lines = safe_text(entry.text, multiline=True).split("\n")
    if width is None:
        return f"\n{INDENT}".join(lines)
    return "\n".join(
        part
        for number, line in enumerate(lines)
        for part in break_line(
            line,
            max(width, 4 * len(INDENT)),
            indent=INDENT,
            first_indent=INDENT if number else "",
        )
    )
