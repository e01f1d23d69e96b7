"""The brain of the full screen: what events and keys mean, without a terminal.

Commands, people, rooms and all sentences are those of the chat in lines, which it leads; what that
one would print becomes a notice in a conversation, or is drawn as part of the screen.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from securechat.client import commands as c
from securechat.client import events as e
from securechat.client.searching import parse_search
from securechat.client.typed_names import conversation_key, is_room
from securechat.errors import SecureChatError
from securechat.faces import wording
from securechat.faces.conversations import conversation_of
from securechat.faces.engine import ChatEngine
from securechat.faces.entries import Entry, Tone
from securechat.faces.line_chat import LineChat, local_now
from securechat.faces.pending import Pending
from securechat.faces.screen.rows import Notice, Row, of_message, of_past, of_written
from securechat.faces.screen.spans import Line, Look, span
from securechat.faces.screen.timeline import Timeline
from securechat.faces.typed_text import find_excess
from securechat.faces.written import Written
from securechat.text import safe_text

PAGE_MESSAGES = 200

_STATES: dict[type[e.Event], e.DeliveryState] = {
    e.Sent: e.DeliveryState.SENT,
    e.Accepted: e.DeliveryState.ACCEPTED,
    e.Delivered: e.DeliveryState.DELIVERED,
    e.Read: e.DeliveryState.READ,
}


class Part(Enum):
    """A part of the screen that is drawn by itself."""

    SIDE = "side"
    MESSAGES = "messages"
    TITLE = "title"
    STATUS = "status"
    INPUT = "input"
    BANNER = "banner"
    FOUND = "found"
    COMPARING = "comparing"


@dataclass(frozen=True, slots=True)
class Place:
    """A conversation, as the side pane lists it; ``trust`` is "" for rooms and those unknown."""

    name: str
    is_room: bool
    unread: int
    mention: bool
    trust: str
    online: bool | None
    muted: bool


class ScreenChat:
    """A session on the full screen; ``leaving`` and ``ended`` say when it is over.

    It begins with the ``peer``, or in the ``lobby``, or with nobody. ``ring`` gets each message
    that calls for attention. With ``unicode`` false nothing of ours but ASCII is shown. All is
    called in one thread; nothing blocks.

    ``found``, ``safety`` and ``comparing`` are the newest answers to `search` and `verify`;
    ``banners`` are warnings that stand in every conversation, ``typing_now`` says who types.
    """

    def __init__(
        self,
        engine: ChatEngine,
        *,
        peer: str | None,
        lobby: bool = False,
        now: Callable[[], datetime] = local_now,
        ring: Callable[[e.Message], None] = lambda _: None,
        unicode: bool = True,
    ) -> None:
        self._engine = engine
        self._now = now
        self._ring = ring
        self._lines = LineChat(
            engine, peer=peer, lobby=lobby, show=self._note, now=now, unicode=unicode,
            written=self._add_written,
        )  # fmt: skip
        self._timelines: dict[str, Timeline] = {}
        self._names: dict[str, str] = {}
        self._unshown: dict[str, list[e.Message]] = {}
        self._typed: dict[str, str] = {}
        self._changed: set[Part] = set(Part)
        self._relay: Line = ()
        self.found: e.SearchResult | None = None
        self.safety: e.SafetyNumber | None = None
        self.comparing: e.ComparingShown | None = None
        self.banners: list[Line] = []
        self.typing_now: Line = ()

    @property
    def current(self) -> str | None:
        """The conversation that is shown, and that text goes to."""
        return self._lines.conversations.current

    @property
    def timeline(self) -> Timeline:
        """What is held of the current conversation."""
        return self._timeline(self.current or "")

    @property
    def places(self) -> list[Place]:
        """All conversations: the rooms, and then the people."""
        places = [self._place(name) for name in self._names.values()]
        return sorted(places, key=lambda place: (not place.is_room, place.name.casefold()))

    @property
    def title(self) -> Line:
        """What stands above the messages."""
        return (span(self.current or "securechat", Look.TITLE),)

    @property
    def status(self) -> Line:
        """What stands at the bottom."""
        return self._relay

    @property
    def prompt(self) -> Line:
        """What stands before the text being typed."""
        return (span(self._lines.prompt(), Look.MARK),)

    @property
    def leaving(self) -> bool:
        """Whether the user has said that they leave."""
        return self._lines.leaving

    @leaving.setter
    def leaving(self, leaving: bool) -> None:
        self._lines.leaving = leaving

    @property
    def ended(self) -> e.Ended | None:
        """How the engine ended, if it has."""
        return self._lines.ended

    @property
    def pending(self) -> Pending:
        """The own messages that the relay has not accepted."""
        return self._lines.pending

    def begin(self) -> None:
        """Show the conversation that the session begins with, if there is one."""
        if self.current is not None:
            self.choose(self.current)

    def take_changed(self) -> set[Part]:
        """Return what is to be drawn again since this was asked last."""
        changed, self._changed = self._changed, set()
        return changed

    def drawn(self, *, at_end: bool, focused: bool) -> None:
        """Take note that the messages were drawn; at the end, before a reader, they are read."""
        if at_end and focused and self.current is not None:
            for message in self._unshown.pop(conversation_key(self.current), []):
                self._engine.shown(message.sender, message.message_id)
                self._changed.add(Part.SIDE)

    # Events ---------------------------------------------------------------------------------------

    def hear(self, event: e.Event) -> None:
        """Take an event of the engine."""
        self._changed |= {Part.SIDE, Part.MESSAGES, Part.TITLE, Part.STATUS, Part.INPUT}
        match event:
            case e.Message():
                self._hear_message(event)
            case e.Sent() | e.Accepted() | e.Delivered() | e.Read():
                self._advance(event.recipient, event.message_id, _STATES[type(event)])
            case e.Problem(_, str(message_id)):
                for timeline in self._timelines.values():
                    timeline.advance(message_id, e.DeliveryState.FAILED)
            case e.Ready() | e.Offline():
                self._hear_connection(event)
            case _:
                self._hear_answer(event)
        if not isinstance(event, e.History | e.SearchResult):
            self._lines.hear(event)

    def _hear_message(self, event: e.Message) -> None:
        where = conversation_of(event)
        self._remember(where)
        self._timeline(where).add(of_message(event))
        self._unshown.setdefault(conversation_key(where), []).append(event)
        if event.alert:
            self._ring(event)

    def _hear_connection(self, event: e.Ready | e.Offline) -> None:
        if isinstance(event, e.Offline):
            self._relay = (span(f"no connection ({event.why})", Look.STATUS),)
        else:
            self._relay = (span(event.relay, Look.STATUS),)

    def _hear_answer(self, event: e.Event) -> None:
        match event:
            case e.History(str(name)):
                for past in event.messages:
                    self._timeline(name).add(of_past(past))
            case e.SearchResult():
                self.found = event
                self._changed.add(Part.FOUND)
            case e.SafetyNumber():
                self.safety = event
                self._changed.add(Part.COMPARING)
            case e.ComparingShown():
                self.comparing = event
                self._changed.add(Part.COMPARING)
            case e.ComparingEnded():
                self.comparing = None
                self._changed.add(Part.COMPARING)
            case e.PeerKeyChanged(accepted=False):
                words = safe_text(wording.key_changed(event).text, multiline=True)
                self.banners.insert(0, (span(words.replace("\n", " "), Look.ALERT),))
                self._changed.add(Part.BANNER)
            case e.RoomNews() | e.Invitation():
                self._remember(event.room)
            case e.RoomList():
                for room in event.rooms:
                    self._remember(room.name)
            case e.PeerReady() | e.Waiting() | e.Paired():
                self._remember(event.name)
            case e.Contacts():
                for person in event.people:
                    self._remember(person.name)

    def _advance(self, recipient: str, message_id: str, state: e.DeliveryState) -> None:
        self._timeline(recipient).advance(message_id, state)

    def _note(self, entry: Entry) -> None:
        if entry.tone not in (Tone.MESSAGE, Tone.MENTION):
            self.timeline.note(Notice(entry, self._now_ms()))
            self._changed.add(Part.MESSAGES)

    def _add_written(self, written: Written) -> None:
        self._remember(written.target)
        row = of_written(written, self._lines.own_name, self._now_ms())
        self._timeline(written.target).add(row)

    # What the user does ---------------------------------------------------------------------------

    def enter(self, text: str) -> bool:
        """Send a text, or do what it asks for; return False when it stays to be changed."""
        if error := find_excess(text):
            self._lines.refuse(error)
            return False
        self._changed = set(Part)
        self._lines.enter(text)
        return True

    def interrupt(self) -> None:
        """Take a Ctrl-C in an empty input: the first one warns, the second one leaves."""
        self._lines.interrupt()

    def choose(self, name: str) -> None:
        """Show a conversation, at its end."""
        self._lines.conversations.choose(name)
        self._remember(name)
        self._engine.ask(c.History(name, PAGE_MESSAGES))
        if not is_room(name):
            self._engine.talk_to(name)
        self._changed = set(Part)

    def step(self, by: int) -> None:
        """Go so many conversations down the list, or up, from the current one."""
        names = [place.name for place in self.places]
        if names:
            here = names.index(self.current) if self.current in names else -1
            self.choose(names[(here + by) % len(names)])

    def next_unread(self) -> None:
        """Go to a conversation with a mention, else to one with something unread, if any."""
        unread = [place for place in self.places if place.unread and place.name != self.current]
        if unread:
            self.choose(max(unread, key=lambda place: place.mention).name)

    def typed(self, text: str) -> None:
        """Keep what stands in the input of the current conversation."""
        self._lines.typing()
        if self.current is not None:
            self._typed[conversation_key(self.current)] = text

    def typed_of(self, name: str) -> str:
        """Return what stands in the input of a conversation."""
        return self._typed.get(conversation_key(name), "")

    def older(self) -> None:
        """Ask for the messages before those held, if there are any."""

    def newer(self) -> None:
        """Ask for the messages after those held, if there are any."""

    def jump(self, position: int) -> None:
        """Show the messages of the current conversation around a place in the history."""

    def search(self, text: str) -> None:
        """Ask for the messages that ``text`` describes; ``found`` is the answer."""
        self._ask(lambda: c.Search(parse_search(text)))

    def verify(self, how: c.How) -> None:
        """Ask for what can be compared with the current person."""
        if (name := self.current) is not None:
            self._ask(lambda: c.Verify(name, how))

    def match(self) -> None:
        """Say that what is compared is the same."""
        if (shown := self.comparing) is not None:
            self._ask(lambda: c.Match(shown.name))

    def differ(self) -> None:
        """Say that what is compared is not the same."""
        if (shown := self.comparing) is not None:
            self._ask(lambda: c.Differ(shown.name))

    def trust(self) -> None:
        """Say that the digits shown are the same: their person is verified."""
        if (safety := self.safety) is not None:
            self._ask(lambda: c.Decide(c.Decision.TRUST, safety.name))

    def look_at_relay(self) -> None:
        """Ask for what the relay sees of the current conversation."""

    def note_alarm(self) -> None:
        """Take note of the newest warning."""
        del self.banners[:1]
        self._changed.add(Part.BANNER)

    def reply_to(self, row: Row | None) -> None:
        """Make the next text an answer to a message; with None to none."""

    def edit(self, row: Row | None) -> None:
        """Make the next text the new one of an own message; with None of none."""

    def delete(self, row: Row) -> None:
        """Take the text of an own message back."""

    def react(self, row: Row, symbol: str) -> None:
        """React to a message; with an empty symbol the reaction is taken back."""

    def copy_text(self, row: Row) -> str:
        """Return the text of a message, safe for a clipboard."""
        return safe_text(row.text, multiline=True)

    # ----------------------------------------------------------------------------------------------

    def _ask(self, question: Callable[[], c.Question]) -> None:
        try:
            self._engine.ask(question())
        except SecureChatError as error:
            self._note(wording.problem(error))

    def _timeline(self, name: str) -> Timeline:
        return self._timelines.setdefault(conversation_key(name), Timeline())

    def _remember(self, name: str) -> None:
        self._names.setdefault(conversation_key(name), name)

    def _place(self, name: str) -> Place:
        unshown = self._unshown.get(conversation_key(name), [])
        room = is_room(name)
        person = None if room else self._lines.people[name]
        return Place(
            name,
            is_room=room,
            unread=len(unshown),
            mention=any(message.mention for message in unshown),
            trust="" if person is None or person.trust is None else person.trust.value,
            online=None if person is None else person.online,
            muted=self._lines.muting.is_muted(name),
        )

    def _now_ms(self) -> int:
        return int(self._now().timestamp() * 1000)
