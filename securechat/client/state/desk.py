"""What the parts of the engine work on together, and what they want done once it is committed."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress

from msgspec import Struct, field

from securechat.client.commands import Question
from securechat.client.connection.handed_over import HandedOver
from securechat.client.event_types.past_message import Quote
from securechat.client.events import Event, Notifications, Problem, Renamed, Trust
from securechat.client.names.contacts import Contact, ContactBook, accept, split_key_id
from securechat.client.names.typed_names import is_room
from securechat.client.state.attention import Attention
from securechat.client.state.drafts import Draft
from securechat.client.state.history import Conversation, HistoryBook, PastReader
from securechat.client.state.kept import KeptMessages
from securechat.client.state.outbox import Outbox
from securechat.client.state.pending_history import PendingHistory
from securechat.client.state.people import People, Person
from securechat.client.state.room_book import RoomBook
from securechat.client.state.run import SoFar
from securechat.client.state.sightings import Sightings
from securechat.e2e.endpoint import Endpoint
from securechat.errors import SecureChatError, UsageError
from securechat.identity.names import name_key
from securechat.identity.types import MessageId, Name, RelayId, RoomId, UserKey
from securechat.store.history import Entry, HistoryChange, Progress, Reached
from securechat.wire.frames import ClientFrame, Outgoing


class Batch(Struct):
    """The effects of one wake-up, carried out in this order: commit, send, tell, acknowledge."""

    changes: dict[tuple[str, bytes], bytes | None] = field(default_factory=dict)
    history: list[HistoryChange] = field(default_factory=list)
    pending: PendingHistory = field(default_factory=PendingHistory)
    """What the history of it does to messages."""
    progress: dict[MessageId, Progress] = field(default_factory=dict)
    """How far own messages have come in it."""
    frames: list[ClientFrame] = field(default_factory=list)
    envelopes: list[Outgoing] = field(default_factory=list)
    signals: list[Outgoing] = field(default_factory=list)
    """What is never stored, and for nobody who is not connected."""
    events: list[Event] = field(default_factory=list)
    ack: int = 0


class Desk(Struct):
    """One profile at one relay. ``relay_id`` is what TLS proved, before any frame came."""

    relay_id: RelayId
    endpoint: Endpoint
    contacts: ContactBook
    outbox: Outbox
    handed_over: HandedOver
    kept: KeptMessages
    history: HistoryBook
    past: PastReader
    people: People
    rooms: RoomBook
    attention: Attention
    so_far: SoFar
    now_ms: Callable[[], int]
    now_s: Callable[[], float]
    unencrypted: str | None = None
    """With whom the user of this run wants to do without end-to-end encryption."""
    takes_new_keys: bool = False
    """Whether the new key of somebody who is not verified is taken at once."""
    batch: Batch = field(default_factory=Batch)
    sightings: Sightings = field(default_factory=Sightings)
    online: bool = False
    _renamed: dict[str, str] = field(default_factory=dict)

    def tell(self, event: Event) -> None:
        """Give the faces an event once the batch is committed."""
        self.batch.events.append(event)

    def report(
        self,
        error: SecureChatError,
        message_id: str | None = None,
        *,
        asked: Question | None = None,
    ) -> None:
        """Tell the faces that something did not work; see `Problem`."""
        self.tell(Problem(error, message_id, asked))
        if message_id is not None:
            self.note_progress(MessageId(bytes.fromhex(message_id)), Progress.FAILED)

    def change(self, changes: Mapping[tuple[str, bytes], bytes | None]) -> None:
        """Add rows to the batch's transaction."""
        self.batch.changes.update(changes)

    def record(self, changes: Iterable[HistoryChange]) -> None:
        """Add to the history, in the batch's transaction."""
        self.batch.history.extend(changes)

    def messages(self, where: Conversation, message_id: MessageId) -> list[Entry]:
        """Return the messages that have an id in a conversation, as this batch leaves them."""
        self.batch.pending.note(self.batch.history)
        committed = self.past.of_id(where, message_id)
        return self.batch.pending.messages((where.key, message_id), committed)

    def quote(self, where: Conversation, message_id: MessageId) -> Quote:
        """Return what an answer to a message quotes; of an id that several have used, no text."""
        found = self.messages(where, message_id)
        return self.past.quote(message_id, found[0] if len(found) == 1 else None)

    def newest_own(self, where: Conversation) -> MessageId | None:
        """Return the id of the newest message that the user has written in a conversation."""
        self.batch.pending.note(self.batch.history)
        if entry := self.batch.pending.last_own(where.key):
            return MessageId(entry.message_id)
        return self.past.newest_own(where)

    def note_progress(self, message_id: MessageId, progress: Progress) -> None:
        """Keep how far an own message has come."""
        told = self.batch.progress.get(message_id, progress)
        self.batch.progress[message_id] = max(told, progress) if progress else progress
        self.record([Reached(message_id, progress)])

    def awaits(self, message_id: MessageId, user_key: UserKey, progress: Progress) -> bool:
        """Tell whether an own message went to this key, and has not come so far yet."""
        if self.batch.progress.get(message_id, progress.FAILED) >= progress:
            return False
        return self.past.awaits(message_id, user_key, progress)

    def key_of(self, typed: str) -> bytes:
        """Return the key of the conversation that a user means; of nobody known, as typed.

        A room that the user is in wins over one that is only in the history.
        """
        if is_room(typed):
            with suppress(UsageError):
                return self.room(self.rooms.find(typed)).key
        return self.past.key(typed)

    def accept(self, name: Name) -> None:
        """Count whoever has this name as no stranger: the user answers them, with this key."""
        contact = self.contacts.by_name(name)
        if contact is not None and not contact.accepted:
            self.keep_contact(accept(contact, self.now_ms()))

    def keep_contact(self, contact: Contact) -> None:
        """Add or change a contact, durably."""
        self.change(self.contacts.put(contact))

    def person(self, typed: str) -> Person:
        """Return whom a user calls so, adding them; raises as `People.open` does.

        A key id that nobody known here has is a UsageError: it never means another person.
        The faces are told when the rest of them will be about another name than the typed one.
        """
        contact = self.contacts.find(typed)
        if contact is None:
            if split_key_id(typed)[1]:
                raise UsageError(f"Nobody known here is called {typed}", "/contacts")
            return self.people.open(typed)
        if not contact.is_pinned and split_key_id(typed)[1]:
            raise UsageError(f"{typed} is blocked", f"/unblock {typed}")
        shown = self.contacts.shown_name(contact)
        key = name_key(Name(typed))
        if key != name_key(Name(shown)) and self._renamed.get(key) != shown:
            self._renamed[key] = shown
            self.tell(Renamed(typed, shown))
        return self.people.open(contact.name)

    def inquire(self, typed: str) -> Person:
        """Return whom a user calls so, to learn who that is; raises as `person` does."""
        is_new = self.contacts.find(typed) is None and self.people.find(typed) is None
        person = self.person(typed)
        person.only_asked = person.only_asked or is_new
        return person

    def called(self, name: str) -> str:
        """Return what to call whoever has this name on the relay."""
        contact = self.contacts.by_name(name)
        return self.contacts.shown_name(contact) if contact else name

    def is_acquainted(self, contact: Contact) -> bool:
        """Tell whether somebody is no stranger: accepted, or in a room with the user."""
        return contact.accepted or self.rooms.is_companion(contact)

    def open_person(self, contact: Contact) -> Person:
        """Return the person of a contact, adding them."""
        return self.people.open(contact.name, companion=not contact.accepted)

    def where(self, target: str) -> Conversation:
        """Return the conversation that a user means; raises as `person` or `RoomBook.find`."""
        if is_room(target):
            return self.room(self.rooms.find(target))
        return self.history.person(self.person(target).name)

    def room(self, room_id: RoomId) -> Conversation:
        """Return the conversation in a room."""
        return self.history.room(room_id, self.rooms.called(room_id))

    @property
    def notifications(self) -> Notifications:
        """What calls for attention, to be told: people by what the user calls them."""
        called = (title if is_room(title) else self.called(title) for title in self.attention.muted)
        return Notifications(self.attention.level, tuple(sorted(called)))

    def is_held_up(self, person: Person, draft: Draft) -> bool:
        """Tell whether a room goes on although something of it waits for one person in it."""
        return draft.is_of_room and (person.stuck or self.is_barred(person.name))

    def waiting_drafts(self) -> Iterator[tuple[Person, Draft]]:
        """Give what is to be sealed, but for what is held up."""
        for person in self.people:
            for draft in person.drafts:
                if not self.is_held_up(person, draft):
                    yield person, draft

    def is_unsealed(self, message_id: MessageId) -> bool:
        """Tell whether a message waits to be sealed for anybody whom it is for."""
        return any(draft.message_id == message_id for _, draft in self.waiting_drafts())

    @property
    def unsealed(self) -> set[MessageId]:
        """The ids of messages that are not sealed yet for everybody whom they are for."""
        return {draft.message_id for _, draft in self.waiting_drafts() if draft.is_message}

    @property
    def unsent(self) -> set[str]:
        """To whom own messages wait, by what the user calls them: not sealed, or not accepted."""
        waiting = [
            *(
                (person.name, draft.room)
                for person, draft in self.waiting_drafts()
                if draft.is_message
            ),
            *((parcel.recipient, parcel.room) for parcel in self.outbox if parcel.message_id),
        ]
        return {self.rooms.called(room) if room else self.called(name) for name, room in waiting}

    @property
    def is_settled(self) -> bool:
        """Whether nobody waits for an answer about a person, nor for own messages to be accepted.

        Messages that a changed key holds up are not waited for.
        """
        if any(person.verify or (person.reads and person.asked) for person in self.people):
            return False
        waiting = {str(person.name) for person, _ in self.waiting_drafts()}
        waiting |= {parcel.recipient for parcel in self.outbox if parcel.message_id}
        return all(map(self.is_withheld, waiting))

    def is_withheld(self, name: str) -> bool:
        """Tell whether what is for this person waits, since their key has changed."""
        contact = self.contacts.by_name(name)
        return contact is not None and contact.shown is not None

    def is_barred(self, name: str) -> bool:
        """Tell whether nothing may be sealed for this person now."""
        contact = self.contacts.by_name(name)
        return contact is not None and (contact.blocked or contact.shown is not None)


def trust_of(contact: Contact) -> Trust:
    """Return the one word for a person."""
    if contact.shown is not None:
        return Trust.CHANGED
    return Trust.VERIFIED if contact.verified else Trust.NEW
