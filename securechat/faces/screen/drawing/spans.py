"""What is drawn: lines of pieces of text that are safe, each with a look.

Only `span` makes pieces, so that nothing is drawn that did not go through `safe_text`.
"""

import re
from enum import Enum
from typing import NamedTuple

from securechat.text import clip, safe_text, text_width

_SETTLED = re.compile(
    "[ -~\u00a0-\u02ff\u0370-\u0373\u0376-\u0377\u037b-\u037f\u0384-\u0482\u048a-\u052f"
    "\u2010-\u2026\u2190-\u2193\u2500-\u259f\u25b8\u2713\u3041-\u3096\u30a1-\u30ff\u4e00-\u9fa5\uac00-\ud7a3]*"
)
"""Latin, Greek, Cyrillic, signs of ours, kana, and the oldest ideographs and syllables."""


class Look(Enum):
    """What a piece of text is, which says how it is coloured; the value names its style."""

    TEXT = "text"
    TIME = "time"
    NAME = "name"
    OWN = "own"
    STATE = "state"
    TRUST = "trust"
    CHANGED = "changed"
    QUOTE = "quote"
    CODE = "code"
    STRONG = "strong"
    EM = "em"
    STRUCK = "struck"
    FAINT = "faint"
    MARK = "mark"
    NEW = "new"
    NOTICE = "notice"
    ALERT = "alert"
    MENTION = "mention"
    REACTION = "reaction"
    SELECTED = "selected"
    TITLE = "title"
    STATUS = "status"
    SIDE = "side"
    SIDE_CURRENT = "side-current"
    SIDE_UNREAD = "side-unread"
    HINT = "hint"
    BLACK_ON_WHITE = "black-on-white"


class Span(NamedTuple):
    """A piece of a line: one line of safe text, and its look. Made by `span`."""

    text: str
    look: Look


Line = tuple[Span, ...]
"""One row of a terminal, or of a part of it."""


def span(text: str, look: Look = Look.TEXT) -> Span:
    """Return a piece of a line; whatever is in ``text``, it is safe and has no line break."""
    return Span(safe_text(text), look)


def width_of(line: Line) -> int:
    """Return the most columns that a terminal may use for a line."""
    return sum(text_width(part.text) for part in line)


def is_settled(text: str) -> bool:
    """Tell whether all terminals draw a safe text as wide as `width_of` counts it.

    They do not agree on marks, joined emoji and what is young: such a text may end further left.
    """
    return text.isascii() or _SETTLED.fullmatch(text) is not None


def crop(line: Line, columns: int) -> Line:
    """Return a line cut to at most so many columns; a cut ends in an ellipsis."""
    if width_of(line) <= columns:
        return line
    kept: list[Span] = []
    left = columns
    for part in line:
        width = text_width(part.text)
        if width >= left:  # it is too long, or leaves no room for the ellipsis
            kept.append(span(clip(f"{part.text}…", left), part.look))
            break
        kept.append(part)
        left -= width
    return tuple(part for part in kept if part.text)


def in_ascii(line: Line) -> Line:
    """Return a line for a terminal without Unicode: it shows where something is cut off."""
    return tuple(span(part.text.replace("…", "~"), part.look) for part in line)


def filled(line: Line, columns: int, look: Look) -> Line:
    """Return a line with blanks of this look behind it, up to so many columns."""
    missing = columns - width_of(line)
    return (*line, span(" " * missing, look)) if missing > 0 else line
