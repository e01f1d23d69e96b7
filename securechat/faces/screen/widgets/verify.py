"""Comparing keys with a person, over the whole screen."""

from collections.abc import Sequence

from textual import events

from securechat.client import commands as c
from securechat.client import events as e
from securechat.client.names.typed_names import conversation_key
from securechat.faces.screen.drawing.spans import Line
from securechat.faces.screen.drawing.verify_lines import Canvas, Compared, lay_out_verification
from securechat.faces.screen.state.chat import ScreenChat
from securechat.faces.screen.widgets.page import Sheet


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
        self._asked_again = ""

    def lines(self, width: int, height: int) -> Sequence[Line]:
        """Return what can be compared by now."""
        compared = Compared(
            self._person,
            self._safety,
            self._emoji,
            asked=self._is_person(self._chat.asked),
            awaited=self._is_person(self._chat.standing.asks),
            agreed=self._has_agreed,
            asked_again=self._asked_again,
        )
        canvas = Canvas(width, height, self._unicode, self._colors, self._code_alone)
        return lay_out_verification(compared, canvas)

    def press(self, event: events.Key) -> None:
        """Take what the user says, or go back.

        That something is the same counts when the key is pressed twice: what is typed for the chat
        below must verify nobody.
        """
        chat = self._chat
        is_sure, self._asked_again = event.key == self._asked_again, ""
        if event.key in ("escape", "ctrl+c"):
            self.dismiss(None)
        elif event.key == "q":
            self._code_alone = not self._code_alone
        elif event.key == "e" and self._emoji is None:
            chat.verify(c.How.EMOJI)
        elif event.key == "m" and self._emoji is not None and not self._has_agreed:
            if is_sure:
                self._agreed_on = self._emoji
                chat.match()
            else:
                self._asked_again = event.key
        elif event.key == "x" and self._emoji is not None and not self._has_agreed:
            chat.differ()
            self.dismiss(None)
        elif event.key == "t" and self._safety is not None:
            if is_sure:
                chat.trust()
                self.dismiss(None)
            else:
                self._asked_again = event.key
        self.redraw()

    def answer(self) -> None:
        """Draw what has come; when what was agreed on is over, go back: the chat says how."""
        if self._agreed_on is not None and not self._has_agreed:
            self.dismiss(None)
        self.redraw()

    @property
    def _safety(self) -> e.SafetyNumber | None:
        """The digits, if they are of this person."""
        safety = self._chat.safety
        return safety if safety is not None and self._is_person(safety.name) else None

    @property
    def _emoji(self) -> e.ComparingShown | None:
        """The emoji, if they are of this person: somebody else may compare at the same time."""
        emoji = self._chat.comparing
        return emoji if emoji is not None and self._is_person(emoji.name) else None

    @property
    def _has_agreed(self) -> bool:
        return self._agreed_on is not None and self._agreed_on is self._emoji

    def _is_person(self, name: str) -> bool:
        return conversation_key(name) == conversation_key(self._person)
