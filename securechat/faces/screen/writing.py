"""What the text in the input is for, and what becomes of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from securechat.client import commands as c
from securechat.client import events as e
from securechat.client.command_line import parse_line
from securechat.errors import SecureChatError
from securechat.faces.emoji_codes import with_emoji
from securechat.faces.screen.facts import Opening, Request
from securechat.faces.screen.parts import Parts
from securechat.faces.screen.rows import Row, of_written
from securechat.faces.screen.timeline import Timeline
from securechat.faces.typed_text import find_excess
from securechat.faces.written import Written


class Writing:
    """A text is a message, a command, an answer to ``replying``, or a new text for ``editing``."""

    def __init__(self, parts: Parts, now: Callable[[], datetime]) -> None:
        self._parts = parts
        self._now = now
        self._request: Request | None = None
        self.replying: Row | None = None
        self.editing: Row | None = None

    def enter(self, text: str) -> bool:
        """Do what a text is for; return False when it stays in the input to be changed."""
        lines = self._parts.lines
        if error := find_excess(text):
            lines.refuse(error)
            return False
        where = lines.conversations.current
        self._perform(text)
        if where is not None:
            self._parts.texts.sent(where)
        return True

    def reply_to(self, row: Row | None) -> None:
        """Make the next text an answer to a message; with None to none."""
        self.replying, self.editing = row, None

    def edit(self, row: Row | None) -> None:
        """Make the next text the new one of an own message; with None of none."""
        self.replying, self.editing = None, row

    def take(self, written: Written) -> None:
        """Take a message that the engine has just taken from the user."""
        parts = self._parts
        parts.places.add(written.target)
        timeline = parts.timelines.of(written.target)
        now_ms = int(self._now().timestamp() * 1000)
        row = of_written(written, parts.lines.own_name, now_ms)
        timeline.add(self._with_quote(row, timeline))
        if timeline.has_newer:
            parts.timelines.ask_newest(written.target)

    def take_request(self) -> Request | None:
        """Return the page that a typed command asks for, once."""
        request, self._request = self._request, None
        return request

    def _with_quote(self, row: Row, timeline: Timeline) -> Row:
        """Return a row that says what it answers, if that is here: by its id, or its writer."""
        if row.reply is None:
            return row
        answered = row.reply.message_id
        for other in reversed(timeline.rows):
            if isinstance(other, Row) and answered in (other.message_id, other.sender):
                return replace(row, reply=e.Quote(other.message_id, other.sender, other.text))
        return row

    def _perform(self, text: str) -> None:
        try:
            command = parse_line(with_emoji(text))
        except SecureChatError:
            command = None  # the chat in lines says what is wrong
        match command:
            case c.Say(said, action=False) if self.replying is not None:
                self._parts.lines.enter(f"/reply {self.replying.message_id} {said}")
                self.reply_to(None)
            case c.History(name, _) if name or self._parts.lines.conversations.current:
                self._choose(name)
            case c.Search():
                self._request = Request(Opening.SEARCH, text.lstrip().partition(" ")[2].strip())
            case c.Help():
                self._request = Request(Opening.HELP)
            case _:
                self._parts.lines.enter(text)

    def _choose(self, name: str | None) -> None:
        if name is not None:
            self._parts.lines.conversations.choose(name)
