"""The conversations, beside the messages."""

from collections.abc import Sequence

from textual.strip import Strip

from securechat.faces.screen.drawing.side import side_lines
from securechat.faces.screen.drawing.spans import Line
from securechat.faces.screen.state.chat import ScreenChat
from securechat.faces.screen.widgets.line_widget import LineWidget


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

    def render_line(self, y: int) -> Strip:
        """Return a row, which is as wide as the pane.

        Textual counts fewer columns for the marks of some scripts than most terminals use: what it
        would put behind a name of these would be drawn over the messages.
        """
        return Strip(super().render_line(y), self.size.width)
