"""What users ask for besides writing: each question goes to the part that answers it."""

from securechat.client import commands as c
from securechat.client.desk import Desk
from securechat.client.events import Retention, Withdrawn
from securechat.client.expiry import Expiry
from securechat.client.lookups import Lookups
from securechat.client.trust import Decisions
from securechat.config import FOREVER_DAYS
from securechat.errors import UsageError
from securechat.store.history import Progress

HISTORY_MESSAGES = 20
"""How many messages ``/history`` shows of its own accord."""


class Questions:
    """Answers with events; what cannot be answered raises a SecureChatError."""

    def __init__(self, desk: Desk, lookups: Lookups, decisions: Decisions, expiry: Expiry) -> None:
        self._desk = desk
        self._expiry = expiry
        self._lookups = lookups
        self._decisions = decisions

    def answer(self, question: c.Question) -> None:
        """Answer a question whose names are all filled in, where it needs any."""
        match question:
            case c.Who():
                self._lookups.who()
            case c.Verify(str(name)):
                self._lookups.show_safety_number(self._desk.person(name))
            case c.Decide(decision, str(name)):
                self._decisions.decide(decision, name)
            case c.Call(name, petname):
                self._decisions.call(name, petname)
            case c.Contacts():
                self._decisions.list_contacts()
            case c.History(name, count):
                self._desk.tell(self._desk.past.last(name, count or HISTORY_MESSAGES))
            case c.Search(words):
                self._desk.tell(self._desk.past.search(words))
            case c.Keep(str(name), days):
                self._keep(name, days)
            case c.Unsend(str(name)):
                self._unsend(name)

    def _unsend(self, typed: str) -> None:
        """Give up the drafts for a person; what is sealed may have reached the relay."""
        desk = self._desk
        person = desk.person(typed)
        if not person.drafts:
            name = desk.called(person.name)
            raise UsageError(f"Nothing waits here to be sent to {name}", f"/history {name}")
        for draft in person.drafts:
            desk.note_progress(draft.message_id, Progress.FAILED)
            desk.change({draft.row: None})
        ids = tuple(draft.message_id.hex() for draft in person.drafts)
        person.drafts.clear()
        desk.tell(Withdrawn(desk.called(person.name), ids))

    def _keep(self, typed: str, days: int | None) -> None:
        """Say for how long messages are kept, after changing it if ``days`` says so."""
        desk = self._desk
        if not (
            desk.contacts.find(typed)
            or desk.people.find(typed)
            or desk.past.last(typed, 1).messages
        ):
            raise UsageError(f"Nobody known here is called {typed}", "/contacts")
        name = desk.person(typed).name
        if days is not None:
            desk.record(desk.history.keep_for(name, days))
            self._expiry.begin()
        kept = desk.history.days(name)
        desk.tell(Retention(desk.called(name), None if kept >= FOREVER_DAYS else kept))
