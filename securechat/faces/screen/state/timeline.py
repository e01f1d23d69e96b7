"""The rows of one conversation that are held, which are a part of its history."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from securechat.client import commands as c
from securechat.client import events as e
from securechat.client.names.typed_names import conversation_key
from securechat.faces.screen.drawing.rows import Notice, Row, of_past

KEPT_ROWS = 1000

_Held = list[Row | Notice]


class Grown(NamedTuple):
    """How many rows a timeline has more than before at its ends; fewer if it is negative.

    Rows that were simply put behind the others, as they came, do not count.
    """

    before: int = 0
    after: int = 0


class Timeline:
    """At most `KEPT_ROWS` ``rows``, the oldest first; no message is in it twice.

    A message is known by its sender and its id: two senders may use the same id. ``has_older`` and
    ``has_newer`` say whether the history has others beyond the ends, ``new_from`` is the id of the
    first one that is new to the reader.
    """

    def __init__(self) -> None:
        self.rows: _Held = []
        self.has_older = False
        self.has_newer = False
        self.new_from: str | None = None
        self._keys: set[tuple[str, str]] = set()
        self._grown = Grown()

    def add(self, row: Row) -> bool:
        """Put a message behind the others; return False when it is there already.

        While newer ones are not held it is left out: it will come with their page.
        """
        if self.has_newer or _key(row) in self._keys:
            return False
        self._keys.add(_key(row))
        self._append(row)
        return True

    def note(self, notice: Notice) -> None:
        """Put a notice behind what is there.

        That somebody has come or gone takes the place of the same of them, if only such stand
        behind that: on a line that comes and goes, so do people.
        """
        for index in range(len(self.rows) - 1, -1, -1) if notice.who else ():
            row = self.rows[index]
            if not isinstance(row, Notice) or not row.who:
                break
            if row.who == notice.who:
                self.rows[index] = notice
                return
        self._append(notice)

    def replace(self, before: Notice, notice: Notice) -> bool:
        """Put another notice in the place of one; return False if that is not there any more."""
        for index in range(len(self.rows) - 1, -1, -1):
            if self.rows[index] is before:
                self.rows[index] = notice
                return True
        return False

    def take(self, page: e.Page) -> None:
        """Take a part of the history, where it belongs; one that does not join is left out.

        What is held of a message is as new as its page, or newer: of that only the place counts.
        """
        rows = _distinct(map(of_past, page.messages))
        if not self._joins(page.question, rows):
            return
        self.name_own(next((row.sender for row in rows if row.own), ""))
        self._put_in(rows, page.question)
        if page.question.after is None and (not rows or rows[0].position == self.oldest):
            self.has_older = page.older
        if page.question.before is None and (not rows or _key(rows[-1]) == _last_key(self.rows)):
            self.has_newer = page.newer
        self._let_go(from_end=page.question.before is not None)

    def take_grown(self) -> Grown:
        """Return by how much the ends have moved since this was asked last."""
        grown, self._grown = self._grown, Grown()
        return grown

    @property
    def oldest(self) -> int | None:
        """The position in the history of the first row that has one."""
        return _first_position(self.rows)

    @property
    def newest(self) -> int | None:
        """The position in the history of the last row that has one."""
        return _first_position(reversed(self.rows))

    def advance(self, message_id: str, state: e.DeliveryState) -> None:
        """Take note of how far an own message has come."""
        self._change(
            lambda row: row.own and row.message_id == message_id,
            lambda row: replace(row, state=row.state.then(state) if row.state else state),
        )

    def amend(self, sender: str, message_id: str, text: str) -> None:
        """Take the new text of a message of this sender; with an empty one it is deleted.

        What answers it quotes that from now on.
        """
        quote = e.Quote(message_id, sender, text) if text else e.Quote(message_id)
        for index, row in enumerate(self.rows):
            if isinstance(row, Row) and row.reply and row.reply[:2] == (message_id, sender):
                self.rows[index] = replace(row, reply=quote)
        if (sender, message_id) in self._keys:
            self._change(
                lambda row: _key(row) == (sender, message_id),
                lambda row: replace(row, text=text, edited=True),
            )

    def name_own(self, name: str) -> None:
        """Take the user's name, unless it is "" yet: before the log-in they wrote without it."""
        if name and any(isinstance(row, Row) and not row.sender for row in self.rows):
            named = [
                replace(row, sender=name) if isinstance(row, Row) and not row.sender else row
                for row in self.rows
            ]
            self._set(named, Grown())

    def rename(self, before: str, name: str) -> None:
        """Take another name of somebody who writes here, is quoted, or has reacted."""
        renamed = [_renamed(row, conversation_key(before), name) for row in self.rows]
        if renamed != self.rows:
            self._set(renamed, Grown())

    def take_over(self, other: "Timeline") -> None:
        """Put what only another timeline of this conversation has behind the rows."""
        for row in other.rows:
            if isinstance(row, Notice):
                self.note(row)
            elif row.position is None:
                self.add(row)

    def react(self, message_id: str, who: str, symbol: str) -> None:
        """Take somebody's only reaction to a message; an empty one takes it back."""

        def changed(row: Row) -> Row:
            others = tuple(reaction for reaction in row.reactions if reaction[0] != who)
            return replace(row, reactions=(*others, (who, symbol)) if symbol else others)

        self._change(lambda row: row.message_id == message_id, changed)

    def mark_new(self, message_id: str) -> None:
        """Take note of a message that is new to the reader; the first of them is marked."""
        if self.new_from is None:
            self.new_from = message_id

    @property
    def new_count(self) -> int:
        """How many messages of others are held from the marked one on, without deleted ones."""
        start = self.index_of(self.new_from) if self.new_from is not None else None
        if start is None:
            return 0
        rows = (row for row in self.rows[start:] if isinstance(row, Row))
        return sum(not row.own and not row.deleted for row in rows)

    def index_of(self, message_id: str) -> int | None:
        """Return where a message is among the rows, or None; of two, the later one."""
        return self._find(lambda row: row.message_id == message_id)

    # Joining --------------------------------------------------------------------------------------

    def _joins(self, question: c.Page, rows: list[Row]) -> bool:
        """Tell whether a page is still one for what is held; one around nothing is for nobody."""
        if question.around is not None:
            return bool(rows)
        return question.before in (None, self.oldest) and question.after in (None, self.newest)

    def _put_in(self, rows: list[Row], question: c.Page) -> None:
        if any(_key(row) in self._keys for row in rows):
            self._merge(rows, behind=question.after is not None)
        elif question.before is not None:
            self._set([*rows, *self.rows], Grown(before=len(rows)))
        elif question.after is not None:
            self._set([*self.rows, *rows], Grown(after=len(rows)))
        elif question.around is not None:
            self._turn_to(rows)
        else:
            self._turn_to([*rows, *filter(self._has_no_place, self.rows)])

    def _merge(self, page: list[Row], *, behind: bool) -> None:
        """Put in those rows of a page that are missing; what both have in common tells where."""
        held = {_key(row): row for row in self.rows if isinstance(row, Row)}
        first = next(number for number, row in enumerate(page) if _key(row) in held)
        placed = [_placed(held.get(_key(row)), row) for row in page]
        rows = list(_in_order(placed, self.rows))
        others = len(rows) - len(self.rows) - first
        self._set(rows, Grown(first, others if behind else 0))

    def _turn_to(self, rows: Sequence[Row | Notice]) -> None:
        """Hold these rows instead: they are of another place in the history."""
        self._set(rows, Grown())
        self._grown = Grown()

    def _has_no_place(self, row: Row | Notice) -> bool:
        """Tell what stays behind the newest page: notices, and messages that it cannot have."""
        return isinstance(row, Notice) or (row.position is None and not self.has_newer)

    def _set(self, rows: Sequence[Row | Notice], grown: Grown) -> None:
        self.rows[:] = rows
        self._keys = {_key(row) for row in rows if isinstance(row, Row)}
        self._grow(grown)

    def _append(self, row: Row | Notice) -> None:
        self.rows.append(row)
        self._let_go(from_end=False)

    def _let_go(self, *, from_end: bool) -> None:
        """Forget the rows at an end that are too many."""
        excess = len(self.rows) - KEPT_ROWS
        if excess <= 0:
            return
        gone = slice(KEPT_ROWS, None) if from_end else slice(excess)
        self._keys -= {_key(row) for row in self.rows[gone] if isinstance(row, Row)}
        del self.rows[gone]
        if from_end:
            self.has_newer = True
            self._grow(Grown(after=-excess))
        else:
            self.has_older = True
            self._grow(Grown(before=-excess))

    def _grow(self, grown: Grown) -> None:
        before, after = self._grown
        self._grown = Grown(before + grown.before, after + grown.after)

    def _find(self, is_it: Callable[[Row], bool]) -> int | None:
        for index in range(len(self.rows) - 1, -1, -1):
            row = self.rows[index]
            if isinstance(row, Row) and is_it(row):
                return index
        return None

    def _change(self, is_it: Callable[[Row], bool], change: Callable[[Row], Row]) -> None:
        index = self._find(is_it)
        if index is None:
            return
        row = self.rows[index]
        if isinstance(row, Row):
            self.rows[index] = change(row)


