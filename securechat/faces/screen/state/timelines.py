"""The conversations that are held in memory, and the pages of their history that are asked for."""

from collections.abc import Callable, Iterator

import msgspec

from securechat.client import commands as c
from securechat.client import events as e
from securechat.client.names.typed_names import conversation_key
from securechat.faces.screen.drawing.rows import Row
from securechat.faces.screen.state.timeline import Timeline

KEPT_TIMELINES = 64
"""So many are held, that which is shown and the last that were used; the history has all."""


class Timelines:
    """Gives each conversation its timeline; ``ask`` asks the engine for a page.

    One page is under way for each question at most.
    """

    def __init__(self, ask: Callable[[c.Page], None]) -> None:
        self._ask = ask
        self._held: dict[str, Timeline] = {}
        self._asked: set[c.Page] = set()
        self._wanted: int | None = None
        self._shown = ""

    def of(self, name: str) -> Timeline:
        """Return the timeline of a conversation, an empty one if none is held."""
        key = conversation_key(name)
        timeline = self._held.pop(key, None) or Timeline()
        self._held[key] = timeline
        if len(self._held) > KEPT_TIMELINES:
            del self._held[next(other for other in self._held if other not in (key, self._shown))]
        return timeline

    def held(self, name: str) -> Timeline | None:
        """Return the timeline of a conversation, if one is held."""
        return self._held.get(conversation_key(name))

    def __iter__(self) -> Iterator[Timeline]:
        return iter(self._held.values())

    def __contains__(self, name: str) -> bool:
        return conversation_key(name) in self._held

    def rename(self, before: str, name: str) -> None:
        """Take note of another name for a person, in all conversations."""
        for timeline in self:
            timeline.rename(before, name)
        old, new = conversation_key(before), conversation_key(name)
        if old == new:
            return
        if (moved := self._held.pop(old, None)) is not None:
            if (other := self._held.get(new)) is None:
                self._held[new] = moved
            else:
                other.take_over(moved)
                self._put(c.Page(name))
        if self._shown == old:
            self._shown = new
        for question in [each for each in self._asked if conversation_key(each.name) == old]:
            self._asked.discard(question)
            self._put(msgspec.structs.replace(question, name=name))

    # Pages ----------------------------------------------------------------------------------------

    def ask_newest(self, name: str) -> None:
        """Ask for the newest messages of the conversation that is shown from now on.

        What was asked of it before counts no more: an answer may have become a problem, so none is
        waited for.
        """
        self._shown = conversation_key(name)
        self._asked = {question for question in self._asked if question.name != name}
        self._wanted = None
        self._put(c.Page(name))

    def ask_older(self, name: str) -> None:
        """Ask for the messages before those held, if there are any."""
        timeline = self.of(name)
        if timeline.has_older and timeline.oldest is not None:
            self._put(c.Page(name, before=timeline.oldest))

    def ask_newer(self, name: str) -> None:
        """Ask for the messages after those held, if there are any."""
        timeline = self.of(name)
        if timeline.has_newer and timeline.newest is not None:
            self._put(c.Page(name, after=timeline.newest))

    def ask_around(self, name: str, position: int) -> None:
        """Ask for the messages around a place in the history, which is to be shown then."""
        self._wanted = position
        self._put(c.Page(name, around=position))

    def take(self, page: e.Page) -> bool:
        """Take an answer; return False if nobody waits for it any more."""
        if page.question not in self._asked:
            return False
        self._asked.discard(page.question)
        self.of(page.question.name).take(page)
        return True

    def take_jump(self, name: str) -> int | None:
        """Return the index of the row to show, once after it has come; else None."""
        wanted = self._wanted
        if wanted is None or c.Page(name, around=wanted) in self._asked:
            return None
        self._wanted = None
        for index, row in enumerate(self.of(name).rows):
            if isinstance(row, Row) and row.position is not None and row.position >= wanted:
                return index
        return None

    def _put(self, question: c.Page) -> None:
        if question not in self._asked:
            self._asked.add(question)
            self._ask(question)
