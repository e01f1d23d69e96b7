"""What a chat in lines knows of rooms from what it was told."""

from collections.abc import Callable

from securechat.client import events as e
from securechat.client.names.typed_names import LOBBY, conversation_key
from securechat.faces.entries import Entry
from securechat.faces.wording import rooms as room_wording


class Rooms:
    """The rooms that the user is in, and which of them are paused."""

    def __init__(self, show: Callable[[Entry], None]) -> None:
        self._show = show
        self._inside: set[str] = set()
        self._paused: set[str] = set()
        self._left: set[str] = set()

    def __contains__(self, room: str) -> bool:
        return conversation_key(room) in self._inside

    def is_paused(self, room: str) -> bool:
        """Tell whether what is typed there waits."""
        return conversation_key(room) in self._paused

    def remarks(self, room: str) -> list[str]:
        """Return what the prompt says of a room."""
        if conversation_key(room) in self._left:
            return ["you are not in it"]
        return ["paused"] if self.is_paused(room) else []

    def hear(self, event: e.RoomNews, own_name: str) -> None:
        """Take news of a room, and show it unless it is the lobby after an outage."""
        room = conversation_key(event.room)
        is_known = room in self._inside
        self._note(event, room, own_name)
        if event.change is e.RoomChange.ENTERED and room == LOBBY:
            if not is_known:
                self._show(room_wording.open_room())
        else:
            self._show(room_wording.news(event, own_name))

    def hear_list(self, event: e.RoomList) -> None:
        """Take the list of all rooms."""
        names = {conversation_key(room.name): room for room in event.rooms}
        self._inside = {key for key, room in names.items() if room.joined}
        self._paused = {key for key, room in names.items() if room.paused}
        self._left -= self._inside

    def _note(self, event: e.RoomNews, room: str, own_name: str) -> None:
        match event.change:
            case e.RoomChange.CREATED | e.RoomChange.ENTERED:
                self._inside.add(room)
                self._left.discard(room)
            case e.RoomChange.LEFT if event.actor == own_name:
                self._leave(room)
            case e.RoomChange.REMOVED if event.subject == own_name:
                self._leave(room)
            case e.RoomChange.FULL:
                self._leave(room)
            case e.RoomChange.PAUSED | e.RoomChange.BEHIND:
                self._paused.add(room)
            case e.RoomChange.RESUMED:
                self._paused.discard(room)

    def _leave(self, room: str) -> None:
        self._inside.discard(room)
        self._paused.discard(room)
        self._left.add(room)
