"""Lines that are too long for the screen, folded with the looks of their pieces."""

from collections.abc import Iterator
from functools import cache

from securechat.faces.breaking import break_line
from securechat.faces.markdown import style
from securechat.faces.screen.drawing.spans import Line, Look, Span, span
from securechat.text import is_narrow, safe_text

_LOOKS = (
    ("33", Look.CODE),
    ("1", Look.STRONG),
    ("9", Look.STRUCK),
    ("3", Look.EM),
    ("32", Look.QUOTE),
    ("2", Look.FAINT),
)
"""How Markdown looks; of several styles of one piece the first counts."""


def style_lines(text: str) -> list[Line]:
    """Return the lines of somebody's text, as they are, but with the looks of its Markdown.

    None begins with a mark that would be drawn over what stands before it.
    """
    lines = safe_text(text, multiline=True).split("\n")
    lines_of_spans: list[Line] = [()]
    for piece in style("\n".join(map(without_leading_marks, lines))):
        look = _look(piece.sgr)
        first, *others = piece.text.split("\n")
        if first:
            lines_of_spans[-1] += (span(first, look),)
        lines_of_spans += [(span(other, look),) if other else () for other in others]
    return lines_of_spans


def fold(line: Line, columns: int) -> Iterator[Line]:
    """Give a line in parts of at most so many columns, which are 2 at least.

    A blank at which it is folded is left out where it would begin the next part.
    """
    text = "".join(part.text for part in line)
    if len(text) <= columns and text.isascii():
        yield line
        return
    rest: list[tuple[str, Look]] = list(reversed(line))
    first, *others = break_line(text, columns)
    yield _take(rest, len(first))
    for other in others:
        is_blank = other[0] == " " and other[1:] == without_leading_marks(other[1:]) != ""
        blank = _take(rest, 1) if is_blank else ()
        yield _take(rest, len(other) - len(blank))


def without_leading_marks(text: str) -> str:
    """Return one line of safe text from the first character on that takes room of its own."""
    if is_narrow(text[:1]):
        return text
    from wcwidth import wcwidth

    start = 0
    while start < len(text) and wcwidth(text[start]) == 0:
        start += 1
    return text[start:]


@cache
def _look(sgr: str) -> Look:
    parameters = sgr.split(";")
    return next((look for code, look in _LOOKS if code in parameters), Look.TEXT)


def _take(rest: list[tuple[str, Look]], count: int) -> Line:
    """Take so many characters from the end of a list, where the next piece of a line is."""
    taken: list[Span] = []
    while count > 0:
        text, look = rest.pop()
        if len(text) > count:
            rest.append((text[count:], look))
            text = text[:count]
        taken.append(span(text, look))
        count -= len(text)
    return tuple(taken)
