"""What all parts of the screen are: a widget that draws lines, and nothing else.

A widget of Textual that takes markup is used nowhere: what peers write would be read as such.
"""

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from securechat.faces.screen.spans import Line, Look


class LineWidget(Widget):
    """Draws the lines that a class of it makes for its size; see `lines` and `redraw`."""

    COMPONENT_CLASSES: ClassVar = {f"look--{look.value}" for look in Look}

    DEFAULT_CSS = """
    LineWidget {
        & > .look--time { text-style: dim; }
        & > .look--name { color: $secondary; }
        & > .look--own { color: $secondary; text-style: bold; }
        & > .look--state { text-style: dim; }
        & > .look--trust { color: $success; }
        & > .look--changed { color: $error; text-style: bold; }
        & > .look--quote { text-style: dim; }
        & > .look--code { color: $warning; }
        & > .look--strong { text-style: bold; }
        & > .look--em { text-style: italic; }
        & > .look--struck { text-style: strike; }
        & > .look--faint { text-style: dim; }
        & > .look--mark { text-style: dim; }
        & > .look--new { color: $warning; text-style: bold; }
        & > .look--notice { color: $secondary; }
        & > .look--alert { color: $error; text-style: bold; }
        & > .look--mention { color: $warning; text-style: bold; }
        & > .look--reaction { color: $secondary; }
        & > .look--selected { text-style: reverse; }
        & > .look--title { text-style: bold; }
        & > .look--status { text-style: reverse; }
        & > .look--side-current { text-style: bold reverse; }
        & > .look--side-unread { text-style: bold; }
        & > .look--hint { text-style: dim; }
        & > .look--black-on-white { color: black; background: white; }
    }
    """

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

    def on_resize(self) -> None:
        """Make other lines for another size."""
        self.redraw()

    def render_line(self, y: int) -> Strip:
        """Return a row as Textual wants it; called by Textual."""
        if self._drawn is None:
            self._drawn = self.lines(self.size.width, self.size.height)
        line = self._drawn[y] if y < len(self._drawn) else ()
        return Strip([Segment(text, self._style(look)) for text, look in line])

    def _style(self, look: Look) -> Style:
        return self.rich_style + self.get_component_rich_style(f"look--{look.value}", partial=True)


class Drawing(LineWidget):
    """Draws what a function makes for so many columns and rows."""

    def __init__(self, made: Callable[[int, int], Sequence[Line]]) -> None:
        super().__init__()
        self._made = made

    def lines(self, width: int, height: int, /) -> Sequence[Line]:
        """Return what the function makes."""
        return self._made(width, height)
