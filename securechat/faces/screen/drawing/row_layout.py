"""How a message or a notice becomes lines of the screen.

The first six columns, the gutter, are ours alone: what somebody has written begins behind them on
every line, and each line that is all ours has something in them.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from itertools import chain, islice, repeat

from msgspec import Struct

from securechat.faces.entries import Entry, Tone
from securechat.faces.screen.drawing.folding import fold, style_lines, without_leading_marks
from securechat.faces.screen.drawing.reaction_line import reaction_line
from securechat.faces.screen.drawing.row_heading import head_of
from securechat.faces.screen.drawing.rows import Notice, Row
from securechat.faces.screen.drawing.spans import Line, Look, Span, crop, span, width_of
from securechat.faces.wording.messages import missing_of
from securechat.text import safe_text

GUTTER_COLUMNS = 6
LINES_MAX = 400
"""The most lines of one text: the longest one of a peer has 4,096."""

_LEAST_COLUMNS = 2
_SHORTEST_RULE = 3
_BLANK = span(" " * GUTTER_COLUMNS)
_OUR_STYLES = re.compile(r"\x1b\[[0-9;]*m")
_LOOKS = {
    Tone.ALERT: Look.ALERT,
    Tone.PROBLEM: Look.ALERT,
    Tone.MENTION: Look.MENTION,
}


class Paper(Struct, frozen=True):
    """What is drawn on: its width in columns, the time, and whether it shows more than ASCII.

    Of the time only the zone counts: the same row is always drawn as the same lines.
    """

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
    messages are new from this one on, a line that says so. No line is wider than the paper, if that
    has 8 columns.
    """
    then = _local(row.time_ms, paper)
    lines: list[Line] = []
    if before is None or _is_other_day(then, _local(before.time_ms, paper)):
        lines.append(_rule(_day(then), Look.MARK, paper))
    if new_here:
        since = (f"{new_here:,} new since {_clock(then)}", f"{new_here:,} new")
        lines.append(_rule(since, Look.NEW, paper))
    if isinstance(row, Notice):
        return lines + _lay_out_notice(row.entry, then, paper)
    if row.missing:
        lines += _lay_out_notice(missing_of(row.sender, row.missing), then, paper)
    return lines + _lay_out_message(row, before, paper, then, selected=selected)


def _local(time_ms: int, paper: Paper) -> datetime | None:
    """Return a time in the zone of the reader; None when it cannot be one."""
    try:
        return datetime.fromtimestamp(time_ms / 1000, paper.now.tzinfo)
    except (OverflowError, ValueError, OSError):
        return None


def _is_other_day(one: datetime | None, other: datetime | None) -> bool:
    return (one and one.date()) != (other and other.date())


def _clock(then: datetime | None) -> str:
    return "--:--" if then is None else f"{then:%H:%M}"


def _day(then: datetime | None) -> tuple[str, str]:
    """Return the words for a day, and what is said of it where there is no room for them."""
    if then is None:
        return "an impossible time", "no time"
    return f"{then:%A} {then.day} {then:%B %Y}", f"{then:%Y-%m-%d}"


def _rule(words: tuple[str, str], look: Look, paper: Paper) -> Line:
    """Return a line across the paper with words in its middle."""
    long, short = words
    fits = len(long) + 2 * (_SHORTEST_RULE + 1) <= paper.width
    text = f" {long if fits else short} "
    free = max(paper.width - len(text), 0)
    stroke = "─" if paper.unicode else "-"
    line = stroke * (free // 2) + text + stroke * (free - free // 2)
    return crop((span(line.strip(), look),), paper.width)


def _lay_out_notice(entry: Entry, then: datetime | None, paper: Paper) -> list[Line]:
    look = _LOOKS.get(entry.tone, Look.NOTICE)
    texts = safe_text(entry.text, multiline=True).split("\n")
    gutter = span(f"{_clock(then)} ", Look.TIME)
    lines = ((span(without_leading_marks(text), look),) for text in texts)
    return _with_gutter(gutter, lines, paper) + _drawing(entry, paper)


def _drawing(entry: Entry, paper: Paper) -> list[Line]:
    """Return the lines of a drawing of ours, if it can be shown whole."""
    texts = [_OUR_STYLES.sub("", text) for text in entry.drawing]
    lines: list[Line] = [(_BLANK, span(text, Look.BLACK_ON_WHITE)) for text in texts]
    fits = all(width_of(line) <= paper.width for line in lines)
    return lines if fits and paper.unicode else []


def _lay_out_message(
    row: Row,
    before: Row | Notice | None,
    paper: Paper,
    then: datetime | None,
    *,
    selected: bool,
) -> list[Line]:
    first, *others = [()] if row.deleted else style_lines(row.text)
    texts = [(*head_of(row, before), *first), *others]
    gutter = _first_gutter(row, _clock(then), paper, selected=selected)
    lines = _with_gutter(gutter, texts, paper)
    if row.reactions:
        reactions = reaction_line(row.reactions, unicode=paper.unicode)
        lines += _with_gutter(span("    + ", Look.REACTION), [reactions], paper)
    if selected:
        lines = [(span(line[0].text, Look.SELECTED), *line[1:]) for line in lines]
    return lines


def _first_gutter(row: Row, clock: str, paper: Paper, *, selected: bool) -> Span:
    """Return the time, and a sign: the message is the chosen one, or it names the reader."""
    if selected:
        return span(f"{clock}{'▸' if paper.unicode else '>'}", Look.SELECTED)
    return span(f"{clock}@", Look.MENTION) if row.mention else span(f"{clock} ", Look.TIME)


def _with_gutter(gutter: Span, texts: Iterable[Line], paper: Paper) -> list[Line]:
    """Return folded lines behind the gutter, which is blank but for the first; not too many."""
    columns = max(paper.width - GUTTER_COLUMNS, _LEAST_COLUMNS)
    folded = (part for text in texts for part in fold(text, columns))
    gutters = chain((gutter,), repeat(_BLANK))
    lines: list[Line] = [(next(gutters), *part) for part in islice(folded, LINES_MAX)]
    if next(folded, None) is not None:
        dots = "…" if paper.unicode else "..."
        rest = (span(f"{dots:>5} ", Look.MARK), span("copy it to read the rest", Look.HINT))
        lines.append(crop(rest, paper.width))
    return lines
