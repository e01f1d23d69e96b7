"""The messages of the current conversation, drawn from a window on what is held of it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache

from textual import events

from securechat.faces.screen.actions import Scope
from securechat.faces.screen.drawing.row_layout import Paper, lay_out_row
from securechat.faces.screen.drawing.rows import Row
from securechat.faces.screen.drawing.spans import Line
from securechat.faces.screen.drawing.viewport import Viewport
from securechat.faces.screen.state.chat import ScreenChat
from securechat.faces.screen.state.timeline import Timeline
from securechat.faces.screen.widgets.bindings import bindings_of
from securechat.faces.screen.widgets.line_widget import LineWidget

KEPT_LAYOUTS = 512
"""Rows whose lines are kept, so that a key costs no layout."""

_OVERLAP_LINES = 2
"""What stays in sight when a page is turned."""


class MessagesPane(LineWidget, can_focus=True):
    """Shows the current conversation; with the focus one of its messages is chosen.

    ``type_on`` takes what is typed or pasted here and means nothing here.
    """

    BINDINGS = bindings_of(Scope.MESSAGES)

    def __init__(
        self,
        chat: ScreenChat,
        *,
        now: Callable[[], datetime],
        unicode: bool,
        type_on: Callable[[str], None],
    ) -> None:
        super().__init__(id="messages")
        self._chat = chat
        self._type_on = type_on
        self._now = now
        self._unicode = unicode
        self._lay_out = lru_cache(KEPT_LAYOUTS)(lay_out_row)
        self._paper = Paper(1, now(), unicode)
        self._chosen: tuple[str, str] | None = None
        self._show(Timeline())

    # What is drawn --------------------------------------------------------------------------------

    def lines(self, width: int, height: int) -> Sequence[Line]:
        """Return what the window shows, at its lower edge if that is little."""
        today = self._now().replace(hour=0, minute=0, second=0, microsecond=0)
        self._paper = Paper(width, today, self._unicode)
        self.take_changes()
        self._viewport.resize(height)  # of another conversation, it may be new
        if not self._viewport.at_end:
            self._viewport.scroll(0)
        seen: list[Line] = []
        for index, part in self._viewport.visible():
            seen += self._lines_of(index)[part.start : part.stop]
        return [()] * (height - len(seen)) + seen

    def take_changes(self) -> None:
        """Take the timeline of the conversation that is current, and what has changed in it."""
        if self._chat.timeline is not self._timeline:
            self._show(self._chat.timeline)
        grown = self._timeline.take_grown()
        if grown.before or grown.after:
            self._viewport.grown(grown.before, grown.after)
        if (index := self._chat.take_jump()) is not None:
            self._viewport.to(index)
            if isinstance(row := self._timeline.rows[index], Row):
                self._chosen = (row.sender, row.message_id)

    @property
    def at_end(self) -> bool:
        """Whether the newest message is seen, and the next one will be."""
        return self._viewport.at_end and not self._timeline.has_newer

    @property
    def rows_below(self) -> int:
        """How many of the rows held are below the window."""
        return self._viewport.rows_below

    @property
    def has_more_below(self) -> bool:
        """Whether there are newer messages than those held."""
        return self._timeline.has_newer

    # Moving ---------------------------------------------------------------------------------------

    def scroll_lines(self, lines: int) -> None:
        """Scroll so many lines down, or up if they are negative."""
        self._viewport.scroll(lines)
        self._want_more()
        self.redraw()

    def turn_page(self, direction: int) -> None:
        """Scroll a page down (1) or up (-1)."""
        self.scroll_lines(direction * max(self.size.height - _OVERLAP_LINES, 1))

    def to_end(self) -> None:
        """Go to the newest message, and ask for it if it is not held."""
        if self._timeline.has_newer:
            self._chat.newest()
        self._viewport.to_end()
        self.redraw()

    def to_start(self) -> None:
        """Go to the oldest message, and ask for it if it is not held."""
        if self._timeline.has_older:
            self._chat.jump(0)
        self._viewport.to(0)
        self.redraw()

    def to_new(self) -> None:
        """Go to the first message that is new."""
        mark = self._timeline.new_from
        if mark is not None and (index := self._timeline.index_of(mark)) is not None:
            self._viewport.to(index)
            self.redraw()

    # What is typed here ---------------------------------------------------------------------------

    def on_key(self, event: events.Key) -> None:
        """Go on in the input with a key that means nothing here; called by Textual."""
        if event.is_printable and event.character:
            event.stop()
            self._type_on(event.character)

    def on_paste(self, event: events.Paste) -> None:
        """Go on in the input with what is pasted; called by Textual."""
        event.stop()
        self._type_on(event.text)

    # Choosing -------------------------------------------------------------------------------------

    @property
    def chosen(self) -> Row | None:
        """The message that was chosen, if it is still there."""
        index = self._chosen_index()
        row = None if index is None else self._timeline.rows[index]
        return row if isinstance(row, Row) else None

    def choose_last_seen(self) -> None:
        """Choose the last message in sight, unless one is chosen."""
        if self.chosen is not None:
            return
        for index, _ in reversed(self._viewport.visible()):
            if isinstance(row := self._timeline.rows[index], Row):
                self._choose(row, index)
                return

    def choose_none(self) -> None:
        """Let go of the message that is chosen."""
        self._chosen = None
        self.redraw()

    def step(self, by: int) -> None:
        """Choose the next message down (1) or up (-1), and bring it into sight."""
        index = self._chosen_index()
        if index is None:
            self.choose_last_seen()
            return
        rows = self._timeline.rows
        while 0 <= (index := index + by) < len(rows):
            if isinstance(row := rows[index], Row):
                self._choose(row, index)
                return
        self.scroll_lines(by)

    def _choose(self, row: Row, index: int) -> None:
        self._chosen = (row.sender, row.message_id)
        self._viewport.reveal(index)
        self._want_more()
        self.redraw()

    def _chosen_index(self) -> int | None:
        rows = self._timeline.rows
        return next((i for i in range(len(rows) - 1, -1, -1) if self._is_chosen(i)), None)

    def _is_chosen(self, index: int) -> bool:
        row = self._timeline.rows[index]
        return isinstance(row, Row) and (row.sender, row.message_id) == self._chosen

    # ----------------------------------------------------------------------------------------------

    def _show(self, timeline: Timeline) -> None:
        """Begin with another timeline, at its end."""
        self._timeline = timeline
        timeline.take_grown()
        self._chosen = None
        self._viewport = Viewport(
            lambda index: len(self._lines_of(index)), lambda: len(timeline.rows)
        )

    def _lines_of(self, index: int) -> list[Line]:
        rows = self._timeline.rows
        row = rows[index]
        is_mark = isinstance(row, Row) and row.message_id == self._timeline.new_from
        return self._lay_out(
            row,
            rows[index - 1] if index else None,
            self._paper,
            new_here=self._timeline.new_count if is_mark else 0,
            selected=self.has_focus and self._is_chosen(index),
        )

    def _want_more(self) -> None:
        if self._timeline.has_older and self._viewport.is_near_top:
            self._chat.older()
        if self._timeline.has_newer and self._viewport.is_near_bottom:
            self._chat.newer()
