"""What a user writes in rooms: kept, and given to everybody who is in them."""

from collections.abc import Iterable, Mapping

import msgspec
from msgspec.structs import replace

from securechat.client.messages.confirmations import Confirmations
from securechat.client.messages.sending import Sending
from securechat.client.state.desk import Desk
from securechat.client.state.drafts import (
    POSTS,
    Draft,
    change_waiting,
    stored_drafts,
    with_changes,
)
from securechat.client.state.people import Person
from securechat.client.state.room_book import Recipient
from securechat.e2e.amend_content import Amendment, Reaction
from securechat.e2e.content import Content, Text
from securechat.e2e.endpoint import new_message_id
from securechat.e2e.room_content import RoomNotice, RoomPlace
from securechat.errors import SecureChatError, UsageError
from securechat.identity.types import MessageId, RoomId, UserKey

_ANY_VERSION = 0
"""In what waits: the version of the moment when it is sealed takes its place."""


class Posting:
    """Fans out: what goes to a room waits for each person in it as what goes to them alone does.

    What is written for the lobby waits, over the end of a run too, until the relay has said who is
    there; and for a room into which somebody is being invited, until that is done.
    """

    def __init__(
        self,
        desk: Desk,
        sending: Sending,
        confirmations: Confirmations,
        rows: Mapping[tuple[str, bytes], bytes],
    ) -> None:
        self._desk = desk
        self._sending = sending
        self._confirmations = confirmations
        stored = stored_drafts(rows, POSTS)
        self._waiting = [each for each in stored if each.relay_id == desk.relay_id]

    @property
    def waiting(self) -> set[MessageId]:
        """The messages that wait until it is known who is in their room."""
        return {each.message_id for each in self._waiting if each.is_message}

    @property
    def waiting_rooms(self) -> set[str]:
        """The rooms in which they are, by what these are called."""
        return {self._desk.rooms.called(each.room) for each in self._waiting if each.is_message}

    def write(self, room_id: RoomId, message_id: MessageId, content: Text) -> None:
        """Take a post for a room; UsageError where the user cannot write now."""
        desk, now_ms = self._desk, self._desk.now_ms()
        self._check(room_id)
        post = replace(content, room=RoomPlace(room_id, _ANY_VERSION))
        desk.record(
            desk.history.written(
                desk.room(room_id),
                message_id,
                content.text,
                now_ms,
                action=content.action,
                reply_to=content.reply_to,
            )
        )
        self._send(Draft.of(desk.relay_id, message_id, post, now_ms))

    def add(self, room_id: RoomId, content: Amendment | Reaction) -> None:
        """Take what the user says about a message in a room, as `write` takes a post."""
        desk = self._desk
        self._check(room_id)
        placed = replace(content, room=RoomPlace(room_id, _ANY_VERSION))
        self._send(Draft.of(desk.relay_id, new_message_id(), placed, desk.now_ms()))

    def announce(self, room_id: RoomId, to: Iterable[Recipient], *, joined: bool) -> None:
        """Let people in a closed room know that the user is there, or has left."""
        self.give(to, RoomNotice(RoomPlace(room_id, _ANY_VERSION), joined))

    def give(self, recipients: Iterable[Recipient], content: Content) -> None:
        """Send people of a room what is no message."""
        desk = self._desk
        waiting = Draft.of(desk.relay_id, new_message_id(), content, desk.now_ms())
        self._give(recipients, waiting)

    def begin(self) -> None:
        """After a login: what an earlier run kept for closed rooms goes out."""
        for room_id in dict.fromkeys(each.room for each in self._waiting):
            if room_id != self._desk.rooms.lobby_id:
                self.release(room_id)

    def release(self, room_id: RoomId) -> None:
        """Send what was said in a room before it was known who is there."""
        for each in self._take([each for each in self._waiting if each.room == room_id]):
            self._fan_out(each)

    def withdraw(self, room_id: RoomId) -> list[MessageId]:
        """Give up the posts that wait until it is known who is in a room; return the ids."""
        posts = [each for each in self._waiting if each.room == room_id and each.is_message]
        self._take(with_changes(posts, self._waiting))
        return [each.message_id for each in posts]

    def _check(self, room_id: RoomId) -> None:
        room, called = self._desk.rooms.get(room_id), self._desk.rooms.called(room_id)
        if room is not None and not room.joined:
            raise UsageError(
                f"You have not joined {called} yet, nothing was sent", f"/join {called}"
            )
        if room is None and not self._desk.so_far.in_lobby:
            raise UsageError(f"You are not in {called}, nothing was sent", f"/join {called}")

    def _must_wait(self, room_id: RoomId) -> bool:
        rooms = self._desk.rooms
        return rooms.inviting[room_id] > 0 or (room_id == rooms.lobby_id and not rooms.in_lobby)

    def _keep(self, waiting: Draft) -> None:
        for changed in change_waiting(self._waiting, waiting):
            self._desk.change({_row(changed): msgspec.msgpack.encode(changed)})
        last = self._waiting[-1].sequence if self._waiting else 0
        numbered = msgspec.structs.replace(waiting, sequence=last + 1)
        self._waiting.append(numbered)
        self._desk.change({_row(numbered): msgspec.msgpack.encode(numbered)})

    def _send(self, waiting: Draft) -> None:
        if self._must_wait(waiting.room):
            self._keep(waiting)
        else:
            self._fan_out(waiting)

    def _take(self, taken: list[Draft]) -> list[Draft]:
        sequences = {each.sequence for each in taken}
        self._waiting = [each for each in self._waiting if each.sequence not in sequences]
        self._desk.change({_row(each): None for each in taken})
        return taken

    def _fan_out(self, said: Draft) -> None:
        if self._desk.rooms.has(said.room):
            self._give(self._desk.rooms.recipients(said.room), said)
            if said.is_message:
                self._confirmations.note_sealed_for_room(said.room, said.message_id)
        elif said.is_message:
            self._confirmations.give_up(said)

    def _give(self, recipients: Iterable[Recipient], waiting: Draft) -> None:
        """Let it wait for everybody before anything is sealed."""
        opened = [*self._open(recipients)]
        for person, user_key in opened:
            self._sending.take(person, msgspec.structs.replace(waiting, user_key=user_key))
        for person, _ in opened:
            self._sending.flush(person)

    def _open(self, recipients: Iterable[Recipient]) -> Iterable[tuple[Person, UserKey]]:
        """Give the persons whom something is for; nothing is sent to those who are blocked."""
        for name, user_key in recipients:
            contact = self._desk.contacts.by_name(name)
            if contact is not None and contact.blocked:
                continue
            try:
                yield self._desk.people.open(name, companion=True), user_key
            except SecureChatError as error:  # a roster may give anybody the user's own name
                self._desk.report(error)


def _row(waiting: Draft) -> tuple[str, bytes]:
    return POSTS, waiting.relay_id + waiting.sequence.to_bytes(8)
