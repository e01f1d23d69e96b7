"""Make text of a peer, a relay or a file safe to show, and fit it to a width.

Such text is hostile until it went through :func:`safe_text`: a terminal obeys control characters,
bidirectional overrides reorder what the reader sees, invisible characters hide data, and a tower
of combining marks covers the lines around it. Nothing is interpreted here: the characters that
carry power are taken away, and what remains of an escape sequence is plain letters.

=============  =======================================================================
fate           characters
=============  =======================================================================
space          tab
kept           newline, only in multiline text (where CR LF counts as one)
U+FFFD         C0 and C1 controls (so ESC, CSI, OSC), DEL, bidirectional embeddings,
               overrides and isolates, line and paragraph separators, interlinear
               annotation, lone surrogates, noncharacters
dropped        what no reader can see: directional marks, zero-width space, word joiner,
               byte order mark, soft hyphen, fillers, tags, supplementary selectors;
               joiners that join nothing, at the end and before ASCII: a terminal may
               keep one for the next other character, on whatever line that is
at most eight  combining marks, joiners (emoji and many scripts need them), variation
in a row       selectors and conjoining jamo; the rest of the run is dropped
at most 64     letters that pair up as flags; the rest of the run is dropped
in a row
unchanged      everything else
=============  =======================================================================
"""

import re
import unicodedata
from functools import cache, lru_cache

MARKS_MAX = 8
"""Longest run of characters that take no room of their own; Tibetan stacks need eight."""

FLAG_LETTERS_MAX = 64
"""Longest run of the letters that pair up as flags; telling the pairs apart takes time squared."""

_RUN_BEYOND_LATIN = re.compile(f"[\u0300-\U0001efff]{{{MARKS_MAX + 1}}}")
"""Without a match there are not too many marks in a row: all marks are among these characters."""

_WIDE_SOMEWHERE = frozenset(map(chr, range(0x3248, 0x3250)))
"""Circled numbers, for which some terminals use one column and others two."""

_NARROW = re.compile(
    "[ -~\xa0-\u02ff\u0370-\u0482\u048a-\u052f\u2010-\u2027\u2500-\u257f\u25b8\u2713]*"
)
"""Latin, Greek, Cyrillic, punctuation and frames: none of them joins another one of them."""

_JOINS_NOTHING = re.compile("\u200d+(?![^\\x00-\\x7f])")
_LONG_RUN_OF_FLAGS = re.compile(
    f"([\U0001f1e6-\U0001f1ff]{{{FLAG_LETTERS_MAX}}})[\U0001f1e6-\U0001f1ff]++"
)
_INVISIBLE = re.compile(
    "[\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2060-\u2065\u206a-\u206f"
    "\u3164\ufeff\uffa0\ufff0-\ufff8]+"
    "|[\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+"
)
_DANGEROUS = (
    "\\x00-\\x09\\x0b-\\x1f\\x7f-\\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069"
    "\\ud800-\\udfff\ufdd0-\ufdef\ufff9-\ufffb\ufffe\uffff"
)
_DANGEROUS_IN_LINES = re.compile(f"[{_DANGEROUS}]")
_DANGEROUS_IN_A_LINE = re.compile(f"[{_DANGEROUS}\n]")


def safe_text(text: str, *, multiline: bool = False) -> str:
    """Return ``text`` without anything that a terminal obeys or a reader cannot see.

    Idempotent, linear in the length of ``text``, never raises, never longer than ``text``. Without
    ``multiline`` the result is one line: a newline is a control character like the others.
    """
    if text.isascii() and text.isprintable():
        return text
    text = _INVISIBLE.sub("", text).replace("\t", " ")
    if multiline:
        text = _DANGEROUS_IN_LINES.sub("\ufffd", text.replace("\r\n", "\n"))
    else:
        text = _DANGEROUS_IN_A_LINE.sub("\ufffd", text)
    if text.isascii():
        return text
    if _RUN_BEYOND_LATIN.search(text):
        text = _long_run_of_marks().sub(r"\1", text)
    return _JOINS_NOTHING.sub("", _LONG_RUN_OF_FLAGS.sub(r"\1", text))


def clip(text: str, width: int) -> str:
    """Return ``text``, cut to at most ``width`` terminal columns; a cut ends in an ellipsis.

    ``text`` is one line that went through :func:`safe_text`. Clusters (a letter with its marks, an
    emoji of several characters) stay whole, and count as wide as a terminal without support for
    joined emoji draws them.
    """
    if is_narrow(text):
        return text if len(text) <= width else f"{text[: width - 1]}…" if width > 0 else ""
    from wcwidth import iter_graphemes

    used, kept, kept_with_ellipsis = 0, 0, 0
    for cluster in iter_graphemes(text):
        used += cluster_width(cluster)
        if used > width:
            return f"{text[:kept_with_ellipsis]}…" if width > 0 else ""
        kept += len(cluster)
        if used < width:
            kept_with_ellipsis = kept
    return text


def is_narrow(text: str) -> bool:
    """Tell without tables whether each character is a cluster of its own, one column wide.

    False says nothing: other texts may be like that as well.
    """
    return _NARROW.fullmatch(text) is not None


def text_width(text: str) -> int:
    """Return the most columns that a terminal may use for a line; see `clip` for what it is."""
    if is_narrow(text):
        return len(text)
    from wcwidth import iter_graphemes  # 35 ms that most starts need not pay

    return sum(map(cluster_width, iter_graphemes(text)))


def cluster_width(cluster: str) -> int:
    """Return the most columns that a terminal may use for one cluster of characters."""
    if len(cluster) == 1:
        return _character_width(cluster)
    from wcwidth import wcswidth

    return max(wcswidth(cluster), sum(map(_character_width, cluster)))


@lru_cache(maxsize=4096)
def _character_width(character: str) -> int:
    """Return the most columns for one character: a spacing mark may be drawn over a letter, too."""
    from wcwidth import wcwidth

    if unicodedata.category(character) == "Mc" or character in _WIDE_SOMEWHERE:
        return 1 if unicodedata.east_asian_width(character) == "N" else 2
    return max(wcwidth(character), 0)


@cache
def _long_run_of_marks() -> re.Pattern[str]:
    """Return the pattern of too long a run of marks; its group is the part to keep.

    Built at the first text that may have one, from the same tables that measure the width: looking
    at every character of the two planes that have marks takes 30 ms. The look-ahead spares most
    characters the slow search through the ranges of the second plane.
    """
    from wcwidth import wcwidth

    marks = [chr(code) for code in range(0x300, 0x1F000) if wcwidth(chr(code)) == 0]
    first_plane = "".join(mark for mark in marks if mark <= "\uffff")
    second_plane = "".join(mark for mark in marks if mark > "\uffff")
    one = f"(?:[{first_plane}]|(?=[\U00010000-\U0001efff])[{second_plane}])"
    return re.compile(f"({one}{{{MARKS_MAX}}}){one}++")
