"""The conversations, beside the messages."""

from collections.abc import Sequence

from securechat.faces.screen.chat import ScreenChat
from securechat.faces.screen.spans import Line, Look, crop, filled, span
from securechat.faces.screen.widgets import LineWidget


class SidePane(LineWidget):
    """Lists rooms and people; narrow terminals have no room for it."""

    def __init__(self, chat: ScreenChat, *, unicode: bool) -> None:
        super().__init__(id="side")
        self._chat = chat
        self._bar = "│" if unicode else "|"

    def lines(self, width: int, height: int) -> Sequence[Line]:
        """Return the conversations, and a bar at the right."""
        drawn: list[Line] = []
        for place in self._chat.places:
            look = Look.SIDE_CURRENT if place.name == self._chat.current else Look.SIDE
            count = f" {place.unread}" if place.unread else ""
            words = f"{place.name}{count}{'@' if place.mention else ''} {place.trust}"
            drawn.append((span(words, look),))
        bar = span(self._bar, Look.MARK)
        rows = [*drawn, *[()] * height][:height]
        return [(*filled(crop(row, width - 1), width - 1, Look.SIDE), bar) for row in rows]
