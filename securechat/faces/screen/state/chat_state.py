"""The chat on the full screen as it is now: all that is drawn of it."""

from securechat.client import events as e
from securechat.faces.screen.drawing.facts import Heading, Place, Status
from securechat.faces.screen.drawing.rows import Row
from securechat.faces.screen.drawing.spans import Line, Look, span
from securechat.faces.screen.state.hearing import Hearing
from securechat.faces.screen.state.parts import Parts
from securechat.faces.screen.state.timeline import Timeline
from securechat.faces.screen.state.writing import Writing
from securechat.faces.session.conversations import conversation_of
from securechat.faces.session.pending import Pending


class ChatState:
    """What a `screen.state.chat.ScreenChat` lets be seen; it changes with each event."""

    def __init__(self, parts: Parts, hearing: Hearing, writing: Writing) -> None:
        self._parts = parts
        self._hearing = hearing
        self._writing = writing
        self._is_followed = False

    @property
    def current(self) -> str | None:
        """The conversation that is shown, and that text goes to."""
        return self._parts.lines.conversations.current

    def is_current(self, message: e.Message) -> bool:
        """Tell whether a message belongs to the conversation that is shown."""
        return self._parts.lines.conversations.is_current(conversation_of(message))

    @property
    def timeline(self) -> Timeline:
        """What is held of the current conversation."""
        return self._parts.timelines.of(self.current or "")

    @property
    def places(self) -> list[Place]:
        """All conversations: the rooms, and then the people."""
        return self._parts.places.all(self.current if self._is_followed else None)

    @property
    def heading(self) -> Heading:
        """What stands above the messages."""
        return self._parts.places.heading(self.current)

    @property
    def standing(self) -> Status:
        """What stands at the bottom."""
        asks = self._parts.verification.asked_by
        return self._parts.places.status(self._parts.connection, self.current, asks)

    @property
    def prompt(self) -> Line:
        """What stands before the text being typed."""
        return (span(self._parts.lines.prompt(), Look.MARK),)

    @property
    def banners(self) -> list[Line]:
        """Warnings above the input, each over the whole width."""
        lines = self._parts.alarms.lines(self.current)
        if ended := self.standing.ended:
            lines.append((span(f"The chat has ended: {ended}", Look.ALERT),))
        return lines

    @property
    def typing_now(self) -> Line:
        """Who is typing in the current conversation; without anybody nothing."""
        words = self._parts.typing.words(self.current or "")
        return (span(words, Look.HINT),) if words else ()

    @property
    def found(self) -> e.SearchResult | None:
        """The newest answer to `search`."""
        return self._hearing.found

    @property
    def relay_view(self) -> e.RelayView | None:
        """The newest answer to `look_at_relay`."""
        return self._hearing.relay_view

    @property
    def safety(self) -> e.SafetyNumber | None:
        """The newest answer to `verify` with digits."""
        return self._parts.verification.safety

    @property
    def comparing(self) -> e.ComparingShown | None:
        """The emoji that are being compared, if any are."""
        return self._parts.verification.comparing

    @property
    def asked(self) -> str:
        """Who was asked to compare emoji and has not agreed to by now, or ""."""
        return self._parts.verification.asked

    @property
    def replying(self) -> Row | None:
        """The message that the next text answers."""
        return self._writing.replying

    @property
    def editing(self) -> Row | None:
        """The own message that the next text is to replace."""
        return self._writing.editing

    @property
    def leaving(self) -> bool:
        """Whether the user has said that they leave."""
        return self._parts.lines.leaving

    @leaving.setter
    def leaving(self, leaving: bool) -> None:
        self._parts.lines.leaving = leaving

    @property
    def ended(self) -> e.Ended | None:
        """How the engine ended, if it has."""
        return self._parts.lines.ended

    @property
    def pending(self) -> Pending:
        """The own messages that the relay has not accepted."""
        return self._parts.lines.pending
