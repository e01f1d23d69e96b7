"""What users do with rooms: make, join and leave them, and decide who is in them."""

from collections.abc import Mapping
from functools import partial

import msgspec

from securechat.client import commands as c
from securechat.client.events import RoomChange, RoomNews
from securechat.client.messages.posting import Posting
from securechat.client.messages.receiving import Receiving
from securechat.client.messages.rosters import Rosters
from securechat.client.names.contacts import Contact, accept
from securechat.client.names.typed_names import conversation_key, parse_room
from securechat.client.rooms.invitations import Invitations
from securechat.client.rooms.lobby import Lobby
from securechat.client.state.desk import Desk
from securechat.client.state.member_names import MemberNames
from securechat.client.state.room_book import Recipient
from securechat.e2e.room import Room
from securechat.e2e.room_content import Roster
from securechat.errors import SecureChatError, UsageError
from securechat.identity.roster import RosterEntry, RosterMember
from securechat.identity.types import Name, RoomId, UserKey


class Rooms:
    """Carries out what is asked of rooms; what cannot be done raises a SecureChatError."""

    def __init__(
        self,
        desk: Desk,
        own_name: Name,
        names: MemberNames,
        rosters: Rosters,
        invitations: Invitations,
        posting: Posting,
        receiving: Receiving,
        lobby: Lobby,
    ) -> None:
        self._desk = desk
        self._own_name = own_name
        self._names = names
        self._rosters = rosters
        self._invitations = invitations
        self._posting = posting
        self._receiving = receiving
        self._lobby = lobby

    def answer(self, question: c.Question) -> None:
        """Carry out what is asked; the room is filled in where it can be left out."""
        match question:
            case c.Create(room):
                self._create(room)
            case c.Join(room):
                self._join(room)
            case c.Leave(str(room)):
                self._leave(room)
            case c.Invite(str(room), names):
                self._look_up(self._joined(room).room_id, names)
            case c.Kick(str(room), name):
                self._kick(self._joined(room), name)
            case c.Admin(str(room), name):
                self._make_admin(self._joined(room), name)
            case c.Topic(str(room), topic):
                self._topic(room, topic)
            case c.Merge(str(room)):
                self._merge(self._joined(room).room_id)

    def _create(self, typed: str) -> None:
        desk = self._desk
        name, wanted_id = parse_room(typed)
        if wanted_id:
            raise UsageError("A new room has no id of its own yet", f"/create #{name}")
        if desk.rooms.is_taken(name):
            raise UsageError(
                f"There is a room here that is called like #{name}", "/rooms; /create #ANOTHER-NAME"
            )
        entry = desk.endpoint.rooms.create(name, desk.now_ms())
        desk.tell(RoomNews(desk.rooms.called(entry.room_id), RoomChange.CREATED, self._own_name))

    def _join(self, typed: str) -> None:
        desk, room_id = self._desk, self._desk.rooms.find(typed)
        room = desk.rooms.get(room_id)
        if room is None:
            self._lobby.join()
            return
        called = desk.rooms.called(room_id)
        if not room.joined:
            self._accept(room)
            desk.endpoint.rooms.join(room_id)
            self._posting.announce(room_id, desk.rooms.recipients(room_id), joined=True)
        desk.tell(RoomNews(called, RoomChange.ENTERED, text=room.head.topic))
        self._receiving.take_released()

    def _accept(self, room: Room) -> None:
        """Joining somebody's room is an answer to them: they are no stranger."""
        if inviter := self._desk.contacts.pinned(room.head.actor.user_key):
            self._desk.keep_contact(accept(inviter, self._desk.now_ms()))

    def _leave(self, typed: str) -> None:
        desk, room_id = self._desk, self._desk.rooms.find(typed)
        room = desk.rooms.get(room_id)
        if room is None:
            self._lobby.leave()
            return
        called = desk.rooms.called(room_id)
        others = room.present_members.values()
        if room.am_admin and others and not any(member.admin for member in others):
            raise UsageError(
                f"Nobody else could decide who is in {called} then",
                f"/admin {called} NAME, and then /leave {called}",
            )
        recipients = desk.rooms.recipients(room_id)
        desk.endpoint.rooms.leave(room_id)
        self._posting.announce(room_id, recipients, joined=False)
        desk.tell(RoomNews(called, RoomChange.LEFT, self._own_name))

    def _look_up(self, room_id: RoomId, names: tuple[str, ...]) -> None:
        """Invite people once it is known who they are; what is said in the room waits for that."""
        self._desk.rooms.inviting[room_id] += 1
        try:
            self._invitations.look_up(names, partial(self._invite, room_id))
        except SecureChatError:
            self._desk.rooms.inviting[room_id] -= 1
            raise

    def _invite(self, room_id: RoomId, contacts: list[Contact]) -> None:
        self._desk.rooms.inviting[room_id] -= 1
        try:
            self._take_in(room_id, contacts)
        finally:
            if not self._desk.rooms.inviting[room_id]:
                self._posting.release(room_id)

    def _take_in(self, room_id: RoomId, contacts: list[Contact]) -> None:
        room = self._desk.rooms.get(room_id)
        if room is None:
            return
        now_ms, called = self._desk.now_ms(), self._desk.rooms.called(room_id)
        members = room.members
        if any(contact.user_key in room.gone for contact in contacts):
            self._change(room_id, members)  # which takes out those who have left
            members = {key: each for key, each in members.items() if key not in room.gone}
        new = [contact for contact in contacts if contact.user_key not in members]
        for contact in contacts:
            self._desk.keep_contact(accept(contact, now_ms))
            if contact not in new:
                name = self._desk.contacts.shown_name(contact)
                self._desk.report(UsageError(f"{name} is in {called} already", f"/who {called}"))
        if new:
            added = {each.user_key: RosterMember(each.user_key, False, each.name) for each in new}
            self._change(room_id, members | added)

    def _kick(self, room: Room, typed: str) -> None:
        member, called = self._member(room, typed), self._desk.rooms.called(room.room_id)
        if member.user_key == self._desk.endpoint.user_key:
            raise UsageError(
                f"You cannot take yourself out of {called} like that", f"/leave {called}"
            )
        members = {key: each for key, each in room.members.items() if each is not member}
        self._change(room.room_id, members)

    def _make_admin(self, room: Room, typed: str) -> None:
        member, called = self._member(room, typed), self._desk.rooms.called(room.room_id)
        if member.admin:
            name = self._names.of(member)
            raise UsageError(f"{name} is an admin of {called} already", f"/who {called}")
        admin = msgspec.structs.replace(member, admin=True)
        self._change(room.room_id, room.members | {member.user_key: admin})

    def _topic(self, typed: str, topic: str | None) -> None:
        if topic is not None:
            self._change(self._joined(typed).room_id, None, topic)
            return
        room = self._desk.rooms.closed(typed)
        called = self._desk.rooms.called(room.room_id)
        self._desk.tell(RoomNews(called, RoomChange.TOPIC, text=room.head.topic))

    def _change(
        self,
        room_id: RoomId,
        members: Mapping[UserKey, RosterMember] | None,
        topic: str | None = None,
    ) -> None:
        """Make a change, tell it, and let everybody know whom it concerns."""
        rooms, now_ms = self._desk.endpoint.rooms, self._desk.now_ms()
        before, tips = rooms.get(room_id), rooms.tips(room_id)
        self._hand_out(tips, rooms.change(room_id, now_ms, members=members, topic=topic))
        self._note_changed(room_id, before)

    def _merge(self, room_id: RoomId) -> None:
        rooms = self._desk.endpoint.rooms
        before, tips = rooms.get(room_id), rooms.tips(room_id)
        self._hand_out(tips, rooms.merge(room_id, self._desk.now_ms()))
        self._note_changed(room_id, before)

    def _hand_out(self, tips: tuple[RosterEntry, ...], entry: RosterEntry) -> None:
        """Send a new entry to all whom it, or what came before it, lists.

        Who is new gets what proves it first; all branches go to all before they are merged.
        """
        own = self._desk.endpoint.user_key
        everybody = {
            member.user_key: Recipient(member.name, member.user_key)
            for listed in (*tips, entry)
            for member in listed.members
            if member.user_key != own
        }
        new = [each for key, each in everybody.items() if key not in tips[0].member_keys]
        for proof in self._desk.endpoint.rooms.introduction(entry.room_id)[:-1] if new else ():
            self._posting.give(new, Roster(proof))
        for branch in tips if len(tips) > 1 else ():
            self._posting.give(everybody.values(), Roster(branch))
        self._posting.give(everybody.values(), Roster(entry))

    def _note_changed(self, room_id: RoomId, before: Room | None) -> None:
        self._rosters.apply(room_id, before)
        self._receiving.take_released()

    def _joined(self, typed: str) -> Room:
        """Return a closed room that the user has joined; UsageError for another one."""
        room = self._desk.rooms.closed(typed)
        if not room.joined:
            raise UsageError(f"You have not joined {typed} yet", f"/join {typed}")
        return room

    def _member(self, room: Room, typed: str) -> RosterMember:
        """Return whom a user means of those who are in a room; UsageError for nobody."""
        contact = self._desk.contacts.find(typed)
        if contact is not None and contact.user_key in room.members:
            return room.members[contact.user_key]
        key = conversation_key(typed)
        for member in room.members.values():
            if conversation_key(self._names.of(member)) == key:
                return member
        called = self._desk.rooms.called(room.room_id)
        raise UsageError(f"{typed} is not in {called}", f"/who {called}")
