"""The conversations that are held in memory, and the pages of their history that are asked for."""

from collections.abc import Callable, Iterator

from securechat.client import commands as c
from securechat.client import events as e
from securechat.client.typed_names import conversation_key
from securechat.faces.screen.rows import Notice, Row, of_past
from securechat.faces.screen.timeline import Timeline

KEPT_TIMELINES = 64
"""So many conversations are held, those looked at last; of the others the history has all."""


class Timelines:
    """Gives each conversation its timeline; ``ask`` asks the engine for a page.

    One page is under way for each question at most.
    """

    def __init__(self, ask: Callable[[c.Page], None]) -> None:
        self._ask = ask
        self._held: dict[str, Timeline] = {}
        self._asked: set[c.Page] = set()
        self._jump: int | None = None
        self._found: int | None = None

    def of(self, name: str) -> Timeline:
        """Return the timeline of a conversation, an empty one if none is held."""
        key = conversation_key(name)
        timeline = self._held.pop(key, None) or Timeline()
        self._held[key] = timeline
        if len(self._held) > KEPT_TIMELINES:
            del self._held[next(iter(self._held))]
        return timeline

    def held(self, name: str) -> Timeline | None:
        """Return the timeline of a conversation, if one is held."""
        return self._held.get(conversation_key(name))

    def __iter__(self) -> Iterator[Timeline]:
        return iter(self._held.values())

    def __contains__(self, name: str) -> bool:
        return conversation_key(name) in self._held

    def holding(self, message_id: str) -> Timeline | None:
        """Return the timeline that a message is in, if one is."""
        return next((each for each in self if each.index_of(message_id) is not None), None)

    def rename(self, before: str, name: str) -> None:
        """Take note of another name for a person: what is held of them is read again."""
        if conversation_key(before) != conversation_key(name):
            self._held.pop(conversation_key(before), None)
            self._held.pop(conversation_key(name), None)

    # Pages ----------------------------------------------------------------------------------------

    def ask_newest(self, name: str) -> None:
        """Ask for the newest messages; what was asked of this conversation before counts no more.

        An answer may have become a problem, so none is waited for.
        """
        self._asked = {question for question in self._asked if question.name != name}
        self._jump = self._found = None
        self._put(c.Page(name))

    def ask_older(self, name: str) -> None:
        """Ask for the messages before those held, if there are any."""
        timeline = self.of(name)
        if timeline.has_older and (position := _first_position(timeline.rows)) is not None:
            self._put(c.Page(name, before=position))

    def ask_newer(self, name: str) -> None:
        """Ask for the messages after those held, if there are any."""
        timeline = self.of(name)
        if timeline.has_newer and (position := _first_position(timeline.rows[::-1])) is not None:
            self._put(c.Page(name, after=position))

    def ask_around(self, name: str, position: int) -> None:
        """Ask for the messages around a place in the history, and for that one to be shown."""
        self._jump = position
        self._put(c.Page(name, around=position))

    def take(self, page: e.Page) -> bool:
        """Take an answer; return False if nobody waits for it any more."""
        if page.question not in self._asked:
            return False
        self._asked.discard(page.question)
        timeline = self.of(page.question.name)
        for past in page.messages:
            timeline.add(of_past(past))
        if page.question.around is not None and page.question.around == self._jump:
            self._found, self._jump = self._jump, None
        return True

    def take_jump(self, name: str) -> int | None:
        """Return the index of the row to show, once after it has come; else None."""
        position, self._found = self._found, None
        if position is None:
            return None
        rows = self.of(name).rows
        later = (
            index
            for index, row in enumerate(rows)
            if isinstance(row, Row) and row.position is not None and row.position >= position
        )
        return next(later, None)

    def _put(self, question: c.Page) -> None:
        if question not in self._asked:
            self._asked.add(question)
            self._ask(question)


def _first_position(rows: list[Row | Notice]) -> int | None:
    return next(
        (row.position for row in rows if isinstance(row, Row) and row.position is not None), None
    )
