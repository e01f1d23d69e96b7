"""What all parts of the screen are: a widget that draws lines, and nothing else.

A widget of Textual that takes markup is used nowhere: what peers write would be read as such.
"""

from collections.abc import Callable, Iterator, Sequence

from rich.control import Control
from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from securechat.faces.screen.drawing.spans import Line, crop, in_ascii, is_settled, width_of
from securechat.faces.screen.widgets.looks import look_styles

_TAKES_NO_ROOM = (Control.move_to_column(0).segment.control or ())[:1]


def _to_column(x: int) -> Segment:
    return Control.move_to_column(x).segment


class LineWidget(Widget):
    """Draws the lines that a class of it makes for its size; see `lines` and `redraw`."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._drawn: Sequence[Line] | None = None

    def lines(self, width: int, height: int, /) -> Sequence[Line]:
        """Return what is drawn on so many columns and rows; what is more is cut off."""
        raise NotImplementedError

    def redraw(self, *, layout: bool = False) -> None:
        """Draw again, as something has changed; with ``layout`` its size may have."""
        self._drawn = None
        self.refresh(layout=layout)

    def notify_style_update(self) -> None:
        """Draw again with other colours or another size; called by Textual."""
        self._drawn = None
        super().notify_style_update()

    def on_mount(self) -> None:
        """Take the colours of the theme; called by Textual."""
        self._styles = look_styles(self.app.get_css_variables())
        self._has_ellipsis = getattr(self.app, "unicode", True)

    def on_resize(self) -> None:
        """Make other lines for another size."""
        self.redraw()

    def render_line(self, y: int) -> Strip:
        """Return a row as Textual wants it; called by Textual."""
        if self._drawn is None:
            self._drawn = self.lines(self.size.width, self.size.height)
        line = self._drawn[y] if y < len(self._drawn) else ()
        line = crop(line, self.size.width)
        if not self._has_ellipsis:
            line = in_ascii(line)
        return Strip(self._segments(line), width_of(line))

    def _segments(self, line: Line) -> Iterator[Segment]:
        """Give the pieces of a row; what follows one of a width in dispute is put in its column.

        Such a piece stands on blanks: where it is drawn narrower, nothing of before shows behind.
        """
        ground = self.rich_style
        for at, part in enumerate(line):
            style = ground + self._styles[part.look]
            if is_settled(part.text):
                yield Segment(part.text, style)
                continue
            start = self.region.x + width_of(line[:at])
            width = width_of((part,))
            yield Segment(" " * width, style, _TAKES_NO_ROOM)
            yield _to_column(start)
            yield Segment(part.text, style)
            yield _to_column(start + width)


class Drawing(LineWidget):
    """Draws what a function makes for so many columns and rows."""

    def __init__(self, made: Callable[[int, int], Sequence[Line]]) -> None:
        super().__init__()
        self._made = made

    def lines(self, width: int, height: int, /) -> Sequence[Line]:
        """Return what the function makes."""
        return self._made(width, height)
