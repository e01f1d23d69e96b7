"""The history of a profile's conversations on one relay: what to keep, and what was kept."""

from collections.abc import Iterable
from datetime import datetime

from securechat.client.contacts import Contact, ContactBook, with_key_id
from securechat.client.events import DeliveryState, History, Message, PastMessage, SearchResult
from securechat.client.ports import HistoryPort
from securechat.client.searching import OWN, SearchWords
from securechat.errors import UsageError
from securechat.identity.names import name_key
from securechat.identity.types import MessageId, Name, RelayId, UserKey
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


def conversation_key(relay_id: RelayId, name: str) -> bytes:
    """Return the key of the conversation with whoever has this name on a relay.

    It stays the same when the user accepts another key for the name.
    """
    return relay_id + name_key(Name(name)).encode()


class HistoryBook:
    """What to keep of the conversations of one relay; each change is handed out, to be committed.

    ``days`` says for how long a conversation is kept about which the user has said nothing.
    """

    def __init__(self, relay_id: RelayId, state: HistoryPort, days: int) -> None:
        self._relay_id = relay_id
        self._state = state
        self.default_days = days
        self._days: dict[bytes, int] = {}

    def written(self, recipient: str, message_id: MessageId, text: str, now_ms: int) -> Changes:
        """Keep an own message, for whoever has this name on the relay."""
        entry = Entry(
            conversation=conversation_key(self._relay_id, recipient),
            title=recipient,
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
        )
        return self._if_kept(entry)

    def received(self, contact: Contact, message: Message, now_ms: int) -> Changes:
        """Keep a message of somebody else."""
        entry = Entry(
            conversation=conversation_key(self._relay_id, contact.name),
            title=contact.name,
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
            request=message.request,
        )
        return self._if_kept(entry)

    def keep_for(self, contact_name: str, days: int) -> Changes:
        """Keep the messages with a person for so many days from now on."""
        key = conversation_key(self._relay_id, contact_name)
        self._days[key] = days
        return [Retention(key, contact_name, days)]

    def has_expired(self, expire: Expire) -> bool:
        """Tell whether anything has been kept for too long."""
        with self._state.read_history() as table:
            return table.has_expired(expire)

    def days(self, contact_name: str) -> int:
        """Return for how many days the messages with a person are kept."""
        return self._days_of(conversation_key(self._relay_id, contact_name))

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
        """Return the key of the conversation with whom a user means; of nobody known, as typed."""
        contact = self._contacts.find(typed) or self._shown_as(typed)
        return conversation_key(self._relay_id, contact.name if contact else typed)

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
        contact = None if typed is None else self._contacts.find(typed)
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
        own_name, peer = str(self._own_name), _called(self._contacts, entry)
        return PastMessage(
            message_id=entry.message_id.hex(),
            sender=own_name if entry.is_own else peer,
            recipient=peer if entry.is_own else own_name,
            text=entry.text,
            time_ms=entry.time_ms,
            kept_ms=entry.kept_ms,
            e2e=entry.encrypted,
            trust=entry.trust,
            state=None if entry.progress is None else DeliveryState[entry.progress.name],
            missing=entry.missing,
            late=entry.late,
        )

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


def _called(contacts: ContactBook, entry: Entry) -> str:
    """Return what to call the other side of an entry.

    A short key id follows when another key had the name then than now, or nobody has it now.
    """
    contact, key = contacts.by_name(entry.title), UserKey(entry.user_key)
    if contact is not None and (not key or key == contact.user_key):
        return contacts.shown_name(contact)
    return with_key_id(entry.title, key) if key else entry.title


def sealed(message_id: MessageId, user_key: UserKey, *, encrypted: bool) -> Changes:
    """Keep that an own message was sealed for a key, and whether it was ``encrypted``."""
    return [Reached(message_id, Progress.SENT, user_key, encrypted)]


def _milliseconds(time: datetime | None) -> int | None:
    return None if time is None else round(time.timestamp() * 1000)