def _key(row: Row) -> tuple[str, str]:
    return row.sender, row.message_id


def _renamed(row: Row | Notice, before: str, name: str) -> Row | Notice:
    if isinstance(row, Notice):
        return row

    def now_called(who: str) -> str:
        return name if conversation_key(who) == before else who

    reply = row.reply
    if reply is not None and reply.sender is not None:
        reply = reply._replace(sender=now_called(reply.sender))
    return replace(
        row,
        sender=row.sender if row.own else now_called(row.sender),
        reply=reply,
        reactions=tuple((now_called(who), symbol) for who, symbol in row.reactions),
    )


def _distinct(rows: Iterable[Row]) -> list[Row]:
    return list({_key(row): row for row in rows}.values())


def _first_position(rows: Iterable[Row | Notice]) -> int | None:
    for row in rows:
        if isinstance(row, Row) and row.position is not None:
            return row.position
    return None


def _last_key(rows: _Held) -> tuple[str, str] | None:
    return next((_key(row) for row in reversed(rows) if isinstance(row, Row)), None)


def _placed(held: Row | None, row: Row) -> Row:
    """Return what is held of a message, with its place in the history; else the row itself."""
    if held is None:
        return row
    return replace(held, position=row.position, reply=row.reply or held.reply)


def _in_order(page: list[Row], held: _Held) -> Iterator[Row | Notice]:
    """Give all rows, each once: those of a page in its order, the others where they stood.

    What the page lacks behind the last row in common came after it was made.
    """
    numbers = {_key(row): number for number, row in enumerate(page)}
    keys = [_key(row) if isinstance(row, Row) else None for row in held]
    common = [numbers[key] for key in keys if key in numbers]
    taken, last = min(common), max(common)
    yield from page[:taken]
    for row, key in zip(held, keys, strict=True):
        number = numbers.get(key) if key is not None else None
        if number is None:
            yield row
        elif number >= taken:
            end = len(page) if number == last else number + 1
            yield from page[taken:end]
            taken = end
