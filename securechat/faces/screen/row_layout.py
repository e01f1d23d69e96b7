"""How a message or a notice becomes lines of the screen.

The first six columns are ours alone: what somebody has written begins behind them on every line.
"""

from dataclasses import dataclass
from datetime import datetime

from securechat.faces.breaking import break_line
from securechat.faces.entries import Entry
from securechat.faces.message_wording import clock
from securechat.faces.screen.rows import Notice, Row
from securechat.faces.screen.spans import Line, Look, span
from securechat.text import safe_text

GUTTER_COLUMNS = 6

_LEAST_COLUMNS = 12
_INDENT = " " * GUTTER_COLUMNS


@dataclass(frozen=True, slots=True)
class Paper:
    """What is drawn on: its width in columns, the time, and whether it shows more than ASCII."""

    width: int
    now: datetime
    unicode: bool


def lay_out_row(
    row: Row | Notice,
    before: Row | Notice | None,
    paper: Paper,
    *,
    new_here: int = 0,
    selected: bool = False,
) -> list[Line]:
    """Return the lines of a row, with what stands above it.

    That is the mark of its day, unless the row ``before`` is of the same one, and, if ``new_here``
    messages are new from this one on, a line that says so.
    """
    lines = [_new_line(new_here)] if new_here else []
    day = _day(row, paper)
    if before is None or _day(before, paper) != day:
        lines.insert(0, (span(f"--- {day} ---", Look.MARK),))
    if isinstance(row, Notice):
        return lines + _lay_out_notice(row.entry, paper.width)
    return lines + _lay_out_message(row, paper, Look.SELECTED if selected else Look.TEXT)


def _day(row: Row | Notice, paper: Paper) -> str:
    try:
        return f"{datetime.fromtimestamp(row.time_ms / 1000, paper.now.tzinfo):%A %d %B %Y}"
    except (OverflowError, ValueError, OSError):
        return "an impossible time"


def _new_line(count: int) -> Line:
    return (span(f"--- {count} new ---", Look.NEW),)


def _lay_out_notice(entry: Entry, width: int) -> list[Line]:
    first, *others = safe_text(entry.text, multiline=True).split("\n")
    parts = [
        *_broken(first, width, ""),
        *(part for line in others for part in _broken(line, width)),
    ]
    return [(span(part, Look.NOTICE),) for part in parts]


def _lay_out_message(row: Row, paper: Paper, look: Look) -> list[Line]:
    words = f"{row.sender}: {row.text}"
    parts = [
        part
        for line in safe_text(words, multiline=True).split("\n")
        for part in _broken(line, paper.width)
    ]
    time = clock(row.time_ms, paper.now)[-5:]
    first = (span(f"{time} ", Look.TIME), span(parts[0][GUTTER_COLUMNS:], look))
    return [first, *((span(part, look),) for part in parts[1:])]


def _broken(line: str, width: int, first_indent: str = _INDENT) -> list[str]:
    columns = max(width, _LEAST_COLUMNS)
    return break_line(line, columns, indent=_INDENT, first_indent=first_indent)
