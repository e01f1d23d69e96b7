"""What users see of rooms: the list of them, and who is in one."""

from securechat.client.events import RoomInfo, RoomList, RoomPeople, RoomPerson
from securechat.client.names.typed_names import LOBBY
from securechat.client.rooms.lobby import Lobby
from securechat.client.state.desk import Desk, trust_of
from securechat.client.state.member_names import MemberNames
from securechat.e2e.room import Room
from securechat.identity.roster import RosterMember
from securechat.identity.types import Name


class RoomLists:
    """Tells which rooms there are, and who is in them."""

    def __init__(self, desk: Desk, own_name: Name, names: MemberNames, lobby: Lobby) -> None:
        self._desk = desk
        self._own_name = own_name
        self._names = names
        self._lobby = lobby

    def rooms(self) -> None:
        """Tell which rooms the user is in, or invited to."""
        desk = self._desk
        rooms = [self._info(room) for room in desk.rooms]
        if desk.so_far.in_lobby:
            rooms.insert(0, self._lobby_info())
        desk.tell(RoomList(tuple(rooms)))

    def people(self, typed: str) -> None:
        """Tell who is in a room."""
        desk = self._desk
        room = desk.rooms.get(desk.rooms.find(typed))
        if room is None:
            self._lobby.once_there(lambda: self._tell_people(LOBBY, self._people_in_lobby()))
        else:
            self._tell_people(desk.rooms.called(room.room_id), self._people_of(room))

    def _tell_people(self, room: str, people: list[RoomPerson]) -> None:
        ordered = sorted(people, key=lambda person: person.name.casefold())
        self._desk.tell(RoomPeople(room, tuple(ordered)))

    def _info(self, room: Room) -> RoomInfo:
        desk, head = self._desk, room.head
        return RoomInfo(
            name=desk.rooms.called(room.room_id),
            topic=head.topic,
            creator=self._names.of_key(head.creator, head),
            members=len(head.members) - len(room.gone),
            joined=room.joined,
            admin=room.am_admin,
            paused=room.is_paused,
            muted=desk.attention.is_muted(desk.room(room.room_id)),
        )

    def _lobby_info(self) -> RoomInfo:
        rooms = self._desk.rooms
        muted = self._desk.attention.is_muted(self._desk.room(rooms.lobby_id))
        return RoomInfo(
            name=LOBBY,
            topic="",
            creator=None,
            members=len(rooms.lobby_people) + 1,
            joined=rooms.in_lobby,
            admin=False,
            paused=False,
            muted=muted,
        )

    def _people_of(self, room: Room) -> list[RoomPerson]:
        here = room.members.keys() - room.gone
        return [self._person(room.members[key]) for key in here]

    def _person(self, member: RosterMember) -> RoomPerson:
        contact = self._desk.contacts.pinned(member.user_key)
        trust = trust_of(contact) if contact else None
        return RoomPerson(self._names.of(member), trust, member.admin)

    def _people_in_lobby(self) -> list[RoomPerson]:
        desk = self._desk
        people = [RoomPerson(self._own_name, None, away=desk.so_far.away)]
        for name, away in desk.rooms.lobby_people.values():
            contact = desk.contacts.by_name(name)
            trust = trust_of(contact) if contact else None
            people.append(RoomPerson(desk.called(name), trust, away=away))
        return people
