"""What others say about closed rooms: rosters, who has come and gone, and what is missing."""

from securechat.client.contacts import Contact, with_key_id
from securechat.client.desk import Desk, trust_of
from securechat.client.events import Invitation, RoomChange, RoomNews, Trust
from securechat.client.posting import Posting
from securechat.client.room_book import Recipient
from securechat.client.sending import Sending
from securechat.e2e.results import Invalid, Opened
from securechat.e2e.room import Room
from securechat.e2e.room_content import Held, RoomNotice, Roster, RosterRequest
from securechat.e2e.rooms import NO_HEAD
from securechat.errors import RemoteProtocolError
from securechat.identity.roster import RosterEntry, RosterMember
from securechat.identity.types import DeviceAddress, Name, RoomId, UserKey

ASK_AGAIN_S = 30.0
"""Between two requests to the same device about the same room."""

ANSWER_AGAIN_S = 5.0


class Rosters:
    """Takes what comes about rooms, and tells what it means."""

    def __init__(self, desk: Desk, own_name: Name, posting: Posting, sending: Sending) -> None:
        self._desk = desk
        self._own_name = own_name
        self._posting = posting
        self._sending = sending
        self._asked: dict[tuple[RoomId, DeviceAddress], float] = {}
        self._answered: dict[tuple[RoomId, DeviceAddress], float] = {}
        self._told_behind: set[tuple[RoomId, UserKey]] = set()

    def take(
        self,
        content: Roster | RosterRequest | RoomNotice,
        device: DeviceAddress,
        contact: Contact,
    ) -> None:
        """Take what somebody says of a room."""
        match content:
            case Roster(entry):
                self._take_entry(entry, device, contact)
            case RosterRequest():
                self._answer(content, device, contact)
            case RoomNotice():
                self._note_notice(content, device, contact)

    def take_released(self) -> list[Opened | Invalid]:
        """Return what was held for rooms and can be read now."""
        rooms = self._desk.endpoint.rooms
        return [each for room in self._desk.rooms for each in rooms.release(room.room_id)]

    def note_held(self, held: Held, device: DeviceAddress, contact: Contact) -> None:
        """A post came that cannot be read before a change of the room has come: ask for that."""
        room = self._desk.endpoint.rooms.get(held.room_id)
        if room is None and self._desk.is_acquainted(contact):
            self._ask(RosterRequest(held.room_id, 0, NO_HEAD), device, contact)
        if room is None or room.left or held.version <= room.head.version:
            return  # it waits for an invitation, or for the user to join
        told = (held.room_id, contact.user_key)
        if room.joined and told not in self._told_behind:
            self._told_behind.add(told)
            self._tell(held.room_id, RoomChange.BEHIND, self._called_contact(contact))
        request = RosterRequest(room.room_id, room.head.version, room.head_hash)
        self._ask(request, device, contact)

    def apply(self, room_id: RoomId, before: Room | None) -> None:
        """Tell what has become of a room, and send what waited for it."""
        was_paused = before is not None and before.is_paused
        room = self._desk.endpoint.rooms.get(room_id)
        if room is None:
            return
        if room.joined:
            if before is not None and before.head != room.head:
                self._tell_changes(before, room.head)
            self._tell_pause(room, was_paused=was_paused)
        elif room.is_member and not (before and _has(before.head, self._desk.endpoint.user_key)):
            self._tell_invitation(room)
        if was_paused and not room.is_paused:
            for person in self._desk.people:
                self._sending.flush(person)

    def called(self, member: RosterMember) -> str:
        """Return what to call somebody in a roster, which only claims their name."""
        if member.user_key == self._desk.endpoint.user_key:
            return self._own_name
        contacts = self._desk.contacts
        contact = contacts.by_key(member.user_key)
        if contact is not None and contact.is_pinned:
            return contacts.shown_name(contact)
        if contacts.by_name(member.name) is not None or member.name == self._own_name:
            return with_key_id(member.name, member.user_key)
        return member.name

    def _take_entry(self, entry: RosterEntry, device: DeviceAddress, contact: Contact) -> None:
        desk, room_id = self._desk, entry.room_id
        before = desk.endpoint.rooms.get(room_id)
        try:
            taken = desk.endpoint.rooms.take(entry, contact.user_key, desk.now_ms())
        except RemoteProtocolError as error:
            where = f"a change of {desk.rooms.called(room_id)}" if before else "an invitation"
            what = f"{self._called_contact(contact)} sent {where} that does not hold"
            desk.report(RemoteProtocolError(f"{what}: {error.what}", "/who shows who is in a room"))
            return
        if taken.ask is not None:
            self._ask(taken.ask, device, contact)
        self.apply(room_id, before)

    def _answer(self, request: RosterRequest, device: DeviceAddress, contact: Contact) -> None:
        entries = self._desk.endpoint.rooms.since(request, contact.user_key)
        if not (entries and self._may(self._answered, request.room_id, device, ANSWER_AGAIN_S)):
            return
        for entry in entries:
            self._posting.give([Recipient(contact.name, contact.user_key)], Roster(entry))

    def _note_notice(self, notice: RoomNotice, device: DeviceAddress, contact: Contact) -> None:
        room_id, user_key = notice.place.room_id, device.user_key
        room = self._desk.rooms.get(room_id)
        if room is None or not room.joined or user_key in room.gone:
            return
        if not notice.joined:
            self._desk.endpoint.rooms.note_gone(room_id, user_key)
        change = RoomChange.JOINED if notice.joined else RoomChange.LEFT
        self._tell(room_id, change, self._called_contact(contact))

    def _ask(self, request: RosterRequest, device: DeviceAddress, contact: Contact) -> None:
        if self._may(self._asked, request.room_id, device, ASK_AGAIN_S):
            self._posting.give([Recipient(contact.name, contact.user_key)], request)

    def _may(
        self,
        last: dict[tuple[RoomId, DeviceAddress], float],
        room_id: RoomId,
        device: DeviceAddress,
        every_s: float,
    ) -> bool:
        """Tell whether this may be said to a device again, and note that it is."""
        now_s = self._desk.now_s()
        for key in [key for key, at in last.items() if now_s >= at + every_s]:
            del last[key]
        if (room_id, device) in last:
            return False
        last[room_id, device] = now_s
        return True

    def _tell_invitation(self, room: Room) -> None:
        head = room.head
        inviter = self._desk.contacts.by_key(head.actor.user_key)
        known = inviter is not None and inviter.is_pinned
        self._desk.tell(
            Invitation(
                room=self._desk.rooms.called(room.room_id),
                inviter=self.called_by_key(head, head.actor.user_key),
                creator=self.called_by_key(head, head.creator),
                members=len(head.members),
                topic=head.topic,
                trust=trust_of(inviter) if inviter is not None and known else Trust.NEW,
                request=not (inviter is not None and self._desk.is_acquainted(inviter)),
            )
        )

    def _tell_changes(self, before: Room, after: RosterEntry) -> None:
        """Tell who is in a room now, who is not any more, and what else has changed.

        Of those who had left, that was told when they said so.
        """
        actor, room_id = self.called_by_key(after, after.actor.user_key), after.room_id
        was = {member.user_key: member for member in before.head.members}
        now = {member.user_key: member for member in after.members}
        for key, member in was.items():
            if key not in now and key not in before.gone:
                self._tell(room_id, RoomChange.REMOVED, actor, self.called(member))
        for key, member in now.items():
            if key not in was:
                self._tell(room_id, RoomChange.INVITED, actor, self.called(member))
            elif member.admin and not was[key].admin:
                self._tell(room_id, RoomChange.ADMIN, actor, self.called(member))
        if before.head.topic != after.topic:
            self._desk.tell(
                RoomNews(
                    self._desk.rooms.called(room_id), RoomChange.TOPIC, actor, text=after.topic
                )
            )

    def _tell_pause(self, room: Room, *, was_paused: bool) -> None:
        if room.is_forked and not was_paused:
            self._tell(room.room_id, RoomChange.PAUSED)
        elif was_paused and not room.is_paused:
            self._told_behind = {each for each in self._told_behind if each[0] != room.room_id}
            self._tell(room.room_id, RoomChange.RESUMED)

    def _tell(
        self, room_id: RoomId, change: RoomChange, actor: str | None = None, who: str | None = None
    ) -> None:
        self._desk.tell(RoomNews(self._desk.rooms.called(room_id), change, actor, who))

    def called_by_key(self, entry: RosterEntry, user_key: UserKey) -> str:
        """Return what to call the owner of a key, who may be in a roster."""
        for member in entry.members:
            if member.user_key == user_key:
                return self.called(member)
        if user_key == self._desk.endpoint.user_key:
            return self._own_name
        contact = self._desk.contacts.by_key(user_key)
        if contact is not None and contact.is_pinned:
            return self._desk.contacts.shown_name(contact)
        return with_key_id("somebody", user_key)

    def _called_contact(self, contact: Contact) -> str:
        return self._desk.contacts.shown_name(contact)


def _has(entry: RosterEntry, user_key: UserKey) -> bool:
    return any(member.user_key == user_key for member in entry.members)
