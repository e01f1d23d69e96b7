"""Choose one thing of many by typing some of its letters."""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from msgspec import Struct
from textual import events

from securechat.faces.screen.drawing.spans import Line, Look, crop, span
from securechat.faces.screen.drawing.typed_text import typed_text
from securechat.faces.screen.widgets.page import Sheet, bar

TYPED_MAX = 256
"""Characters that can be typed."""

_ROWS_AROUND = 3
"""The title, what is typed, and the hint."""

_WHOLE_HINT_COLUMNS = 60

Value = TypeVar("Value")


class Choice(Struct, Generic[Value], frozen=True):
    """One of the things: the line that shows it, and what it is."""

    line: Line
    value: Value


class Picker(Sheet[Value | None]):
    """Closes with what was chosen, or with None.

    ``choices`` are those for what is typed, the best first; ``on_type`` hears of that, and `update`
    says that there are other choices now. ``typed`` is what it begins with.
    """

    def __init__(
        self,
        title: str,
        choices: Callable[[str], Sequence[Choice[Value]]],
        *,
        on_type: Callable[[str], None] = lambda _: None,
        typed: str = "",
    ) -> None:
        super().__init__()
        self._title = title
        self._choices_for = choices
        self._on_type = on_type
        self._typed = typed
        self._chosen = 0
        self._choices = choices(typed)

    def update(self) -> None:
        """Take other choices for what is typed."""
        self._choices = self._choices_for(self._typed)
        self._chosen = min(self._chosen, max(len(self._choices) - 1, 0))
        self.redraw()

    def lines(self, width: int, height: int) -> Sequence[Line]:
        """Return title, what is typed, the choices around the chosen one, and a hint."""
        room = max(height - _ROWS_AROUND, 1)
        start = max(0, min(self._chosen - room // 2, len(self._choices) - room))
        shown = [
            crop(_choice_line(choice.line, is_chosen=index == self._chosen), width)
            for index, choice in enumerate(self._choices[start : start + room], start)
        ]
        return [
            bar(self._title, width),
            crop((span("> ", Look.MARK), span(f"{self._typed}"), span("_", Look.MARK)), width),
            *shown,
            *[()] * (room - len(shown)),
            crop((span(self._hint(width), Look.HINT),), width),
        ]

    def _hint(self, width: int) -> str:
        chosen = f"{self._chosen + 1} of {len(self._choices)}" if self._choices else "nothing"
        if width < _WHOLE_HINT_COLUMNS:
            return f"{chosen}   Enter   Esc closes"
        return f"{chosen}   Up, Down   Enter chooses   Esc closes this"

    def press(self, event: events.Key) -> None:
        """Type, go up and down, choose or close."""
        page = max(self.size.height - _ROWS_AROUND, 1)
        moves = {"up": -1, "down": 1, "pageup": -page, "pagedown": page, "tab": 1}
        if event.key in ("escape", "ctrl+c"):
            self.dismiss(None)
        elif event.key == "enter":
            if self._choices:
                self.dismiss(self._choices[self._chosen].value)
        elif event.key in moves:
            self._chosen = max(0, min(self._chosen + moves[event.key], len(self._choices) - 1))
            self.redraw()
        elif event.key == "backspace":
            self._type(self._typed[:-1])
        elif event.key == "ctrl+u":
            self._type("")
        elif event.is_printable and event.character is not None:
            self._type(self._typed + event.character)

    def on_paste(self, event: events.Paste) -> None:
        """Type what is pasted, its first line; called by Textual."""
        event.stop()
        self._type(self._typed + typed_text(event.text).split("\n")[0])

    def _type(self, text: str) -> None:
        self._typed = text[:TYPED_MAX]
        self._chosen = 0
        self._on_type(self._typed)
        self.update()


def _choice_line(line: Line, *, is_chosen: bool) -> Line:
    if is_chosen:
        return (span("> ", Look.SELECTED), *(span(part.text, Look.SELECTED) for part in line))
    return (span("  "), *line)
