"""The parts of the screen, and where they are."""

from collections.abc import Callable, Sequence
from datetime import datetime

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from securechat.faces.breaking import break_line
from securechat.faces.screen.drawing.bars import status_line, title_line
from securechat.faces.screen.drawing.facts import Part
from securechat.faces.screen.drawing.rows import Row
from securechat.faces.screen.drawing.spans import Line, Look, filled, span
from securechat.faces.screen.state.chat import ScreenChat
from securechat.faces.screen.widgets.bars import Bar, Prompt
from securechat.faces.screen.widgets.composer import Composer
from securechat.faces.screen.widgets.messages_pane import MessagesPane
from securechat.faces.screen.widgets.side_pane import SidePane
from securechat.faces.session.known import Known

SIDE_COLUMNS = 60
WIDE_COLUMNS = 120
TITLE_ROWS = 8
WARNED_ROWS = 4
READ_ROWS = 3
"""The least size for a side pane, a wide one, a title, messages beside a warning, and messages."""

_SHOWN_CHARACTERS = 512
"""More of a message fits on no row."""


WHOLE_WARNING_ROWS = 12
"""Where there are fewer rows, a warning is cut at the edge and leaves room for the chat."""

_LEAST_COLUMNS = 12

HINT_ROWS_MAX = 3
"""A list of what a word can be completed to may be long."""


class ChatView(Vertical):
    """Everything of the chat but the pages over it; ``hint`` is what is said above the input."""

    DEFAULT_CSS = """
    ChatView {
        & #above { height: 1fr; }
        & #middle { height: 1fr; }
        & #messages { height: 1fr; width: 1fr; }
        & #side { width: 20; height: 1fr; display: none; }
        & #title, & #status, & #banners { text-style: reverse; }
        & #input { height: auto; min-height: 1; max-height: 50vh; }
        &.with-side #side { display: block; }
        &.wide #side { width: 26; }
        &.low #title { display: none; }
        &.no-messages #middle { display: none; }
        &.input-alone #above, &.one-row #status { display: none; }
        &.one-row #input, &.one-row #composer { max-height: 1; }
    }
    """

    def __init__(
        self,
        chat: ScreenChat,
        known: Known,
        *,
        now: Callable[[], datetime],
        unicode: bool,
        help_key: str,
    ) -> None:
        super().__init__()
        self._chat = chat
        self._unicode = unicode
        self._help_key = help_key
        self.hint: Line = ()
        self.composer = Composer(known)
        self.messages = MessagesPane(chat, now=now, unicode=unicode, type_on=self._type_on)
        self._side = SidePane(chat, unicode=unicode)
        self._prompt = Prompt(lambda: chat.prompt)
        self._title = Bar(self._title_lines, id="title")
        self._banners = Bar(self._banner_lines, id="banners")
        self._hints = Bar(self._hint_lines, id="hints")
        self._status = Bar(self._status_lines, id="status")
        self._below = (0, False)

    def compose(self) -> ComposeResult:
        """Make the widgets; called by Textual."""
        with Vertical(id="above"):  # it has what the input leaves
            yield self._title
            with Horizontal(id="middle"):
                yield self._side
                yield self.messages
            yield self._banners
            yield self._hints
        with Horizontal(id="input"):
            yield self._prompt
            yield self.composer
        yield self._status

    def on_resize(self, event: events.Resize) -> None:
        """Show as much as there is room for; called by Textual."""
        self.set_class(event.size.width >= SIDE_COLUMNS, "with-side")
        self.set_class(event.size.width >= WIDE_COLUMNS, "wide")
        self.set_class(not self._has_title, "low")
        self.set_class(event.size.height < READ_ROWS, "input-alone")
        self.set_class(event.size.height == 1, "one-row")
        self._redraw_banners()
        self._status.redraw()

    def draw(self, changed: set[Part]) -> None:
        """Draw again what has changed."""
        draws: dict[Part, Callable[[], None]] = {
            Part.SIDE: self._side.redraw,
            Part.MESSAGES: self.messages.redraw,
            Part.TITLE: self._redraw_heading,
            Part.STATUS: self._status.redraw,
            Part.INPUT: self._redraw_input,
            Part.BANNER: self._redraw_banners,
        }
        for part, draw in draws.items():
            if part in changed:
                draw()
        below = (self.messages.rows_below, self.messages.has_more_below)
        if below != self._below:
            self._below = below
            self._status.redraw()

    def show_hint(self, hint: Line) -> None:
        """Say something above the input, or nothing."""
        if hint != self.hint:
            self.hint = hint
            self._hints.redraw(layout=True)

    def _type_on(self, text: str) -> None:
        """Go to the input, and type there."""
        self.screen.set_focus(self.composer)
        self.composer.insert(text)

    def _redraw_banners(self) -> None:
        self._fold_messages()
        self._banners.redraw(layout=True)

    def _fold_messages(self) -> None:
        """Leave the only row above the input to a warning."""
        has_no_room = self.size.height < WARNED_ROWS and bool(self._chat.banners)
        self.set_class(has_no_room, "no-messages")

    def _redraw_heading(self) -> None:
        self._title.redraw()
        if not self._has_title:
            self._status.redraw()

    def _redraw_input(self) -> None:
        self._prompt.redraw(layout=True)
        self._hints.redraw(layout=True)

    @property
    def _has_title(self) -> bool:
        return self.size.height >= TITLE_ROWS

    def _title_lines(self, width: int) -> Sequence[Line]:
        line = title_line(self._chat.heading, width, unicode=self._unicode)
        return [filled(line, width, Look.TITLE)]

    def _banner_lines(self, width: int) -> Sequence[Line]:
        lines = self._chat.banners
        if self.size.height >= WHOLE_WARNING_ROWS:
            lines = [part for line in lines for part in _broken(line, width)]
        return [filled(line, width, Look.ALERT) for line in lines]

    def _hint_lines(self, width: int) -> Sequence[Line]:
        chat = self._chat
        lines = [chat.typing_now, *_broken(self.hint, width)[:HINT_ROWS_MAX]]
        if chat.replying is not None:
            lines.append(_of("Your answer to", chat.replying))
        if chat.editing is not None:
            lines.append(_of("Your new text for", chat.editing))
        return [line for line in lines if line]

    def _status_lines(self, width: int) -> Sequence[Line]:
        return [
            status_line(
                self._chat.standing,
                width,
                unicode=self._unicode,
                newer_below=self.messages.rows_below,
                more_below=self.messages.has_more_below,
                hint=f"{self._help_key} help",
                untitled=None if self._has_title else self._chat.heading,
            )
        ]


def _broken(line: Line, width: int) -> list[Line]:
    columns = max(width, _LEAST_COLUMNS)
    return [(span(text, part.look),) for part in line for text in break_line(part.text, columns)]


def _of(what: str, row: Row) -> Line:
    text = " ".join(row.text[:_SHOWN_CHARACTERS].split())
    return (span(f"{what} (Esc: none) {row.sender}: {text}", Look.HINT),)
