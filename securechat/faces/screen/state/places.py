"""The conversations that there are, and what the side pane, the title and the status say."""

from collections.abc import Callable

from securechat.client import events as e
from securechat.client.names.typed_names import conversation_key, is_room
from securechat.faces.chat.line_chat import LineChat
from securechat.faces.screen.drawing.facts import Heading, Place, Status
from securechat.faces.screen.state.connection import Connection
from securechat.faces.screen.state.room_facts import RoomFacts
from securechat.faces.screen.state.unshown import Unshown
from securechat.faces.session.conversations import conversation_of


class Places:
    """The rooms and people that were heard of in this run, by the names that are shown."""

    def __init__(
        self, lines: LineChat, unshown: Unshown, rooms: RoomFacts, unsent: Callable[[], int]
    ) -> None:
        """Begin with none; ``unsent`` counts own messages, those of earlier runs too."""
        self._lines = lines
        self._unsent = unsent
        self._unshown = unshown
        self._rooms = rooms
        self._names: dict[str, str] = {}
        self._unwatched: set[str] = set()
        self._watched: set[str] = set()

    def hear(self, event: e.Event) -> None:
        """Take the conversations out of an event."""
        match event:
            case e.RoomNews() | e.Invitation():
                self.add(event.room)
            case e.RoomList():
                for room in event.rooms:
                    self.add(room.name)
            case e.Message():
                self.add(conversation_of(event))
                if event.room is None and not event.request:
                    self._accept(event.sender)
            case e.StoredTexts():
                for name in (*(name for name, _ in event.texts), *event.waiting):
                    self.add(name)
            case e.Paired():
                self.add(event.name)
                self._accept(event.name)
            case e.PeerReady() | e.PeerKeyChanged():
                self.add(event.name)
            case e.Contacts():
                for person in event.people:
                    self._hear_known(person)
            case e.Renamed():
                self._names.pop(conversation_key(event.before), None)
                self.add(event.name)

    def add(self, name: str) -> None:
        """Take note that there is a conversation."""
        self._names[conversation_key(name)] = name

    def begin_to_watch(self, name: str) -> bool:
        """Tell whether a contact is to be looked up who was not yet, and take note that they are.

        Strangers are none: to look somebody up is to accept them.
        """
        key = conversation_key(name)
        if key not in self._unwatched:
            return False
        self._unwatched.discard(key)
        self._watched.add(key)
        return True

    def all(self, seen: str | None = None) -> list[Place]:
        """Return all conversations, the rooms first; what comes in one may be ``seen`` at once."""
        here = None if seen is None else conversation_key(seen)
        places = [self._place(name, is_seen=key == here) for key, name in self._names.items()]
        return sorted(places, key=lambda place: (not place.is_room, place.name.casefold()))

    def heading(self, name: str | None) -> Heading:
        """Return what stands above the messages of a conversation."""
        if name is None:
            return Heading(None)
        if is_room(name):
            return Heading(
                name,
                is_room=True,
                remarks=tuple(self._lines.rooms.remarks(name)),
                people=self._rooms.people(name),
                topic=self._rooms.topic(name),
            )
        person = self._lines.people[name]
        trust = "" if person.trust is None else person.trust.value
        remarks = tuple(word for word in person.remarks() if word != trust)
        if person.blocked:
            remarks = (*remarks, "blocked")
        if person.online is False:
            remarks = (*remarks, "not here")
        return Heading(name, encrypted=person.encrypted, trust=trust, remarks=remarks)

    def status(self, connection: Connection, current: str | None, asks: str) -> Status:
        """Return how the session stands."""
        ended = self._lines.ended
        unread, mentions = self.unread_elsewhere(current)
        pending = len(self._lines.pending)
        return Status(
            relay=connection.relay,
            own_name=self._lines.own_name,
            offline=connection.offline,
            retry_in_s=connection.retry_in_s,
            ended="" if ended is None else _what_ended(ended),
            trouble=connection.trouble,
            no_room=connection.no_room,
            clock_off_s=connection.clock_off_s,
            queued=max(pending, self._unsent()) if connection.offline else pending,
            unread=unread,
            mentions=mentions,
            asks=asks,
        )

    def unread_elsewhere(self, current: str | None) -> tuple[int, int]:
        """Count what is unread in other conversations, and what of that names the user."""
        here = None if current is None else conversation_key(current)
        others = [name for key, name in self._names.items() if key != here]
        unread = sum(map(self._unshown.count, others))
        return unread, sum(map(self._unshown.mentions, others))

    def _hear_known(self, known: e.KnownPerson) -> None:
        if not known.blocked:
            self.add(known.name)
            if not known.request:
                self._accept(known.name)
        person = self._lines.people[known.name]
        person.blocked = known.blocked
        if person.trust is None:
            person.trust = known.trust

    def _accept(self, name: str) -> None:
        key = conversation_key(name)
        if key not in self._watched:
            self._unwatched.add(key)

    def _place(self, name: str, *, is_seen: bool) -> Place:
        room = is_room(name)
        person = None if room else self._lines.people[name]
        return Place(
            name,
            is_room=room,
            unread=0 if is_seen else self._unshown.count(name),
            mention=not is_seen and self._unshown.mentions(name) > 0,
            trust="" if person is None or person.trust is None else person.trust.value,
            online=None if person is None else person.online,
            muted=self._lines.muting.is_muted(name),
        )


def _what_ended(ended: e.Ended) -> str:
    if ended.error is None:
        return "the chat has ended"
    next_step = f" {ended.error.try_next}" if ended.error.try_next else ""
    return f"{ended.error.what.rstrip('. ')}.{next_step}"
