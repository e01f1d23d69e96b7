"""Messages changed, deleted and reacted to after they were written: own ones, and those of others.

Who may do what: E2E.md, section 16.
"""

from collections import Counter
from typing import NamedTuple

from securechat.client import commands as c
from securechat.client.events import Amended, Origin, Reacted
from securechat.client.history.indexing import Indexing
from securechat.client.input.typed import parse_message_id
from securechat.client.keys.agreement import Agreement
from securechat.client.keys.changed_keys import refuse_to_write
from securechat.client.messages.posting import Posting
from securechat.client.messages.sending import Sending
from securechat.client.names.contacts import Contact
from securechat.client.names.typed_names import is_room
from securechat.client.state.desk import Desk
from securechat.client.state.drafts import Draft
from securechat.client.state.history import Conversation
from securechat.client.state.people import Person
from securechat.e2e.amend_content import Amendment, Reaction
from securechat.e2e.endpoint import new_message_id
from securechat.e2e.results import Opened
from securechat.errors import UsageError
from securechat.identity.types import MessageId, Name, RoomId, UserKey
from securechat.store.history import Amend, Entry, Progress, React

MAX_CHANGES_A_MINUTE = 100
"""How many of all people together are taken whom the user has not accepted, in a lobby for one."""

MAX_OF_ONE = 20
"""How many of these are one person's, so that nobody takes the others' place."""

_MINUTE_S = 60.0


class _Place(NamedTuple):
    """A conversation, as ``typed`` by the user: in a closed room, the lobby, or with one person."""

    typed: str
    where: Conversation
    to: RoomId | Person

    @property
    def room(self) -> str | None:
        """What the room is called, if it is one."""
        return None if isinstance(self.to, Person) else self.where.title


