"""What the text in the input is for, and what becomes of it."""

from collections.abc import Callable
from datetime import datetime

from msgspec.structs import replace

from securechat.client import commands as c
from securechat.client import events as e
from securechat.client.input.command_line import parse_line
from securechat.client.names.typed_names import conversation_key, is_room
from securechat.errors import SecureChatError
from securechat.faces.emoji_codes import with_emoji
from securechat.faces.long_text import find_excess
from securechat.faces.screen.drawing.facts import Opening, Request
from securechat.faces.screen.drawing.rows import Row, of_own
from securechat.faces.screen.state.parts import Parts
from securechat.faces.screen.state.timeline import Timeline
from securechat.faces.session.own_message import OwnMessage
from securechat.faces.wording import notices


class Writing:
    """A text is a message, a command, an answer to ``replying``, or a new text for ``editing``.

    ``ask`` asks the engine.
    """

    def __init__(
        self, ask: Callable[[c.Question], None], parts: Parts, now: Callable[[], datetime]
    ) -> None:
        self._ask = ask
        self._parts = parts
        self._now = now
        self._request: Request | None = None
        self._where = ""
        self._taken = False
        self.replying: Row | None = None
        self.editing: Row | None = None

    def reply_to(self, row: Row, where: str) -> None:
        """Make the next text, in this conversation, an answer to a message of it."""
        self.cancel()
        self.replying, self._where = row, where

    def edit(self, row: Row, where: str) -> None:
        """Make the next text, in this conversation, the new one of an own message of it.

        What stands in the input is put aside for the message's text until then.
        """
        self.cancel()
        self.editing, self._where = row, where
        self._parts.texts.begin_edit(where, row.text)

    def cancel(self) -> None:
        """Let the next text be a message again."""
        if self.editing is not None:
            self._parts.texts.end_edit(self._where)
        self.replying = self.editing = None

    def rename(self, before: str, name: str) -> None:
        """Take note of another name for a person."""
        if conversation_key(self._where) == conversation_key(before):
            self._where = name

    def give_back(self, refused: c.Amend) -> None:
        """Put the text of an edit that the engine has refused where it can be used again.

        That is an edit again, or, where that cannot be, before what stands in the input.
        """
        where = refused.target or ""
        row = self._own_row(where, refused.message)
        is_current = self._parts.lines.conversations.is_current(where)
        if row is not None and is_current and self.editing is None:
            self.edit(row, where)
            self._parts.texts.note(where, refused.text)
        else:
            self._parts.texts.put_before(where, refused.text)

    def enter(self, text: str) -> bool:
        """Do what a text is for; return False when it stays in the input to be changed."""
        lines = self._parts.lines
        if error := find_excess(text):
            lines.refuse(error)
            return False
        try:
            command = parse_line(with_emoji(text))
        except SecureChatError as error:
            self._parts.notices.note(notices.problem(error))
            return False
        where, self._taken = lines.conversations.current, False
        self._perform(command, text)
        if isinstance(command, c.Say | c.Msg | c.Reply) and not self._taken:
            return False
        self._parts.texts.sent(where or "")
        if isinstance(command, c.Say):
            self.cancel()
        return True

    def take(self, written: OwnMessage) -> None:
        """Take a message that the engine has just taken from the user."""
        self._taken = True
        parts = self._parts
        parts.places.add(written.target)
        timeline = parts.timelines.of(written.target)
        now_ms = int(self._now().timestamp() * 1000)
        row = of_own(written, parts.lines.own_name, now_ms)
        if not timeline.add(_with_quote(row, timeline)) and timeline.has_newer:
            parts.timelines.ask_newest(written.target)

    def take_request(self) -> Request | None:
        """Return the page that a typed command asks for, once."""
        request, self._request = self._request, None
        return request

    def _perform(self, command: c.Command | None, text: str) -> None:
        lines = self._parts.lines
        match command:
            case c.Say(said, action=False) if self.editing is not None:
                self._ask(c.Amend(self._where, self.editing.message_id, said))
                self._taken = True
            case c.Say(said, action=False) if self.replying is not None:
                lines.enter(f"/reply {self.replying.message_id} {said}")
            case c.History(str(name), _):
                lines.conversations.choose(name)
            case c.Search():
                self._request = Request(Opening.SEARCH, text.lstrip().partition(" ")[2].strip())
            case c.Help():
                self._request = Request(Opening.HELP)
            case c.Verify(name, c.How.QR) if self._is_current_person(name):
                self._request = Request(Opening.VERIFY)
            case _:
                lines.enter(text)

    def _own_row(self, where: str, message_id: str | None) -> Row | None:
        """Return an own message that can be edited, the newest one if no id is given."""
        for row in reversed(self._parts.timelines.of(where).rows):
            if isinstance(row, Row) and row.own and message_id in (None, row.message_id):
                is_sent = row.state is not e.DeliveryState.FAILED
                return row if is_sent and not row.deleted else None
        return None

    def _is_current_person(self, name: str | None) -> bool:
        conversations = self._parts.lines.conversations
        current = conversations.current
        if current is None or is_room(current):
            return False
        return name is None or conversations.is_current(name)


def _with_quote(row: Row, timeline: Timeline) -> Row:
    """Return a row that says what it answers, if that is here: by its id, or its writer."""
    if row.reply is None:
        return row
    answered = row.reply.message_id
    for other in reversed(timeline.rows):
        if isinstance(other, Row) and answered in (other.message_id, other.sender):
            return replace(row, reply=e.Quote(other.message_id, other.sender, other.text))
    return row
