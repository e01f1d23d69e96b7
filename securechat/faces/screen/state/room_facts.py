"""What the screen knows of rooms: who is in them, and what they are about."""

from securechat.client import events as e
from securechat.client.names.typed_names import conversation_key

_TOPIC_CHANGES = (e.RoomChange.ENTERED, e.RoomChange.TOPIC)


class RoomFacts:
    """The newest that was told of each room."""

    def __init__(self) -> None:
        self._people: dict[str, tuple[tuple[str, str], ...]] = {}
        self._topics: dict[str, str] = {}

    def hear(self, event: e.RoomList | e.RoomPeople | e.RoomNews) -> None:
        """Take what an event says of rooms."""
        match event:
            case e.RoomList():
                for room in event.rooms:
                    self._topics[conversation_key(room.name)] = room.topic
            case e.RoomPeople():
                self._people[conversation_key(event.room)] = tuple(
                    (person.name, "" if person.trust is None else person.trust.value)
                    for person in event.people
                )
            case e.RoomNews() if event.change in _TOPIC_CHANGES:
                self._topics[conversation_key(event.room)] = event.text

    def people(self, room: str) -> tuple[tuple[str, str], ...]:
        """Return who is in a room, each with a trust word or ""; nobody if that is not known."""
        return self._people.get(conversation_key(room), ())

    def topic(self, room: str) -> str:
        """Return what a room is about, as somebody typed it."""
        return self._topics.get(conversation_key(room), "")
