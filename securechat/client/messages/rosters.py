"""What others say about closed rooms: rosters, who has come and gone, and what is missing."""

from securechat.client.events import Invitation, RoomChange, RoomNews, Trust
from securechat.client.messages.posting import Posting
from securechat.client.messages.sending import Sending
from securechat.client.names.contacts import Contact
from securechat.client.state.desk import Desk, trust_of
from securechat.client.state.member_names import MemberNames
from securechat.client.state.room_book import Recipient
from securechat.e2e.results import Invalid, Opened
from securechat.e2e.room import Room
from securechat.e2e.room_content import Held, RoomNotice, Roster, RosterRequest
from securechat.e2e.rooms import NO_HEAD
from securechat.errors import RemoteProtocolError
from securechat.identity.roster import RosterEntry
from securechat.identity.types import DeviceAddress, Name, RoomId, UserKey

ASK_AGAIN_S = 30.0
"""Between two requests to the same person about the same room."""

ANSWER_AGAIN_S = 5.0
"""Between two answers to the same device about the same room."""

MAX_UNDER_WAY = 64
"""Nobody is answered for whom so much waits, or is on its way, that is no message."""

_Times = dict[tuple[RoomId, DeviceAddress | UserKey], float]


class Rosters:
    """Takes what comes about rooms, and tells what it means."""

    def __init__(self, desk: Desk, names: MemberNames, posting: Posting, sending: Sending) -> None:
        self._desk = desk
        self._names = names
        self._posting = posting
        self._sending = sending
        self._asked: _Times = {}
        self._answered: _Times = {}
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
                self._take_entry(entry, contact)
            case RosterRequest():
                self._answer(content, device, contact)
            case RoomNotice():
                self._note_notice(content, device, contact)

    def take_released(self) -> list[Opened | Invalid]:
        """Return what was held for rooms and can be read now."""
        rooms = self._desk.endpoint.rooms
        return [each for room in self._desk.rooms for each in rooms.release(room.room_id)]

    def note_held(self, held: Held, contact: Contact) -> None:
        """A post came that cannot be read before a change of the room has come: ask for that."""
        room = self._desk.endpoint.rooms.get(held.room_id)
        if room is None:
            self._ask(RosterRequest(held.room_id, 0, NO_HEAD), contact.name, contact.user_key)
            return
        if room.left or held.version <= room.version:
            return  # it waits for an invitation, or for the user to join
        sender = room.members.get(contact.user_key)
        told = (held.room_id, contact.user_key)
        if sender is not None and room.joined and told not in self._told_behind:
            self._told_behind.add(told)
            self._tell(held.room_id, RoomChange.BEHIND, self._names.of(sender))
        admins = (each for each in room.present_members.values() if each.admin)
        if asked := sender or next(admins, None):  # what a newcomer is called is not known yet
            request = RosterRequest(room.room_id, room.version, room.head_hash)
            self._ask(request, asked.name, asked.user_key)

    def apply(self, room_id: RoomId, before: Room | None) -> None:
        """Tell what has become of a room since it was as ``before``, and send what waited."""
        room = self._desk.endpoint.rooms.get(room_id)
        if room is None:
            return
        was_paused = before is not None and before.is_paused
        if room.joined:
            if before is not None and before.head != room.head:
                self._tell_changes(before, room.head)
            self._tell_pause(room, was_paused=was_paused)
        elif room.is_member and not (before and before.is_member):
            self._tell_invitation(room)
        elif before is not None and before.is_member and not (room.is_member or before.left):
            self._tell_taken_back(room)
        if was_paused and not room.is_paused:
            for person in self._desk.people:
                self._sending.flush(person)

    def _take_entry(self, entry: RosterEntry, contact: Contact) -> None:
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
            self._ask(taken.ask, contact.name, contact.user_key)
        self.apply(room_id, before)

    def _answer(self, request: RosterRequest, device: DeviceAddress, contact: Contact) -> None:
        if not self._may_write(request.room_id, contact.user_key) or self._is_busy_with(contact):
            return
        entries = self._desk.endpoint.rooms.since(request, contact.user_key)
        if entries and self._may(self._answered, request.room_id, device, ANSWER_AGAIN_S):
            for entry in entries:
                self._posting.give([Recipient(contact.name, contact.user_key)], Roster(entry))

    def _may_write(self, room_id: RoomId, user_key: UserKey) -> bool:
        """Tell whether somebody may learn that this client is there: no stranger with their room.

        In a room that the user has joined nobody is a stranger.
        """
        room, contact = self._desk.rooms.get(room_id), self._desk.contacts.by_key(user_key)
        is_joined = room is not None and room.joined
        return is_joined or (contact is not None and self._desk.is_acquainted(contact))

    def _is_busy_with(self, contact: Contact) -> bool:
        """Tell whether somebody takes nothing of what they ask for: it would fill the disk."""
        person = self._desk.people.find(contact.name)
        waiting = sum(not each.is_said for each in person.drafts) if person else 0
        sealed = (each for each in self._desk.outbox if not each.message_id)
        waiting += sum(each.recipient == contact.name for each in sealed)
        return waiting >= MAX_UNDER_WAY

    def _note_notice(self, notice: RoomNotice, device: DeviceAddress, contact: Contact) -> None:
        room_id, user_key = notice.place.room_id, device.user_key
        room = self._desk.rooms.get(room_id)
        if room is None or not room.joined or user_key in room.gone:
            return
        if not notice.joined:
            self._desk.endpoint.rooms.note_gone(room_id, user_key)
        change = RoomChange.JOINED if notice.joined else RoomChange.LEFT
        self._tell(room_id, change, self._called_contact(contact))

    def _ask(self, request: RosterRequest, name: Name, user_key: UserKey) -> None:
        room_id = request.room_id
        if self._may_write(room_id, user_key) and self._may(
            self._asked, room_id, user_key, ASK_AGAIN_S
        ):
            self._posting.give([Recipient(name, user_key)], request)

    def _may(
        self, last: _Times, room_id: RoomId, who: DeviceAddress | UserKey, every_s: float
    ) -> bool:
        """Tell whether this may be said to somebody again, and note that it is."""
        now_s = self._desk.now_s()
        for key in [key for key, at in last.items() if now_s >= at + every_s]:
            del last[key]
        if (room_id, who) in last:
            return False
        last[room_id, who] = now_s
        return True

    def _tell_invitation(self, room: Room) -> None:
        head, names = room.head, self._names
        inviter = self._desk.contacts.pinned(head.actor.user_key)
        self._desk.tell(
            Invitation(
                room=self._desk.rooms.called(room.room_id),
                inviter=names.of_key(head.actor.user_key, head),
                creator=names.of_key(head.creator, head),
                members=len(head.members),
                topic=head.topic,
                trust=trust_of(inviter) if inviter else Trust.NEW,
                request=not (inviter and self._desk.is_acquainted(inviter)),
            )
        )

    def _tell_taken_back(self, room: Room) -> None:
        """Tell that there is no invitation any more."""
        actor = self._names.of_key(room.head.actor.user_key, room.head)
        own = self._names.of_key(self._desk.endpoint.user_key, room.head)
        self._tell(room.room_id, RoomChange.REMOVED, actor, own)

    def _tell_changes(self, before: Room, after: RosterEntry) -> None:
        """Tell who is in a room now, who is not any more, and what else has changed.

        That somebody has left was told when they said so.
        """
        actor, room_id = self._names.of_key(after.actor.user_key, after), after.room_id
        was, now = before.members, after.members_by_key
        for key, member in was.items():
            if key not in now and key not in before.gone:
                self._tell(room_id, RoomChange.REMOVED, actor, self._names.of(member))
        for key, member in now.items():
            if key not in was:
                self._tell(room_id, RoomChange.INVITED, actor, self._names.of(member))
            elif member.admin and not was[key].admin:
                self._tell(room_id, RoomChange.ADMIN, actor, self._names.of(member))
        if before.head.topic != after.topic:
            self._tell(room_id, RoomChange.TOPIC, actor, text=after.topic)

    def _tell_pause(self, room: Room, *, was_paused: bool) -> None:
        if room.is_forked and not was_paused:
            self._tell(room.room_id, RoomChange.PAUSED)
        elif was_paused and not room.is_paused:
            self._told_behind = {each for each in self._told_behind if each[0] != room.room_id}
            head, is_merged = room.head, len(room.head.previous) > 1
            actor = self._names.of_key(head.actor.user_key, head) if is_merged else None
            self._tell(room.room_id, RoomChange.RESUMED, actor)

    def _tell(
        self,
        room_id: RoomId,
        change: RoomChange,
        actor: str | None = None,
        subject: str | None = None,
        text: str = "",
    ) -> None:
        self._desk.tell(RoomNews(self._desk.rooms.called(room_id), change, actor, subject, text))

    def _called_contact(self, contact: Contact) -> str:
        return self._desk.contacts.shown_name(contact)
