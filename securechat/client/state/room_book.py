"""The rooms of a profile on one relay: what each is called, and who is in it."""

from collections import Counter
from collections.abc import Iterator
from itertools import takewhile
from typing import NamedTuple

from securechat.client.names.contacts import Contact, key_id_of, with_key_id
from securechat.client.names.typed_names import LOBBY, ROOM_SIGN, parse_room
from securechat.client.state.drafts import ANYBODY
from securechat.e2e.endpoint import Endpoint
from securechat.e2e.room import Room
from securechat.e2e.room_content import LOBBY_VERSION, RoomPlace
from securechat.errors import UsageError
from securechat.identity.lookalikes import name_skeletons
from securechat.identity.names import name_key
from securechat.identity.roster import lobby_id_of
from securechat.identity.types import Name, RelayId, RoomId, UserKey

_LOBBY_NAME = Name(LOBBY.removeprefix(ROOM_SIGN))


class Recipient(NamedTuple):
    """Whom a post in a room goes to; in the lobby the relay says whose the name is."""

    name: Name
    user_key: UserKey


class RoomBook:
    """Finds rooms by what users type, and says who is in them. The lobby is one of them.

    The lobby's people are those whom the relay shows there while this device is there too.
    """

    def __init__(self, relay_id: RelayId, endpoint: Endpoint) -> None:
        self._relay_id = relay_id
        self._endpoint = endpoint
        self.in_lobby = False
        """Whether the relay has said who is there."""
        self.inviting: Counter[RoomId] = Counter()
        """The rooms into which people are being invited whom the relay is to show first."""
        self.lobby_people: dict[str, tuple[Name, bool]] = {}
        """By their look-up keys: names, and whether nobody sits there."""

    def __iter__(self) -> Iterator[Room]:
        """Give the closed rooms that this person is in, or invited to, the oldest first."""
        here = (room for room in self._endpoint.rooms if room.head.relay_id == self._relay_id)
        return (room for room in here if room.is_member and not room.left)

    @property
    def lobby_id(self) -> RoomId:
        """The id of the lobby."""
        return lobby_id_of(self._relay_id)

    def find(self, typed: str) -> RoomId:
        """Return the room that a user means; UsageError when there is none, NameInvalid."""
        name, key_id = parse_room(typed)
        if not key_id and name_key(name) == name_key(_LOBBY_NAME):
            return self.lobby_id
        for room in self:
            is_of_name = name_key(room.head.name) == name_key(name)
            if is_of_name and key_id in ("", key_id_of(room.room_id)):
                return room.room_id
        raise UsageError(f"There is no room {typed} here", f"/rooms; /create #{name} makes one")

    def closed(self, typed: str) -> Room:
        """Return the closed room that a user means; UsageError for the lobby, and as `find`."""
        room = self._endpoint.rooms.get(self.find(typed))
        if room is None:
            raise UsageError(f"{LOBBY} is open to all: nobody decides who is in it", "/who")
        return room

    def get(self, room_id: RoomId) -> Room | None:
        """Return a closed room that this person is in, or invited to."""
        room = self._endpoint.rooms.get(room_id)
        return room if room is not None and room.is_member and not room.left else None

    def has(self, room_id: RoomId) -> bool:
        """Tell whether the user can write in a room at some time: it is not over for them."""
        return room_id == self.lobby_id or self.get(room_id) is not None

    def is_taken(self, name: Name) -> bool:
        """Tell whether a name is, or looks like, that of a room that is known here."""
        looks = name_skeletons(name)
        others = (room.head.name for room in self)
        return any(looks & name_skeletons(other) for other in (_LOBBY_NAME, *others))

    def called(self, room_id: RoomId) -> str:
        """Return what to call a room: a short key id follows if an earlier one looks the same."""
        room = self._endpoint.rooms.get(room_id)
        if room is None:
            return LOBBY
        looks, name = name_skeletons(room.head.name), f"{ROOM_SIGN}{room.head.name}"
        before = takewhile(lambda other: other.room_id != room_id, self)
        taken = (_LOBBY_NAME, *(other.head.name for other in before))
        looks_taken = any(looks & name_skeletons(other) for other in taken)
        return with_key_id(name, room_id) if looks_taken else name

    def place(self, room_id: RoomId) -> RoomPlace | None:
        """Return the place to write in now; None while nothing may be sent there.

        In a room that the user has left there is one, for the last words, also if it is paused.
        """
        if room_id == self.lobby_id:
            return RoomPlace(room_id, LOBBY_VERSION)
        room = self._endpoint.rooms.get(room_id)
        if room is None or not room.is_member:
            return None
        if not room.left and (room.is_paused or not room.joined):
            return None
        return RoomPlace(room_id, room.version)

    def admits(self, room_id: RoomId, user_key: UserKey) -> bool:
        """Tell whether what is written in a room is for this person, as far as is known here."""
        if room_id == self.lobby_id:
            return True
        return self._endpoint.rooms.admits(room_id, user_key)

    def recipients(self, room_id: RoomId) -> list[Recipient]:
        """Return whom to write to in a room: never the user."""
        if room_id == self.lobby_id:
            return [Recipient(name, ANYBODY) for name, _ in self.lobby_people.values()]
        room = self.get(room_id)
        members = room.present_members.values() if room is not None else ()
        return [Recipient(member.name, member.user_key) for member in members]

    def is_companion(self, contact: Contact) -> bool:
        """Tell whether the user shares a room with somebody, who then is no stranger."""
        is_in_lobby = contact.is_pinned and name_key(contact.name) in self.lobby_people
        return is_in_lobby or self.is_roommate(contact)

    def is_roommate(self, contact: Contact) -> bool:
        """Tell whether somebody is in a closed room that the user has joined."""
        return self._endpoint.rooms.are_shared_with(contact.user_key)