class Amending:
    """Carries out changes in the history, and sends those of the user."""

    def __init__(
        self,
        desk: Desk,
        own_name: Name,
        agreement: Agreement,
        sending: Sending,
        posting: Posting,
        indexing: Indexing,
    ) -> None:
        self._desk = desk
        self._indexing = indexing
        self._own_name = own_name
        self._agreement = agreement
        self._sending = sending
        self._posting = posting
        self._minute_ends_at = 0.0
        self._changes: Counter[UserKey] = Counter()

    def answer(self, question: c.Amend | c.React) -> None:
        """Change a message for the user; UsageError when it is none of theirs, or unknown."""
        match question:
            case c.Amend(str(target), typed_id, text):
                self._amend(self._place(target), typed_id, text)
            case c.React(str(target), to, symbol):
                self._react(self._place(target), to, symbol)

    def hear(self, content: Amendment | Reaction, opened: Opened, contact: Contact) -> None:
        """Take what a contact says about a message; what they may not change stays as it is."""
        desk = self._desk
        room = content.room.room_id if content.room else None
        if room == desk.rooms.lobby_id and not desk.so_far.in_lobby:
            return
        where = desk.room(room) if room else desk.history.person(contact.name)
        if isinstance(content, Amendment):
            self._hear_amendment(content, opened, contact, where)
        else:
            self._hear_reaction(content, opened, contact, where)

    # What others do -------------------------------------------------------------------------------

    def _hear_amendment(
        self, content: Amendment, opened: Opened, contact: Contact, where: Conversation
    ) -> None:
        """Change a message of its sender; what fills a gap does not undo what was said later.

        Of a conversation that is not kept there may be some that nobody was shown yet.
        """
        desk, found = self._desk, self._desk.messages(where, content.message_id)
        target = next((each for each in found if each.writer_key == contact.user_key), None)
        if target is None:
            if opened.late or desk.history.days(where) > 0:
                return
        elif target.is_deleted or (opened.late and opened.time_ms <= target.edited_ms):
            return
        if not self._allows_one(contact):
            return
        edited_ms = max(1, opened.time_ms)
        desk.record(
            [Amend(where.key, content.message_id, contact.user_key, content.text, edited_ms)]
        )
        self._indexing.note_change()
        room = where.title if content.room else None
        desk.tell(
            Amended(
                message_id=content.message_id.hex(),
                sender=desk.contacts.shown_name(contact),
                recipient=room or self._own_name,
                text=content.text,
                time_ms=edited_ms,
                room=room,
                origin=Origin(desk.relay_id, opened.sender),
            )
        )

    def _hear_reaction(
        self, content: Reaction, opened: Opened, contact: Contact, where: Conversation
    ) -> None:
        """Take the newest reaction; one that fills a gap may be older than what was taken."""
        desk, message_id = self._desk, content.message_id
        found = [] if opened.late else desk.messages(where, message_id)
        if len(found) != 1 or found[0].is_deleted or not self._allows_one(contact):
            return
        desk.record([React(where.key, message_id, contact.user_key, contact.name, content.symbol)])
        room, name = where.title if content.room else None, desk.contacts.shown_name(contact)
        desk.tell(
            Reacted(message_id.hex(), name, content.symbol, room or self._own_name, room=room)
        )

    def _allows_one(self, contact: Contact) -> bool:
        """Tell whether one more change of a person is taken in this minute."""
        if contact.accepted:
            return True
        if self._desk.now_s() >= self._minute_ends_at:
            self._minute_ends_at = self._desk.now_s() + _MINUTE_S
            self._changes.clear()
        key = contact.user_key
        if self._changes[key] >= MAX_OF_ONE or self._changes.total() >= MAX_CHANGES_A_MINUTE:
            return False
        self._changes[key] += 1
        return True

    # What the user does ---------------------------------------------------------------------------

    def _amend(self, place: _Place, typed_id: str | None, text: str) -> None:
        desk, now_ms = self._desk, self._desk.now_ms()
        message_id = self._own_message(place, typed_id)
        self._send(place, Amendment(message_id, text), text or "/delete")
        desk.record([Amend(place.where.key, message_id, b"", text, now_ms)])
        self._indexing.note_change()
        desk.tell(
            Amended(
                message_id=message_id.hex(),
                sender=self._own_name,
                recipient=self._called(place),
                text=text,
                time_ms=now_ms,
                room=place.room,
                own=True,
            )
        )

    def _react(self, place: _Place, to: str, symbol: str) -> None:
        desk = self._desk
        message_id = parse_message_id(to) or desk.past.newest(place.where, to)
        found = desk.messages(place.where, message_id) if message_id is not None else []
        if message_id is None or len(found) != 1:
            raise UsageError(f"Nothing of {to} is kept here to react to", f"/history {place.typed}")
        self._check(found[0], place)
        self._send(place, Reaction(message_id, symbol), f"/react {to} {symbol}".rstrip())
        desk.record([React(place.where.key, message_id, b"", "", symbol)])
        desk.tell(
            Reacted(
                message_id.hex(),
                self._own_name,
                symbol,
                self._called(place),
                room=place.room,
                own=True,
            )
        )

    def _place(self, typed: str) -> _Place:
        desk = self._desk
        if is_room(typed):
            room_id = desk.rooms.find(typed)
            return _Place(typed, desk.room(room_id), room_id)
        person = desk.person(typed)
        return _Place(typed, desk.history.person(person.name), person)

    def _own_message(self, place: _Place, typed_id: str | None) -> MessageId:
        """Return which own message is meant; UsageError for one that cannot be changed."""
        desk = self._desk
        given = desk.newest_own(place.where) if typed_id is None else parse_message_id(typed_id)
        found = desk.messages(place.where, given) if given is not None else []
        own = next((each for each in found if each.is_own), None)
        if given is None or own is None:
            which = "of that id " if typed_id is not None else ""
            raise UsageError(
                f"No message of yours {which}is kept here in the conversation with {place.typed}",
                f"/history {place.typed}",
            )
        self._check(own, place)
        return given

    def _check(self, entry: Entry, place: _Place) -> None:
        """Raise UsageError when the others do not have a message, or have it no more."""
        told = self._desk.batch.progress.get(MessageId(entry.message_id))
        if entry.is_own and Progress.FAILED in (entry.progress, told):
            raise UsageError("That message was never sent", f"/history {place.typed}")
        if entry.is_deleted:
            raise UsageError("That message is deleted", f"/history {place.typed}")

    def _send(self, place: _Place, content: Amendment | Reaction, named: str) -> None:
        """Send it behind the message that it is about; ``named`` tells the user what was not."""
        desk, to = self._desk, place.to
        if not isinstance(to, Person):
            self._posting.add(to, content)
            return
        if self._agreement.is_plain(to):
            raise UsageError(
                "Messages are changed, and reacted to, with encryption only",
                "/quit, and securechat client without --no-e2e",
            )
        refuse_to_write(desk, to.name, named)
        waiting = Draft.of(desk.relay_id, new_message_id(), content, desk.now_ms())
        desk.accept(to.name)
        self._sending.take(to, waiting)
        self._sending.flush(to)

    def _called(self, place: _Place) -> str:
        """Return what to call the room, or the other of the two."""
        return place.room or self._desk.called(place.where.title)
