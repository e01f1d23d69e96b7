"""The history of a profile's conversations on one relay: what to keep, and what was kept."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from securechat.client import commands as c
from securechat.client.events import (
    History,
    Message,
    Page,
    PastMessage,
    Quote,
    SearchResult,
)
from securechat.client.names.contacts import Contact, ContactBook
from securechat.client.names.conversation_keys import is_room_key, person_key, room_key
from securechat.client.names.typed_names import conversation_key, is_room
from securechat.client.ports import HistoryPort
from securechat.client.searching import OWN, SearchWords
from securechat.client.state.presenting import Presenter
from securechat.errors import UsageError
from securechat.identity.names import name_key
from securechat.identity.types import MessageId, Name, RelayId, RoomId, UserKey
from securechat.store.history import (
    Entry,
    Expire,
    HistoryChange,
    Progress,
    Query,
    Reached,
    Retention,
    Slice,
)

MAX_FOUND = 50

Changes = list[HistoryChange]

Written = tuple[str, bytes]
"""The id of a message, and the user key of who wrote it: others may have used that id too."""


class Conversation(NamedTuple):
    """The key of a conversation, which stays the same, and what it is called now."""

    key: bytes
    title: str


class HistoryBook:
    """What to keep of the conversations of one relay; each change is handed out, to be committed.

    ``days`` says for how long a conversation is kept about which the user has said nothing.
    """

    def __init__(self, relay_id: RelayId, state: HistoryPort, days: int) -> None:
        self._relay_id = relay_id
        self._state = state
        self.default_days = days
        self._days: dict[bytes, int] = {}

    def person(self, name: str) -> Conversation:
        """Return the conversation with whoever has this name on the relay."""
        return Conversation(person_key(self._relay_id, name), name)

    def room(self, room_id: RoomId, called: str) -> Conversation:
        """Return the conversation in a room, which is called so here."""
        return Conversation(room_key(self._relay_id, room_id), called)

    def written(
        self,
        where: Conversation,
        message_id: MessageId,
        text: str,
        now_ms: int,
        *,
        action: bool = False,
        reply_to: MessageId | None = None,
    ) -> Changes:
        """Keep an own message."""
        entry = Entry(
            conversation=where.key,
            title=where.title,
            message_id=message_id,
            sender="",
            user_key=b"",
            time_ms=now_ms,
            kept_ms=now_ms,
            text=text,
            progress=Progress.QUEUED,
            encrypted=True,
            trust="",
            missing=0,
            late=False,
            action=action,
            reply_to=reply_to or b"",
        )
        return self._if_kept(entry)

    def received(
        self,
        where: Conversation,
        contact: Contact,
        message: Message,
        now_ms: int,
        *,
        bounded: bool,
    ) -> Changes:
        """Keep a message of somebody else; of all that are ``bounded`` only the newest stay."""
        entry = Entry(
            conversation=where.key,
            title=where.title,
            message_id=bytes.fromhex(message.message_id),
            sender=contact.name,
            user_key=contact.user_key,
            time_ms=message.time_ms,
            kept_ms=now_ms,
            text=message.text,
            progress=None,
            encrypted=message.e2e,
            trust=message.trust,
            missing=message.missing,
            late=message.late,
            request=bounded,
            action=message.action,
            reply_to=bytes.fromhex(message.reply.message_id) if message.reply else b"",
        )
        return self._if_kept(entry)

    def keep_for(self, where: Conversation, days: int) -> Changes:
        """Keep the messages of a conversation for so many days from now on."""
        self._days[where.key] = days
        return [Retention(*where, days)]

    def has_expired(self, expire: Expire) -> bool:
        """Tell whether anything has been kept for too long."""
        with self._state.read_history() as table:
            return table.has_expired(expire)

    def has_unindexed(self) -> bool:
        """Tell whether the index of words has still to follow texts that were changed."""
        with self._state.read_history() as table:
            return table.has_unindexed()

    def days(self, where: Conversation) -> int:
        """Return for how many days the messages of a conversation are kept."""
        return self._days_of(where.key)

    def _if_kept(self, entry: Entry) -> Changes:
        return [entry] if self._days_of(entry.conversation) > 0 else []

    def _days_of(self, conversation: bytes) -> int:
        if conversation not in self._days:
            with self._state.read_history() as table:
                days = table.retention(conversation)
            self._days[conversation] = self.default_days if days is None else days
        return self._days[conversation]


class PastReader:
    """What was kept of the conversations of one relay, told by what the user calls people."""

    def __init__(
        self, relay_id: RelayId, own_name: Name, contacts: ContactBook, state: HistoryPort
    ) -> None:
        self._relay_id = relay_id
        self._own_name = own_name
        self._contacts = contacts
        self._state = state
        self._presenter = Presenter(relay_id, own_name, contacts, state)

    def key(self, typed: str) -> bytes:
        """Return the key of the conversation that a user means; of nobody known, as typed.

        A room is found by what it was called when something was kept of it last.
        """
        if is_room(typed):
            return self._room(typed)
        contact = self._contacts.find(typed) or self._shown_as(typed)
        return person_key(self._relay_id, contact.name if contact else typed)

    def called(self, title: str) -> str:
        """Return what to call whoever has this name on the relay."""
        contact = self._contacts.by_name(title)
        return self._contacts.shown_name(contact) if contact else title

    def awaits(self, message_id: MessageId, user_key: UserKey, progress: Progress) -> bool:
        """Tell whether an own message was sealed for this key, and has not come so far yet."""
        with self._state.read_history() as table:
            entry = table.own(message_id)
        if entry is None or entry.progress is None or entry.user_key != user_key:
            return False
        return entry.progress < progress

    def last(
        self, typed: str | None, count: int, unread: frozenset[Written] = frozenset()
    ) -> History:
        """Return the newest messages with a person, or of all; those that are ``unread`` not."""
        key = None if typed is None else self.key(typed)
        query = Query(conversation=key, beginning=self._relay_id)
        with self._state.read_history() as table:
            entries = table.search(query, count + len(unread))
        shown = [
            each for each in entries if (each.message_id.hex(), each.writer_key) not in unread
        ][-count:]
        is_person = typed is not None and not is_room(typed)
        contact = self._contacts.find(typed) if typed is not None and is_person else None
        name = self._contacts.shown_name(contact) if contact else typed
        return History(name, self.messages(shown))

    def search(self, words: SearchWords) -> SearchResult:
        """Return what was searched for; UsageError when nobody is called as it says."""
        query = Query(
            words=words.words,
            conversation=None if words.within is None else self.key(words.within),
            beginning=self._relay_id,
            sender=None if words.sender is None else self._sender(words.sender),
            since_ms=_milliseconds(words.since),
            before_ms=_milliseconds(words.before),
        )
        with self._state.read_history() as table:
            found = table.search(query, MAX_FOUND + 1)
        return SearchResult(self.messages(found[-MAX_FOUND:]), more=len(found) > MAX_FOUND)

    def page(self, key: bytes, question: c.Page) -> Page:
        """Return messages of one conversation that follow each other, the oldest first."""
        count = question.count
        with self._state.read_history() as table:
            if question.around is None:
                found = table.page(key, count, before=question.before, after=question.after)
            else:
                above = table.page(key, count // 2, before=question.around)
                below = table.page(key, count - count // 2, after=question.around - 1)
                found = Slice(above.entries + below.entries, above.older, below.newer)
        return Page(question, self.messages(found.entries), found.older, found.newer)

    def messages(self, entries: Sequence[Entry]) -> tuple[PastMessage, ...]:
        """Return entries as they are shown."""
        return self._presenter.messages(entries)

    def quote(self, message_id: MessageId, entry: Entry | None) -> Quote:
        """Return what an answer to a message quotes, which is None if it is not known."""
        return self._presenter.quote(message_id, entry)

    def of_id(self, where: Conversation, message_id: MessageId) -> list[Entry]:
        """Return the messages of a conversation that have an id: of each writer one at most."""
        with self._state.read_history() as table:
            return table.of_id(where.key, message_id)

    def newest_own(self, where: Conversation) -> MessageId | None:
        """Return the id of the newest message that the user wrote in a conversation."""
        return self.newest(where, OWN)

    def newest(self, where: Conversation, typed: str) -> MessageId | None:
        """Return the id of the newest message that somebody wrote in a conversation."""
        query = Query(conversation=where.key, sender=self._sender(typed))
        with self._state.read_history() as table:
            entries = table.search(query, 1)
        return MessageId(entries[0].message_id) if entries else None

    def _room(self, typed: str) -> bytes:
        with self._state.read_history() as table:
            titles = {
                conversation_key(title): key
                for key, title in table.conversations()
                if is_room_key(self._relay_id, key)
            }  # of two with one title the later one
        return titles.get(conversation_key(typed), room_key(self._relay_id, RoomId(b"")))

    def _sender(self, typed: str) -> str:
        if typed == OWN or name_key(Name(typed)) == name_key(self._own_name):
            return ""
        contact = self._contacts.find(typed)
        if contact is None:
            raise UsageError(f"Nobody known here is called {typed}", "/contacts")
        return contact.name

    def _shown_as(self, typed: str) -> Contact | None:
        """Return the stranger who is shown under a name: nobody pinned has it."""
        contacts, key = self._contacts, name_key(Name(typed))
        return next(
            (each for each in contacts if name_key(Name(contacts.shown_name(each))) == key), None
        )


def sealed(message_id: MessageId, user_key: UserKey, *, encrypted: bool) -> Changes:
    """Keep that an own message was sealed for a key, and whether it was ``encrypted``."""
    return [Reached(message_id, Progress.SENT, user_key, encrypted)]


def _milliseconds(time: datetime | None) -> int | None:
    return None if time is None else round(time.timestamp() * 1000)
