"""How the marks of Markdown in a message look on a terminal with colour.

Markup changes how a text looks, never what it says: the marks stay where they are, only fainter,
and a link is the text that was typed, so that no label hides its target. What is styled is bold,
italic, struck out and code, blocks of code between fences, and quotes; each within its line.
"""

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

LENGTH_MAX = 8 * 1024
"""The longest text that is looked at, in characters; no message is longer."""

MARKS_MAX = 512
"""The most marks outside of blocks of code, so that a text of nothing else is soon shown."""

_MARKS = re.compile(r"[*_~`\\]")
_WORTH_PARSING = re.compile(r"[*_~`]|^ {0,3}>", re.MULTILINE)
_FENCE = re.compile(r" {0,3}(?P<fence>`{3,}+(?=[^`]*\Z)|~{3,}+)(?P<info>.*)\Z")
_QUOTE = re.compile(r" {0,3}>[> ]*")

_CODE, _QUOTED, _MARK = "33", "32", "2"
_STYLES = {"strong": "1", "em": "3", "s": "9"}


class Piece(NamedTuple):
    """A part of a text, and the parameters of the SGR sequence for it; empty: as it stands."""

    text: str
    sgr: str = ""


def style(text: str) -> list[Piece]:
    """Return ``text``, which is safe to show, in pieces; together they are exactly ``text``.

    A text beyond the limits comes back in one. Never raises; takes time in proportion to the
    length.
    """
    if len(text) > LENGTH_MAX or not _WORTH_PARSING.search(text):
        return [Piece(text)]
    lines = list(_lines(text))
    if sum(len(_MARKS.findall(line)) for line, is_code in lines if not is_code) > MARKS_MAX:
        return [Piece(text)]
    pieces: list[Piece] = []
    for line, is_code in lines:
        if pieces:
            pieces.append(Piece("\n"))
        pieces += [Piece(line, _CODE)] if is_code else _style_line(line)
    return pieces


def _lines(text: str) -> Iterator[tuple[str, bool]]:
    """Give each line, and whether it belongs to a block of code, with the fences around it."""
    opened = ""
    for line in text.split("\n"):
        fence = _FENCE.match(line)
        yield line, bool(opened or fence)
        if fence and not opened:
            opened = fence["fence"]
        elif fence and fence["fence"].startswith(opened) and not fence["info"].strip():
            opened = ""


def _style_line(line: str) -> list[Piece]:
    quote = _QUOTE.match(line)
    start = quote.end() if quote else 0
    pieces = [Piece(line[:start], _MARK)] if quote else []
    spoken = line[start:]
    if _MARKS.search(spoken) is None:
        styled = [Piece(spoken)]
    else:
        tokens = _parser().parseInline(spoken)[0].children or []
        styled = list(_style_tokens(tokens, spoken))
    if quote:
        styled = [Piece(text, _join(_QUOTED, sgr)) for text, sgr in styled]
    return pieces + styled


def _style_tokens(tokens: "list[Token]", source: str) -> Iterator[Piece]:
    """Give the pieces that tokens stand for: together they should be their ``source``."""
    depths: Counter[str] = Counter()
    position = 0
    for token in tokens:
        kind, _, side = token.type.rpartition("_")
        if side in ("open", "close") and kind in _STYLES:
            depths[kind] += token.nesting
            piece = Piece(token.markup, _MARK)
        elif token.type == "code_inline":
            piece = Piece(_find_code(token, source, position), _CODE)
        else:
            text = token.markup if token.type == "text_special" else token.content
            piece = Piece(text, _join(*(sgr for kind, sgr in _STYLES.items() if depths[kind])))
        position += len(piece.text)
        yield piece


def _find_code(token: "Token", source: str, position: int) -> str:
    """Return a piece of code as it was typed: of its blanks, the token lacks the outer ones."""
    exact = f"{token.markup}{token.content}{token.markup}"
    if source.startswith(exact, position):
        return exact
    return f"{token.markup} {token.content} {token.markup}"


@cache
def _parser() -> "MarkdownIt":
    """Return a parser of what is styled within a line; importing it takes some 40 ms."""
    from markdown_it import MarkdownIt

    rules = ["backticks", "emphasis", "escape", "strikethrough"]
    return MarkdownIt("zero").enable(rules).disable("text_join")


def _join(*parameters: str) -> str:
    return ";".join(filter(None, parameters))
