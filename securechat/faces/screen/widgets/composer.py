"""The text being typed."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, ClassVar

from textual.binding import Binding
from textual.widgets import TextArea
from textual.widgets.text_area import Edit, EditResult

from securechat.faces.completion import complete
from securechat.faces.entries import Entry
from securechat.faces.screen.actions import Scope
from securechat.faces.screen.drawing.typed_text import typed_text
from securechat.faces.screen.widgets.bindings import bindings_of
from securechat.faces.session.known import Known


def _in_turn(bindings: Iterable[Any]) -> Iterator[Binding]:
    """Give the bindings of a field such that it does not do them later than what is typed next."""
    yield Binding("ctrl+d", "app.leave_or_delete", priority=True, show=False)
    yield Binding("ctrl+underscore", "undo", priority=True, show=False)  # as in a shell
    for binding in bindings:
        yield replace(binding, priority=True)


class Composer(TextArea, inherit_bindings=False):
    """The input: of what is typed, pasted or loaded nothing is drawn that is not safe."""

    BINDINGS: ClassVar = [*bindings_of(Scope.INPUT), *_in_turn(TextArea.BINDINGS)]

    DEFAULT_CSS = """
    Composer, Composer:focus {
        height: auto;
        min-height: 1;
        max-height: 50vh;
        border: none;
        padding: 0;
        background: $background;
        color: $foreground;
        & .text-area--cursor-line { background: $background; }
    }
    """

    def __init__(self, known: Known) -> None:
        super().__init__(
            id="composer", compact=True, tab_behavior="focus", highlight_cursor_line=False
        )
        self.cursor_blink = False
        self._known = known

    def edit(self, edit: Edit) -> EditResult:
        """Change the text, by nothing that is not safe to draw."""
        return super().edit(replace(edit, text=typed_text(edit.text)))

    def load(self, text: str) -> None:
        """Begin with another text, at its end."""
        self.load_text(typed_text(text))
        self.move_cursor(self.document.end)

    def on_resize(self) -> None:
        """Keep the cursor in sight: of a long text another part fits now; called by Textual."""
        self.call_after_refresh(self.scroll_cursor_visible)

    def complete(self) -> Entry | None:
        """Type the word before the cursor to its end, or return what it could become."""
        row, column = self.cursor_location
        completion = complete(self.document.get_line(row)[:column], self._known)
        if completion is None:
            return None
        if completion.insertion == completion.typed:
            return completion.listing
        self.replace(completion.insertion, (row, column - len(completion.typed)), (row, column))
        return None
