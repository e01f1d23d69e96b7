"""The conversations, beside the messages."""

from collections.abc import Sequence

from securechat.faces.screen.chat import ScreenChat
from securechat.faces.screen.side import side_lines
from securechat.faces.screen.spans import Line
from securechat.faces.screen.widgets import LineWidget


class SidePane(LineWidget):
    """Lists rooms and people; narrow terminals have no room for it."""

    def __init__(self, chat: ScreenChat, *, unicode: bool) -> None:
        super().__init__(id="side")
        self._chat = chat
        self._unicode = unicode

    def lines(self, width: int, height: int, /) -> Sequence[Line]:
        """Return the conversations, and the edge between them and the messages."""
        places, current = self._chat.places, self._chat.current
        return side_lines(places, current, width, height, unicode=self._unicode)
