"""What users ask for besides writing: each question goes to the part that answers it."""

from securechat.client import commands as c
from securechat.client.engine.stored_texts import StoredTexts
from securechat.client.engine.trust import Decisions
from securechat.client.events import Retention, Withdrawn
from securechat.client.history.expiry import Expiry
from securechat.client.history.reading_back import ReadingBack
from securechat.client.keys.lookups import Lookups
from securechat.client.messages.amending import Amending
from securechat.client.messages.comparing import Comparisons
from securechat.client.messages.composing import Composing
from securechat.client.messages.posting import Posting
from securechat.client.names.typed_names import is_room
from securechat.client.pairing.inviting import Inviting
from securechat.client.pairing.pairing import Pairing
from securechat.client.rooms.lobby import Lobby
from securechat.client.rooms.room_lists import RoomLists
from securechat.client.rooms.rooms import Rooms
from securechat.client.state.desk import Desk
from securechat.client.state.drafts import Draft, with_changes
from securechat.client.state.people import Person
from securechat.config import FOREVER_DAYS
from securechat.errors import UsageError
from securechat.identity.names import name_key
from securechat.identity.types import MessageId, Name, RoomId
from securechat.store.history import Progress

HISTORY_MESSAGES = 20
"""How many messages ``/history`` shows of its own accord."""


class Questions:
    """Answers with events; what cannot be answered raises a SecureChatError."""

    def __init__(
        self,
        desk: Desk,
        lookups: Lookups,
        decisions: Decisions,
        expiry: Expiry,
        rooms: Rooms,
        room_lists: RoomLists,
        lobby: Lobby,
        posting: Posting,
        inviting: Inviting,
        pairing: Pairing,
        comparisons: Comparisons,
        amending: Amending,
        reading_back: ReadingBack,
        stored_texts: StoredTexts,
        composing: Composing,
    ) -> None:
        self._desk = desk
        self._rooms = rooms
        self._room_lists = room_lists
        self._lobby = lobby
        self._posting = posting
        self._inviting = inviting
        self._pairing = pairing
        self._comparisons = comparisons
        self._amending = amending
        self._reading_back = reading_back
        self._stored_texts = stored_texts
        self._composing = composing
        self._expiry = expiry
        self._lookups = lookups
        self._decisions = decisions

    def answer(self, question: c.Question) -> None:
        """Answer a question whose names are all filled in, where it needs any."""
        match question:
            case c.Who(None):
                self._lookups.who()
            case c.Who(str(room)):
                self._room_lists.people(room)
            case c.Rooms():
                self._room_lists.rooms()
            case c.Verify(str(name), c.How.EMOJI):
                self._comparisons.compare(name)
            case c.Match(str(name)):
                self._comparisons.match(name)
            case c.Differ(str(name)):
                self._comparisons.differ(name)
            case c.Verify(str(name), how):
                self._lookups.show_safety_number(self._desk.inquire(name), how)
            case c.MakeCode():
                self._pairing.make_code()
            case c.Decide(decision, str(name)):
                self._decisions.decide(decision, name)
            case c.Call(name, petname):
                self._decisions.call(name, petname)
            case c.Contacts():
                self._decisions.list_contacts()
            case c.MakeInvite() | c.Invites() | c.RevokeInvite():
                self._inviting.answer(question)
            case c.History(name, count):
                self._desk.tell(self._desk.past.last(name, count or HISTORY_MESSAGES))
            case c.Search(words):
                self._desk.tell(self._desk.past.search(words))
            case c.Keep(str(name), days):
                self._keep(name, days)
            case c.Unsend(str(name)):
                self._unsend(name)
            case c.Mute(str(target), muted):
                self._mute(target, muted=muted)
            case c.Notify(level):
                self._notify(level)
            case c.Away(away):
                self._lobby.be_away(away=away)
            case c.Presence(visible):
                self._lobby.be_visible(visible)
            case c.Amend() | c.React():
                self._amending.answer(question)
            case c.Page() | c.Sight():
                self._reading_back.answer(question)
            case c.StoreText() | c.StoredTexts():
                self._stored_texts.answer(question)
            case c.Composing() | c.ShowTyping():
                self._composing.answer(question)
            case _:
                self._rooms.answer(question)

    def _mute(self, target: str, *, muted: bool) -> None:
        if muted:
            self._check_known(target)
        self._desk.change(self._desk.attention.mute(self._desk.where(target), muted=muted))
        self._notify(None)

    def _notify(self, level: c.Level | None) -> None:
        """Tell what calls for attention, after changing it if ``level`` says so."""
        attention = self._desk.attention
        if level is not None:
            self._desk.change(attention.choose(level))
        self._desk.tell(self._desk.notifications)

    def _unsend(self, typed: str) -> None:
        """Give up the drafts for a person; what is sealed may have reached the relay."""
        desk = self._desk
        if is_room(typed):
            called, ids = self._withdraw_from_room(desk.rooms.find(typed))
        else:
            called, ids = self._withdraw_from_person(desk.person(typed))
        if not ids:
            raise UsageError(f"Nothing waits here to be sent to {called}", f"/history {called}")
        for message_id in ids:
            desk.note_progress(message_id, Progress.FAILED)
        desk.tell(Withdrawn(called, tuple(message_id.hex() for message_id in ids)))

    def _withdraw_from_person(self, person: Person) -> tuple[str, list[MessageId]]:
        own = [each for each in person.drafts if each.is_message and not each.is_of_room]
        self._withdraw(person, own)
        return self._desk.called(person.name), [draft.message_id for draft in own]

    def _withdraw_from_room(self, room_id: RoomId) -> tuple[str, list[MessageId]]:
        """Give up what waits for a room, or in it for somebody; it is sealed for the others."""
        ids = dict.fromkeys(self._posting.withdraw(room_id))
        for person in self._desk.people:
            posts = [each for each in person.drafts if each.room == room_id and each.is_message]
            self._withdraw(person, posts)
            ids |= dict.fromkeys(draft.message_id for draft in posts)
        return self._desk.rooms.called(room_id), [*ids]

    def _withdraw(self, person: Person, drafts: list[Draft]) -> None:
        """Give up messages for a person, and what would change them there."""
        for draft in with_changes(drafts, person.drafts):
            person.drafts.remove(draft)
            self._desk.change({draft.row: None})

    def _keep(self, typed: str, days: int | None) -> None:
        """Say for how long messages are kept, after changing it if ``days`` says so."""
        desk = self._desk
        self._check_known(typed)
        where = desk.where(typed)
        if days is not None:
            desk.record(desk.history.keep_for(where, days))
            self._expiry.begin()
        kept = desk.history.days(where)
        called = where.title if is_room(typed) else desk.called(where.title)
        desk.tell(Retention(called, None if kept >= FOREVER_DAYS else kept))

    def _check_known(self, typed: str) -> None:
        """Raise UsageError for the name of nobody who is known here, or in the lobby."""
        desk = self._desk
        if not (
            is_room(typed)
            or desk.contacts.find(typed)
            or desk.people.find(typed)
            or name_key(Name(typed)) in desk.rooms.lobby_people
            or desk.past.last(typed, 1).messages
        ):
            raise UsageError(f"Nobody known here is called {typed}", "/contacts")
