"""What the chat says by itself, and in which conversation it stands."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime

from securechat.client import commands as c
from securechat.client import events as e
from securechat.client.names.typed_names import conversation_key
from securechat.faces.entries import Entry, Tone
from securechat.faces.screen.drawing.rows import Notice
from securechat.faces.screen.state.about import about
from securechat.faces.screen.state.outages import Outages
from securechat.faces.screen.state.timelines import Timelines
from securechat.faces.wording import notices

_ALSO_HERE = (e.Invitation, e.ComparingAsked, e.DevicesChanged)
"""News of others that somebody who looks at another conversation has to know, too."""

_Answer = tuple[type[e.Event], str]


class Notices:
    """Puts entries into the timelines as notices, but for what the screen shows in another way.

    Those are messages, which conversation is current, and what a Ctrl-C may mean.

    Between `begin` and `end` of an event they stand in the conversation that it is about, else in
    the current one. Answers that the screen itself has asked for are not shown at all.
    """

    def __init__(
        self,
        timelines: Timelines,
        current: Callable[[], str | None],
        now: Callable[[], datetime],
    ) -> None:
        self._timelines = timelines
        self._current = current
        self._now = now
        self._expected: Counter[_Answer] = Counter()
        self._where: list[str] | None = None
        self._who = ""
        self._outages = Outages(timelines, current, now)

    def expect(self, answer: type[e.Event], name: str = "") -> bool:
        """Take note that the screen asks something; return False if it waits for that already."""
        key = (answer, conversation_key(name))
        self._expected[key] += 1
        if self._expected[key] > 1:
            self._expected[key] = 1
            return False
        return True

    def begin(self, event: e.Event) -> bool:
        """Take an event that is going to be told; return whether the screen has asked for it."""
        self._who = event.name if isinstance(event, e.PresenceChanged) else ""
        if isinstance(event, e.Problem) and (refused := _answer_to(event.asked)) is not None:
            self._expected.pop(refused, None)
        if self._expected.pop(_key(event), 0):
            self._where = []
            return True
        if isinstance(event, e.Offline) or (isinstance(event, e.Ready) and event.again):
            self._outages.hear(event)
            self._where = []
            return False
        name = about(event)
        here = self._current() or ""
        if name is None:
            self._where = [here]
        elif isinstance(event, e.PresenceChanged) and name not in self._timelines:
            self._where = []
        elif isinstance(event, _ALSO_HERE) and conversation_key(name) != conversation_key(here):
            self._where = [name, here]
        else:
            self._where = [name]
        return False

    def end(self) -> None:
        """Take note that the event has been told."""
        self._where, self._who = None, ""

    def note(self, entry: Entry) -> None:
        """Put an entry where it belongs."""
        here = self._current() or ""
        if entry.tone in (Tone.MESSAGE, Tone.MENTION) or entry in _shown_otherwise(here):
            return
        notice = Notice(entry, int(self._now().timestamp() * 1000), self._who)
        for name in [here] if self._where is None else self._where:
            self._timelines.of(name).note(notice)


def _shown_otherwise(here: str) -> tuple[Entry, ...]:
    return notices.talking_to(here), notices.interrupt_hint()


def _answer_to(question: c.Question | None) -> _Answer | None:
    """Return what a question would have been answered with, if the screen asks such by itself."""
    match question:
        case c.Contacts():
            return e.Contacts, ""
        case c.Rooms():
            return e.RoomList, ""
        case c.Who(str(room)):
            return e.RoomPeople, conversation_key(room)
        case c.Verify(str(name), c.How.DIGITS):
            return e.SafetyNumber, conversation_key(name)
        case _:
            return None


def _key(event: e.Event) -> _Answer:
    name = ""
    if isinstance(event, e.RoomPeople):
        name = event.room
    elif isinstance(event, e.SafetyNumber):
        name = event.name
    return type(event), conversation_key(name)
