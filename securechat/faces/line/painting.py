"""Entries as they go to a terminal: what `lay_out` makes of them, and colour around it."""

from collections.abc import Iterable, Iterator

from securechat.faces.color import RESET, color_codes
from securechat.faces.entries import INDENT, Entry, lay_out
from securechat.faces.markdown import Piece, style
from securechat.text import safe_text


def paint(entry: Entry, width: int | None = None, *, colored: bool) -> Iterator[tuple[str, str]]:
    """Give an entry in parts: an escape sequence of ours, or nothing, and the text behind it.

    The texts together are exactly those of ``lay_out``, and safe to show. The marks of Markdown
    show in colour only, and only in ``entry.body``. A drawing is below them, as it is.
    """
    yield from _paint_text(entry, width, colored=colored)
    for line in entry.drawing:
        yield "", "\n"
        yield line, ""


def _paint_text(entry: Entry, width: int | None, *, colored: bool) -> Iterator[tuple[str, str]]:
    laid_out = lay_out(entry, width)
    if not colored:
        yield "", laid_out
        return
    before, after = color_codes(entry.tone)
    yield before, ""
    for text, sgr in _style(entry, laid_out):
        if sgr:
            yield f"\x1b[{sgr}m", text
            yield RESET + before, ""
        else:
            yield "", text
    yield after, ""


def _style(entry: Entry, laid_out: str) -> list[Piece]:
    if not entry.body:
        return [Piece(laid_out)]
    head = safe_text(entry.text.removesuffix(entry.body), multiline=True)
    pieces = [Piece(head), *style(safe_text(entry.body, multiline=True))]
    styled = list(_break_as(laid_out, pieces))
    # Styling never decides over what is shown: in doubt there is none.
    return styled if "".join(piece.text for piece in styled) == laid_out else [Piece(laid_out)]


def _break_as(laid_out: str, pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Give the pieces with the line breaks and the indents of a layout of the same text."""
    text = _Unread(pieces)
    for number, line in enumerate(laid_out.split("\n")):
        if number:
            text.skip_newline()
            yield Piece(f"\n{INDENT}")
            line = line.removeprefix(INDENT)
        yield from text.take(len(line))


class _Unread:
    """What is left of a text in pieces."""

    def __init__(self, pieces: Iterable[Piece]) -> None:
        self._pieces = [piece for piece in reversed(list(pieces)) if piece.text]

    def take(self, count: int) -> Iterator[Piece]:
        """Give the pieces of so many characters."""
        while count > 0 and self._pieces:
            piece = self._pieces.pop()
            if len(piece.text) > count:
                self._pieces.append(piece._replace(text=piece.text[count:]))
                piece = piece._replace(text=piece.text[:count])
            count -= len(piece.text)
            yield piece

    def skip_newline(self) -> None:
        """Take a newline, if that is what comes: the layout has broken the line there anyhow."""
        if self._pieces and self._pieces[-1].text.startswith("\n"):
            list(self.take(1))
