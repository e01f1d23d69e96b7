"""What each event of the engine means to the parts of the screen."""

from securechat.client import commands as c
from securechat.client import events as e
from securechat.client.names.typed_names import is_room
from securechat.faces.screen.drawing.facts import Part
from securechat.faces.screen.drawing.rows import of_message
from securechat.faces.screen.state.parts import Parts
from securechat.faces.session.conversations import changed_in, conversation_of
from securechat.faces.session.engine import ChatEngine

_OTHER_ROOMS = (e.RoomChange.CREATED, e.RoomChange.ENTERED)


class Hearing:
    """Hands events to the parts, and asks the engine for what they need then.

    ``found`` and ``relay_view`` are the newest answers of their kind.
    """

    def __init__(self, engine: ChatEngine, parts: Parts) -> None:
        self._engine = engine
        self._parts = parts
        self.found: e.SearchResult | None = None
        self.relay_view: e.RelayView | None = None

    def hear(self, event: e.Event) -> set[Part]:
        """Take an event; return what is to be drawn again."""
        parts = self._parts
        parts.places.hear(event)
        changed = {Part.SIDE, Part.MESSAGES, Part.TITLE, Part.STATUS, Part.INPUT}
        if parts.alarms.hear(event):
            changed.add(Part.BANNER)
        match event:
            case e.Message():
                self._hear_message(event)
                return changed
            case e.Page():
                parts.timelines.take(event)
                return {Part.MESSAGES, Part.STATUS}
            case e.History():
                return set()
            case e.SearchResult():
                self.found = event
                return {Part.FOUND}
            case e.RelayView():
                self.relay_view = event
                return {Part.RELAY}
            case e.StoredTexts():
                parts.texts.take_stored(event.texts)
                return {Part.INPUT, Part.SIDE}
            case e.Typing():
                parts.typing.hear(event)
                return {Part.INPUT}
            case e.Amended() | e.Reacted():
                self._hear_change(event)
                return {Part.MESSAGES, Part.SIDE}
            case _:
                changed |= self._hear_news(event)
        parts.notices.begin(event)
        try:
            parts.lines.hear(event)
        finally:
            parts.notices.end()
        self._ask_again(event)
        return changed

    def _hear_message(self, event: e.Message) -> None:
        parts = self._parts
        where = conversation_of(event)
        parts.lines.people[event.sender].trust = event.trust
        parts.timelines.of(where).add(of_message(event))
        parts.unshown.add(event)
        if event.alert:
            parts.ring(event)

    def _hear_change(self, event: e.Amended | e.Reacted) -> None:
        parts = self._parts
        where = changed_in(event)
        timeline = parts.timelines.held(where)
        if isinstance(event, e.Reacted):
            if timeline is not None:
                timeline.react(event.message_id, event.name, event.symbol)
            return
        if timeline is not None:
            timeline.amend(event.sender, event.message_id, event.text)
        if not event.text:
            parts.unshown.drop(where, event.sender, event.message_id)

    def _hear_news(self, event: e.Event) -> set[Part]:
        parts = self._parts
        match event:
            case e.Sent() | e.Accepted() | e.Delivered() | e.Read():
                if (timeline := parts.timelines.held(event.recipient)) is not None:
                    timeline.advance(event.message_id, e.STATE_TOLD[type(event)])
            case e.Withdrawn():
                for message_id in event.message_ids:
                    self._note_failed(message_id)
            case e.Ready() | e.BegunOffline() | e.Offline() | e.Problem() | e.Resumed():
                self._hear_connection(event)
            case e.Renamed():
                self._hear_renamed(event)
            case e.Ended():
                return {Part.BANNER}
            case (
                e.SafetyNumber()
                | e.ComparingAsked()
                | e.ComparingShown()
                | e.ComparingAgreed()
                | e.ComparingEnded()
                | e.TrustChanged()
                | e.PeerKeyChanged()
            ):
                parts.verification.hear(event)
                return {Part.COMPARING}
            case e.RoomNews() | e.RoomList() | e.RoomPeople():
                parts.rooms.hear(event)
        return set()

    def _ask_again(self, event: e.Event) -> None:
        """Ask anew for what the screen shows all the time, if it may be otherwise now."""
        match event:
            case e.RoomNews(_, change):
                if change in _OTHER_ROOMS:
                    self.ask_rooms()
                self.ask_who()
            case e.Ready() | e.BegunOffline():
                self.ask_rooms()
            case e.RoomList() | e.TrustChanged() | e.PeerKeyChanged() | e.Renamed():
                self.ask_who()

    def _hear_connection(
        self, event: e.Ready | e.BegunOffline | e.Offline | e.Problem | e.Resumed
    ) -> None:
        parts = self._parts
        parts.connection.hear(event)
        if isinstance(event, e.Ready | e.BegunOffline) and not parts.lines.own_name:
            for timeline in parts.timelines:
                timeline.name_own(event.name)
        elif isinstance(event, e.Problem) and event.message_id is not None:
            self._note_failed(event.message_id)

    def _hear_renamed(self, event: e.Renamed) -> None:
        parts = self._parts
        parts.timelines.rename(event.before, event.name)
        parts.unshown.rename(event.before, event.name)
        parts.texts.rename(event.before, event.name)

    def _note_failed(self, message_id: str) -> None:
        for timeline in self._parts.timelines:
            timeline.advance(message_id, e.DeliveryState.FAILED)

    # What the screen asks by itself ---------------------------------------------------------------

    def ask_rooms(self) -> None:
        """Ask which rooms there are; the answer is not shown as one."""
        if self._parts.notices.expect(e.RoomList):
            self._engine.ask(c.Rooms())

    def ask_contacts(self) -> None:
        """Ask who is known here; the answer is not shown as one."""
        if self._parts.notices.expect(e.Contacts):
            self._engine.ask(c.Contacts())

    def ask_who(self) -> None:
        """Ask who is in the current conversation, if that is a room that the user is in."""
        lines = self._parts.lines
        current = lines.conversations.current
        if current is None or not is_room(current) or current not in lines.rooms:
            return
        if self._parts.notices.expect(e.RoomPeople, current):
            self._engine.ask(c.Who(current))
