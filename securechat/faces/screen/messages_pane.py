"""The messages of the current conversation, drawn from a window on what is held of it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache

from securechat.faces.screen.actions import Scope
from securechat.faces.screen.bindings import bindings_of
from securechat.faces.screen.chat import ScreenChat
from securechat.faces.screen.row_layout import Paper, lay_out_row
from securechat.faces.screen.rows import Notice, Row
from securechat.faces.screen.spans import Line
from securechat.faces.screen.timeline import Timeline
from securechat.faces.screen.viewport import Viewport
from securechat.faces.screen.widgets import LineWidget

KEPT_LAYOUTS = 512
"""Rows whose lines are kept, so that a key costs no layout."""

_Key = str | int


class MessagesPane(LineWidget, can_focus=True):
    """Shows the current conversation; with the focus one of its messages is chosen."""

    BINDINGS = bindings_of(Scope.MESSAGES)

    def __init__(self, chat: ScreenChat, *, now: Callable[[], datetime], unicode: bool) -> None:
        super().__init__(id="messages")
        self._chat = chat
        self._now = now
        self._unicode = unicode
        self._timeline = Timeline()
        self._keys: list[_Key] = []
        self._had_newer = False
        self._revision = -1
        self._chosen: str | None = None
        self._wanted: int | None = None
        self._paper = Paper(80, now(), unicode)
        self._lay_out = lru_cache(KEPT_LAYOUTS)(lay_out_row)
        self._viewport = self._new_viewport()

    # What is drawn --------------------------------------------------------------------------------

    def lines(self, width: int, height: int) -> Sequence[Line]:
        """Return what the window shows, at its lower edge if that is little."""
        midnight = self._now().replace(hour=0, minute=0, second=0, microsecond=0)
        self._paper = Paper(width, midnight, self._unicode)
        self._take_changes()
        self._viewport.resize(height)
        if not self._viewport.at_end:
            self._viewport.scroll(0)
        seen: list[Line] = []
        for index, part in self._viewport.visible():
            seen.extend(self._lines_of(index)[part.start : part.stop])
        return [()] * (height - len(seen)) + seen

    @property
    def at_end(self) -> bool:
        """Whether the newest message is seen, and the next one will be."""
        return self._viewport.at_end and not self._timeline.has_newer

    @property
    def chosen(self) -> Row | None:
        """The message that was chosen, if it is still there."""
        index = None if self._chosen is None else self._timeline.index_of(self._chosen)
        row = None if index is None else self._timeline.rows[index]
        return row if isinstance(row, Row) else None

    # Moving ---------------------------------------------------------------------------------------

    def scroll_rows(self, lines: int) -> None:
        """Scroll so many lines down, or up if they are negative."""
        self._viewport.scroll(lines)
        self._want_more()
        self.redraw()

    def page(self, direction: int) -> None:
        """Scroll a page down (1) or up (-1), of which two lines stay in sight."""
        self.scroll_rows(direction * max(self.size.height - 2, 1))

    def to_end(self) -> None:
        """Go to the newest message."""
        self._viewport.to_end()
        self._want_more()
        self.redraw()

    def to_start(self) -> None:
        """Go to the oldest message that is held, and ask for older ones."""
        self._viewport.to(0)
        self._want_more()
        self.redraw()

    def to_new(self) -> None:
        """Go to the first message that is new."""
        mark = self._timeline.new_from
        index = None if mark is None else self._timeline.index_of(mark)
        if index is not None:
            self._viewport.to(index)
            self.redraw()

    def to_position(self, position: int) -> None:
        """Go to a message of the history, and choose it, as soon as it is held."""
        self._wanted = position
        self._chat.jump(position)
        self.redraw()

    # Choosing -------------------------------------------------------------------------------------

    def choose_nearest(self) -> None:
        """Choose the last message in sight, unless one is chosen."""
        if self.chosen is None:
            for index, _ in reversed(self._viewport.visible()):
                if isinstance(row := self._timeline.rows[index], Row):
                    self._choose(row)
                    return

    def choose_none(self) -> None:
        """Let go of the message that is chosen."""
        self._chosen = None
        self.redraw()

    def step(self, by: int) -> None:
        """Choose the next message down (1) or up (-1), and bring it into sight."""
        rows = self._timeline.rows
        start = None if self._chosen is None else self._timeline.index_of(self._chosen)
        if start is None:
            self.choose_nearest()
            return
        index = start + by
        while 0 <= index < len(rows):
            row = rows[index]
            if isinstance(row, Row):
                self._choose(row)
                self._bring_into_sight(index)
                return
            index += by
        self.scroll_rows(by)

    def _choose(self, row: Row) -> None:
        self._chosen = row.message_id
        self.redraw()

    def _bring_into_sight(self, index: int) -> None:
        """Scroll until all lines of a row are seen, or as many as there is room for."""
        height = self.size.height
        for _ in range(height):
            seen = dict(self._viewport.visible())
            part = seen.get(index)
            if part is None:
                self._viewport.to(index)
                break
            first, last = min(seen), max(seen)
            lines = len(self._lines_of(index))
            if index == first and part.start > 0 and len(part) < height:
                self._viewport.scroll(-1)
            elif index == last and part.stop < lines and len(part) < height:
                self._viewport.scroll(1)
            else:
                break
        self._want_more()

    # ----------------------------------------------------------------------------------------------

    def _new_viewport(self) -> Viewport:
        timeline = self._timeline
        return Viewport(lambda index: len(self._lines_of(index)), lambda: len(timeline.rows))

    def _lines_of(self, index: int) -> list[Line]:
        rows = self._timeline.rows
        row = rows[index]
        chosen = isinstance(row, Row) and row.message_id == self._chosen and self.has_focus
        is_mark = isinstance(row, Row) and row.message_id == self._timeline.new_from
        return self._lay_out(
            row,
            rows[index - 1] if index else None,
            self._paper,
            new_here=self._timeline.new_count if is_mark else 0,
            selected=chosen,
        )

    def _take_changes(self) -> None:
        """Take the timeline of the conversation that is current, and what has changed in it."""
        timeline = self._chat.timeline
        if timeline is not self._timeline:
            self._timeline = timeline
            self._chosen = None
            self._viewport = self._new_viewport()
            self._keys = [_key_of(row) for row in timeline.rows]
        elif timeline.revision != self._revision:
            self._take_grown()
        self._revision = timeline.revision
        self._had_newer = timeline.has_newer
        if self._wanted is not None:
            self._go_to_wanted(self._wanted)

    def _take_grown(self) -> None:
        """Keep what is seen in its place when a page came in, or rows were let go."""
        keys = [_key_of(row) for row in self._timeline.rows]
        before = _shift(self._keys, keys)
        after = len(keys) - len(self._keys) - before if self._had_newer else 0
        if before or after:
            self._viewport.grown(before, after)
        self._keys = keys

    def _go_to_wanted(self, position: int) -> None:
        for index, row in enumerate(self._timeline.rows):
            if isinstance(row, Row) and row.position == position:
                self._chosen = row.message_id
                self._viewport.to(index)
                self._wanted = None
                return

    def _want_more(self) -> None:
        if self._timeline.has_older and self._viewport.is_near_top:
            self._chat.older()
        if self._timeline.has_newer and self._viewport.is_near_bottom:
            self._chat.newer()


def _key_of(row: Row | Notice) -> _Key:
    return row.message_id if isinstance(row, Row) else id(row)


def _shift(old: list[_Key], new: list[_Key]) -> int:
    """Return how many came in before what is in both, or, if negative, were let go there."""
    if not old or not new:
        return 0
    if old[0] in new:
        return new.index(old[0])
    return -old.index(new[0]) if new[0] in old else 0
