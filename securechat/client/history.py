"""The history of a profile's conversations on one relay: what to keep, and what was kept."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from securechat.client.contacts import Contact, ContactBook, with_key_id
from securechat.client.events import (
    DeliveryState,
    History,
    Message,
    PastMessage,
    Quote,
    SearchResult,
)
from securechat.client.ports import HistoryPort
from securechat.client.searching import OWN, SearchWords
from securechat.client.typed_names import ROOM_SIGN, conversation_key, is_room
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
)

MAX_FOUND = 50

Changes = list[HistoryChange]

_ROOM = ROOM_SIGN.encode()


class Conversation(NamedTuple):
    """The key of a conversation, which stays the same, and what it is called now."""

    key: bytes
    title: str


def person_key(relay_id: RelayId, name: str) -> bytes:
    """Return the key of the conversation with whoever has this name on a relay.

    It stays the same when the user accepts another key for the name.
    """
    return relay_id + name_key(Name(name)).encode()


def room_key(relay_id: RelayId, room_id: RoomId) -> bytes:
    """Return the key of the conversation in a room."""
    return relay_id + _ROOM + room_id


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

    def last(self, typed: str | None, count: int, unread: frozenset[str] = frozenset()) -> History:
        """Return the newest messages with a person, or of all; those that are ``unread`` not."""
        key = None if typed is None else self.key(typed)
        query = Query(conversation=key, beginning=self._relay_id)
        with self._state.read_history() as table:
            entries = table.search(query, count + len(unread))
        shown = [each for each in entries if each.message_id.hex() not in unread][-count:]
        is_person = typed is not None and not is_room(typed)
        contact = self._contacts.find(typed) if typed is not None and is_person else None
        name = self._contacts.shown_name(contact) if contact else typed
        return History(name, self._past(shown))

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
        return SearchResult(self._past(found[-MAX_FOUND:]), more=len(found) > MAX_FOUND)

    def message(self, entry: Entry) -> PastMessage:
        """Return an entry as it is shown."""
        own_name = str(self._own_name)
        room = entry.title if self._is_room(entry.conversation) else None
        peer = _called(self._contacts, entry.sender if room else entry.title, entry.user_key)
        return PastMessage(
            message_id=entry.message_id.hex(),
            sender=own_name if entry.is_own else peer,
            recipient=room or (peer if entry.is_own else own_name),
            text=entry.text,
            time_ms=entry.time_ms,
            kept_ms=entry.kept_ms,
            e2e=entry.encrypted,
            trust=entry.trust,
            state=None if entry.progress is None else DeliveryState[entry.progress.name],
            missing=entry.missing,
            late=entry.late,
            room=room,
            action=entry.action,
        )

    def quote(self, where: Conversation, message_id: MessageId) -> Quote:
        """Return what an answer to a message of a conversation quotes."""
        with self._state.read_history() as table:
            entry = table.find(where.key, message_id)
        if entry is None:
            return Quote(message_id.hex())
        past = self.message(entry)
        return Quote(past.message_id, past.sender, past.text)

    def newest(self, where: Conversation, typed: str) -> MessageId | None:
        """Return the id of the newest message that somebody wrote in a conversation."""
        query = Query(conversation=where.key, sender=self._sender(typed))
        with self._state.read_history() as table:
            entries = table.search(query, 1)
        return MessageId(entries[0].message_id) if entries else None

    def _is_room(self, key: bytes) -> bool:
        return key.startswith(self._relay_id + _ROOM)

    def _room(self, typed: str) -> bytes:
        with self._state.read_history() as table:
            titles = {
                conversation_key(title): key
                for key, title in table.conversations()
                if self._is_room(key)
            }  # of two with one title the later one
        return titles.get(conversation_key(typed), self._relay_id + _ROOM)

    def _past(self, entries: Iterable[Entry]) -> tuple[PastMessage, ...]:
        return tuple(map(self.message, entries))

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


def _called(contacts: ContactBook, name: str, user_key: bytes) -> str:
    """Return what to call who had a name and a key when something was kept of them.

    A short key id follows when another key had the name then than now, or nobody has it now.
    """
    contact, key = contacts.by_name(name), UserKey(user_key)
    if contact is not None and (not key or key == contact.user_key):
        return contacts.shown_name(contact)
    return with_key_id(name, key) if key else name


def sealed(message_id: MessageId, user_key: UserKey, *, encrypted: bool) -> Changes:
    """Keep that an own message was sealed for a key, and whether it was ``encrypted``."""
    return [Reached(message_id, Progress.SENT, user_key, encrypted)]


def _milliseconds(time: datetime | None) -> int | None:
    return None if time is None else round(time.timestamp() * 1000)
