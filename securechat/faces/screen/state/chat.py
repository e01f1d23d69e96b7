"""The brain of the full screen: what events and keys mean, without a terminal.

Commands, people, rooms and all sentences are those of the chat in lines, which it leads; what that
one would print becomes a notice in a conversation, or is drawn as part of the screen.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from types import MappingProxyType

from securechat.client import commands as c
from securechat.client import events as e
from securechat.client.names.typed_names import conversation_key, is_room
from securechat.client.searching import parse_search
from securechat.errors import UsageError
from securechat.faces.chat.line_chat import local_now
from securechat.faces.screen.drawing.facts import ALWAYS_SEEN, Part, Request
from securechat.faces.screen.drawing.rows import Row
from securechat.faces.screen.state.chat_state import ChatState
from securechat.faces.screen.state.hearing import Hearing
from securechat.faces.screen.state.parts import make_parts
from securechat.faces.screen.state.writing import Writing
from securechat.faces.session.engine import ChatEngine
from securechat.text import safe_text


class ScreenChat(ChatState):
    """A session on the full screen; ``leaving`` and ``ended`` say when it is over.

    It begins with the ``peer``, or in the ``lobby``, or with nobody. ``ring`` gets each message
    that calls for attention. With ``unicode`` false nothing of ours but ASCII is shown. ``keys``
    are those that the user has bound, by action. All is called in one thread; nothing blocks.
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
        keys: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        parts = make_parts(
            engine, peer=peer, lobby=lobby, now=now, ring=ring, unicode=unicode, keys=keys,
            written=lambda written: self._writing.take(written),
        )  # fmt: skip
        super().__init__(parts, Hearing(engine, parts), Writing(engine.ask, parts, now))
        self._engine = engine
        self._changed = set(ALWAYS_SEEN)
        self._opened: str | None = None

    def take_changed(self) -> set[Part]:
        """Return what is to be drawn again since this was asked last."""
        changed, self._changed = self._changed, set()
        return changed

    def take_request(self) -> Request | None:
        """Return the page that a typed command asks for, once."""
        return self._writing.take_request()

    def take_jump(self) -> int | None:
        """Return the index of the row to show, once after `jump` was answered."""
        return self._parts.timelines.take_jump(self.current or "")

    # The course of time ---------------------------------------------------------------------------

    def begin(self) -> None:
        """Show the conversation that the session begins with, and ask what there is."""
        self._follow()
        self._engine.ask(c.StoredTexts())
        self._hearing.ask_contacts()

    def hear(self, event: e.Event) -> None:
        """Take an event of the engine."""
        awaited = self._parts.lines.conversations.awaited
        self._changed |= self._hearing.hear(event)
        match event:
            case e.Problem(asked=c.Amend() as refused) if refused.text:
                self._writing.give_back(refused)
            case e.Renamed(before, name):
                self._writing.rename(before, name)
                if self._opened == conversation_key(before):
                    self._opened = conversation_key(name)
        self._follow(awaited=awaited is not None)

    def tick(self) -> None:
        """Do what is due; to be called about once a second."""
        self._parts.texts.tick()
        if self._parts.connection.tick():
            self._changed.add(Part.STATUS)

    def drawn(self, *, at_end: bool, focused: bool) -> None:
        """Take note that the messages were drawn; at the end, before a reader, they are read.

        So are those that come until the next time this is called: they do not count as unread.
        """
        was_followed, self._is_followed = self._is_followed, at_end and focused
        if self.current is None or (first := self._parts.unshown.first(self.current)) is None:
            return
        if not (was_followed and self._is_followed):
            self._changed.add(Part.SIDE)
        if self._is_followed:
            for sender, message_id in self._parts.unshown.take(self.current):
                self._engine.shown(sender, message_id)
        else:
            self._mark_new(first[1])

    def flush(self) -> None:
        """Let the engine keep what is being typed: the session ends."""
        self._parts.texts.stop_composing()
        self._parts.texts.store()

    # What the user does ---------------------------------------------------------------------------

    def enter(self, text: str) -> bool:
        """Send a text, or do what it asks for; return False when it stays to be changed."""
        self._changed |= ALWAYS_SEEN
        taken = self._writing.enter(text)
        self._follow()
        return taken

    def interrupt(self) -> None:
        """Take a Ctrl-C in an empty input: the first one warns, the second one leaves."""
        self._changed.add(Part.MESSAGES)
        self._parts.lines.interrupt()

    def choose(self, name: str) -> None:
        """Show a conversation, at its end."""
        self._parts.lines.conversations.choose(name)
        self._parts.places.add(name)
        self._follow()

    def step(self, by: int) -> None:
        """Go so many conversations down the list, or up, from the current one."""
        names = [place.name for place in self.places]
        if self.current in names:
            self.choose(names[(names.index(self.current) + by) % len(names)])
        elif names:
            self.choose(names[0])

    def next_unread(self) -> None:
        """Go to a conversation with a mention, else to one with something unread, if any.

        Muted ones come last.
        """
        unread = [place for place in self.places if place.unread and place.name != self.current]
        if unread:
            self.choose(max(unread, key=lambda place: (not place.muted, place.mention)).name)

    def typed(self, text: str) -> None:
        """Keep what stands in the input of the current conversation, or of none."""
        self._parts.lines.typing()
        self._parts.texts.note(self.current or "", text)

    def typed_of(self, name: str | None) -> str:
        """Return what stands in the input of a conversation; None: while none is chosen."""
        return self._parts.texts.of(name or "")

    def older(self) -> None:
        """Ask for the messages before those held, if there are any."""
        self._parts.timelines.ask_older(self.current or "")

    def newer(self) -> None:
        """Ask for the messages after those held, if there are any."""
        self._parts.timelines.ask_newer(self.current or "")

    def newest(self) -> None:
        """Ask for the newest messages of the current conversation."""
        if self.current is not None:
            self._parts.timelines.ask_newest(self.current)

    def jump(self, position: int) -> None:
        """Show the messages of the current conversation around a place in the history."""
        if self.current is not None:
            self._parts.timelines.ask_around(self.current, position)

    def visit(self, past: e.PastMessage) -> None:
        """Show a message that was found, in its conversation."""
        other = past.sender if past.state is None else past.recipient
        self.choose(past.room or other)
        self.jump(past.position)

    def search(self, text: str) -> None:
        """Ask for the messages that ``text`` describes; ``found`` is the answer."""
        with suppress(UsageError):  # it is not typed to its end
            self._engine.ask(c.Search(parse_search(text)))

    def verify(self, how: c.How) -> None:
        """Ask for what can be compared with the current person."""
        if self.current is None or is_room(self.current):
            return
        if how is c.How.DIGITS:
            self._parts.notices.expect(e.SafetyNumber, self.current)
        self._parts.verification.begin(self.current, how)

    def match(self) -> None:
        """Say that what is compared is the same."""
        self._parts.verification.match()

    def differ(self) -> None:
        """Say that what is compared is not the same."""
        self._parts.verification.differ()

    def trust(self) -> None:
        """Say that the digits shown are the same: their person is verified."""
        self._parts.verification.trust()

    def look_at_relay(self) -> None:
        """Ask for what the relay sees of the current conversation; ``relay_view`` answers."""
        self._engine.ask(c.Sight(self.current))

    def note_alarm(self) -> None:
        """Take note of the newest warning."""
        self._parts.alarms.note()
        self._changed.add(Part.BANNER)

    def reply_to(self, row: Row) -> None:
        """Make the next text an answer to a message."""
        if self.current is not None:
            self._writing.reply_to(row, self.current)
            self._changed.add(Part.INPUT)

    def edit(self, row: Row) -> None:
        """Take an own message into the input, to send another text for it."""
        if self.current is not None and row.own and not row.deleted:
            self._writing.edit(row, self.current)
            self._changed.add(Part.INPUT)

    def cancel(self) -> None:
        """Neither answer nor edit a message any more."""
        self._writing.cancel()
        self._changed.add(Part.INPUT)

    def delete(self, row: Row) -> None:
        """Take the text of an own message back."""
        self._engine.ask(c.Amend(self.current, row.message_id, ""))

    def react(self, row: Row, symbol: str) -> None:
        """React to a message; with an empty symbol the reaction is taken back."""
        self._engine.ask(c.React(self.current, row.message_id, symbol))

    def copy_text(self, row: Row) -> str:
        """Return the text of a message, safe for a clipboard."""
        return safe_text(row.text, multiline=True)

    def _follow(self, *, awaited: bool = False) -> None:
        """Open the current conversation, if it is another one than before.

        What was typed ahead, while it was ``awaited`` or none was open, is a text for this one.
        """
        parts, current = self._parts, self.current
        key = None if current is None else conversation_key(current)
        if key == self._opened:
            return
        if self._opened is not None and (left := parts.timelines.held(self._opened)) is not None:
            left.new_from = None
        before, self._opened = self._opened, key
        self._changed |= ALWAYS_SEEN
        self._writing.cancel()
        parts.texts.stop_composing()
        if current is not None and (before is None or awaited):
            parts.texts.take_along(before or "", current)
        parts.texts.store()
        if current is None:
            return
        parts.places.add(current)
        if (first := parts.unshown.first(current)) is not None:
            self._mark_new(first[1])
        parts.timelines.ask_newest(current)
        if parts.places.begin_to_watch(current):
            self._engine.talk_to(current)
        self._hearing.ask_who()

    def _mark_new(self, message_id: str) -> None:
        """Mark the first message that nobody has seen, if the one marked before was seen."""
        timeline, unshown = self.timeline, self._parts.unshown
        marked = timeline.new_from
        if marked is not None and not unshown.has(self.current or "", marked):
            timeline.new_from = None
        if timeline.new_from is None:
            timeline.mark_new(message_id)
            self._changed.add(Part.MESSAGES)
