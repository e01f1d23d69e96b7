"""What lies over the whole chat until it is closed: it takes all keys."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen

from securechat.faces.screen.drawing.spans import Line, Look, crop, filled, span
from securechat.faces.screen.widgets.line_widget import Drawing

Result = TypeVar("Result")

_CLOSES = "Esc closes this"


class Sheet(ModalScreen[Result], inherit_bindings=False):
    """Covers the chat: with two texts of others beside each other, one could push the other.

    `lines` is what is drawn, `press` gets each key. It has no fields: what is typed is drawn as any
    other text.
    """

    DEFAULT_CSS = """
    Sheet { background: $background; layout: vertical; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._drawing = Drawing(self.lines)

    def compose(self) -> ComposeResult:
        """Make the widgets; called by Textual."""
        yield self._drawing

    def lines(self, width: int, height: int) -> Sequence[Line]:
        """Return what is drawn on so many columns and rows."""
        raise NotImplementedError

    def press(self, event: events.Key) -> None:
        """Take a key."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Draw again, as something has changed."""
        self._drawing.redraw()

    def on_key(self, event: events.Key) -> None:
        """Take a key; called by Textual."""
        event.stop()
        self.press(event)


class Page(Sheet[None]):
    """Lines to be read, which are scrolled; ``made`` lays them out for so many columns."""

    def __init__(self, title: str, made: Callable[[int], Sequence[Line]]) -> None:
        super().__init__()
        self._title = title
        self._made = made
        self._top = 0

    def lines(self, width: int, height: int) -> Sequence[Line]:
        """Return the title, as many lines as there is room for, and how to close it."""
        made = self._made(width)
        room = max(height - 2, 1)
        self._top = max(0, min(self._top, len(made) - room))
        shown = [crop(line, width) for line in made[self._top : self._top + room]]
        left = len(made) - self._top - room
        more = f"{left} more lines below   " if left > 0 else ""
        return [
            bar(self._title, width),
            *shown,
            *[()] * (room - len(shown)),
            crop((span(f"{more}{_CLOSES}", Look.HINT),), width),
        ]

    def press(self, event: events.Key) -> None:
        """Scroll, or close the page."""
        page = max(self.size.height - 3, 1)
        if event.key in ("escape", "enter", "q", "ctrl+c", "f1"):
            self.dismiss(None)
        elif event.key == "home":
            self._top = 0
        else:
            self._top += {
                "up": -1, "k": -1, "down": 1, "j": 1, "pageup": -page, "pagedown": page,
                "space": page, "end": 1 << 30,
            }.get(event.key, 0)  # fmt: skip
        self.redraw()


def bar(title: str, width: int) -> Line:
    """Return a title over the whole width."""
    return filled(crop((span(f" {title}", Look.STATUS),), width), width, Look.STATUS)
