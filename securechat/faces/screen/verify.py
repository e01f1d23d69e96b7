"""Comparing keys with a person, over the whole screen."""

from collections.abc import Sequence

from textual import events

from securechat.client import commands as c
from securechat.client import events as e
from securechat.faces.screen.chat import ScreenChat
from securechat.faces.screen.page import Sheet
from securechat.faces.screen.spans import Line
from securechat.faces.screen.verify_lines import Canvas, Compared, lay_out_verification


class VerifySheet(Sheet[None]):
    """Shows digits, QR code and emoji of the person ``name``, and takes what the user says."""

    def __init__(self, chat: ScreenChat, name: str, *, unicode: bool, colors: bool) -> None:
        super().__init__()
        self._chat = chat
        self._person = name
        self._unicode = unicode
        self._colors = colors
        self._code_alone = False
        self._agreed_on: e.ComparingShown | None = None

    def lines(self, width: int, height: int) -> Sequence[Line]:
        """Return what can be compared by now."""
        compared = Compared(
            self._person, self._chat.safety, self._chat.comparing, agreed=self._has_agreed
        )
        canvas = Canvas(width, height, self._unicode, self._colors, self._code_alone)
        return lay_out_verification(compared, canvas)

    def press(self, event: events.Key) -> None:
        """Take what the user says, or go back."""
        chat = self._chat
        if event.key in ("escape", "ctrl+c"):
            self.dismiss(None)
        elif event.key == "q":
            self._code_alone = not self._code_alone
        elif event.key == "e" and chat.comparing is None:
            chat.verify(c.How.EMOJI)
        elif event.key == "m" and chat.comparing is not None and not self._has_agreed:
            self._agreed_on = chat.comparing
            chat.match()
        elif event.key == "x" and chat.comparing is not None and not self._has_agreed:
            chat.differ()
            self.dismiss(None)
        elif event.key == "t" and chat.safety is not None:
            chat.trust()
            self.dismiss(None)
        self.redraw()

    def answer(self) -> None:
        """Draw what has come; when what was agreed on is over, go back: the chat says how."""
        if self._agreed_on is not None and self._chat.comparing is None:
            self.dismiss(None)
        self.redraw()

    @property
    def _has_agreed(self) -> bool:
        return self._agreed_on is not None and self._agreed_on is self._chat.comparing
