"""What was written in conversations: kept in order, found by any part of a word.

Two tables of a client's database and a full-text index (FTS5, trigrams: a piece of three or more
characters is found wherever it stands, in any script, without regard to case and accents). Changes
are carried out in the transaction of the state that they belong to (securechat.store.state).
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence, Sized
from typing import NamedTuple

from securechat.config import FOREVER_DAYS
from securechat.store.encrypted import Connection, read_rows
from securechat.store.history_changes import Amend as Amend
from securechat.store.history_changes import Entry as Entry
from securechat.store.history_changes import Expire as Expire
from securechat.store.history_changes import HistoryChange as HistoryChange
from securechat.store.history_changes import Progress as Progress
from securechat.store.history_changes import Reached as Reached
from securechat.store.history_changes import React as React
from securechat.store.history_changes import Reindex as Reindex
from securechat.store.history_changes import Retention as Retention
from securechat.store.history_query import Query as Query
from securechat.store.history_query import conditions_of

PAGE_ENTRIES = 500
"""How many entries `HistoryTable.pages` holds in memory at a time."""

MAX_REQUESTS = 1000
MAX_REACTIONS = 100
EXPIRED_AT_ONCE = 20
REINDEXED_AT_ONCE = 100

_DAY_MS = 24 * 60 * 60 * 1000


class Reaction(NamedTuple):
    """A reaction to the entry of that ``sequence``; who reacts is told as in `React`."""

    sequence: int
    user_key: bytes
    sender: str
    symbol: str


class Slice(NamedTuple):
    """Entries that follow each other, and whether there are others before them, or after."""

    entries: list[Entry]
    older: bool
    newer: bool


_SELECT = """
    SELECT c.key, c.title, h.message_id, h.sender, h.user_key, h.time_ms, h.kept_ms, h.text,
           h.progress, h.encrypted, h.trust, h.missing, h.late, h.request, h.action, h.edited_ms,
           h.reply_to, h.sequence
    FROM history h JOIN conversations c ON c.number = h.conversation
"""
"""A plus before ``c.key`` lets the index of ids be used, and not that of conversations."""

_INSERT = """
    INSERT INTO history (conversation, message_id, sender, user_key, time_ms, kept_ms, text,
                         progress, encrypted, trust, missing, late, request, action, edited_ms,
                         reply_to)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

_SELECT_REACTIONS = "SELECT message, user_key, sender, symbol FROM reactions"

_SELECT_UNINDEXED = """
    SELECT u.sequence, u.indexed, substr(h.text, 1, 1000)
    FROM unindexed u CROSS JOIN history h USING (sequence) ORDER BY u.turn, u.sequence LIMIT ?
"""

_LAST = 2**63 - 2
"""No sequence number is higher."""


class HistoryTable:
    """The conversations in one database; for the thread that has it. Raises DatabaseError."""

    def __init__(self, database: Connection) -> None:
        self._database = database
        database.create_function("casefold", 1, str.casefold, deterministic=True)

    def apply(self, change: HistoryChange) -> None:
        """Carry out a change, within the caller's transaction."""
        match change:
            case Entry():
                self._add(change)
            case Reached():
                self._note_reached(change)
            case Retention():
                self._number(change.conversation, change.title)
                self._database.execute(
                    "UPDATE conversations SET days = ? WHERE key = ?",
                    (change.days, change.conversation),
                )
            case Expire():
                self._expire(change)
            case Amend():
                self._amend(change)
            case React():
                self._react(change)
            case Reindex():
                self._reindex(change.characters)

    def last(self, count: int, conversation: bytes | None = None) -> list[Entry]:
        """Return the newest entries, of one conversation or of all, the oldest first."""
        return self.search(Query(conversation=conversation), count)

    def search(self, query: Query, count: int) -> list[Entry]:
        """Return the newest entries that a query fits, the oldest first."""
        conditions, values = conditions_of(query)
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        found = self._read(f"{_SELECT} {where} ORDER BY h.sequence DESC LIMIT ?", (*values, count))
        return found[::-1]

    def pages(self, conversation: bytes, end: int = _LAST) -> Iterator[list[Entry]]:
        """Give every entry of a conversation up to a place, `PAGE_ENTRIES` at a time."""
        last = 0
        while page := self._read(
            f"{_SELECT} WHERE c.key = ? AND h.sequence > ? AND h.sequence <= ?"
            " ORDER BY h.sequence LIMIT ?",
            (conversation, last, end, PAGE_ENTRIES),
        ):
            yield page
            last = page[-1].sequence

    def find(self, conversation: bytes, message_id: bytes) -> Entry | None:
        """Return a message of a conversation, whoever wrote it; None if several have that id.

        Ids are drawn at random: then somebody in a room has used another's for a text of their own.
        """
        found = self.of_id(conversation, message_id)
        return found[0] if len(found) == 1 else None

    def of_id(self, conversation: bytes, message_id: bytes) -> list[Entry]:
        """Return the messages of a conversation that have an id, of whomever."""
        query = f"{_SELECT} WHERE +c.key = ? AND h.message_id = ?"
        return self._read(query, (conversation, message_id))

    def page(
        self,
        conversation: bytes,
        count: int,
        *,
        before: int | None = None,
        after: int | None = None,
    ) -> Slice:
        """Return entries of a conversation next to a sequence number, or the newest."""
        number = self._find_number(conversation)
        if after is not None:
            found = self._span(number, "h.sequence > ? ORDER BY h.sequence", after, count)
            older = bool(self._span(number, "h.sequence <= ?", after, 0))
            return Slice(found[:count], older, newer=len(found) > count)
        end = _LAST + 1 if before is None else before
        found = self._span(number, "h.sequence < ? ORDER BY h.sequence DESC", end, count)
        newer = before is not None and bool(self._span(number, "h.sequence >= ?", before, 0))
        return Slice(found[:count][::-1], older=len(found) > count, newer=newer)

    def find_all(self, conversation: bytes, message_ids: Collection[bytes]) -> dict[bytes, Entry]:
        """Return by their ids messages of a conversation, as `find` does."""
        ids = tuple(set(message_ids))
        entries = self._read(
            f"{_SELECT} WHERE +c.key = ? AND h.message_id IN ({_places(ids)})", (conversation, *ids)
        )
        times_found = Counter(entry.message_id for entry in entries)
        return {each.message_id: each for each in entries if times_found[each.message_id] == 1}

    def reactions(self, sequences: Sequence[int]) -> list[Reaction]:
        """Return the reactions to entries."""
        query = f"{_SELECT_REACTIONS} WHERE message IN ({_places(sequences)})"
        return list(map(Reaction._make, read_rows(self._database, query, tuple(sequences))))

    def own(self, message_id: bytes) -> Entry | None:
        """Return an own message."""
        found = self._read(f"{_SELECT} WHERE h.message_id = ? AND h.sender = ''", (message_id,))
        return found[0] if found else None

    def retention(self, conversation: bytes) -> int | None:
        """Return for how many days a conversation is kept, if that was decided for it."""
        rows = read_rows(
            self._database, "SELECT days FROM conversations WHERE key = ?", (conversation,)
        )
        return rows[0][0] if rows else None

    def has_expired(self, expire: Expire) -> bool:
        """Tell whether there is anything for this change to remove."""
        query = "SELECT 1 FROM history WHERE conversation = ? AND kept_ms <= ? LIMIT 1"
        return any(read_rows(self._database, query, limited) for limited in self._limited(expire))

    def has_unindexed(self) -> bool:
        """Tell whether `Reindex` has anything to do."""
        return bool(read_rows(self._database, "SELECT 1 FROM unindexed LIMIT 1"))

    def conversations(self) -> list[tuple[bytes, str]]:
        """Return key and title of each conversation, in the order in which they began."""
        return read_rows(self._database, "SELECT key, title FROM conversations ORDER BY number")

    def _read(self, query: str, values: Sequence[object]) -> list[Entry]:
        rows = read_rows(self._database, query, values)
        entries = map(Entry._make, rows)
        return [
            entry._replace(
                progress=None if entry.progress is None else Progress(entry.progress),
                encrypted=bool(entry.encrypted),
                late=bool(entry.late),
                request=bool(entry.request),
                action=bool(entry.action),
            )
            for entry in entries
        ]

    def _find_number(self, conversation: bytes) -> int:
        """Return what the table of messages has for a conversation; 0 for one of which it has none.

        With it an index gives a page at once, however many messages there are.
        """
        query = "SELECT number FROM conversations WHERE key = ?"
        rows = read_rows(self._database, query, (conversation,))
        return int(rows[0][0]) if rows else 0

    def _span(self, number: int, bound: str, at: int, count: int) -> list[Entry]:
        """Return ``count`` entries, and one more if there is one."""
        query = f"{_SELECT} WHERE h.conversation = ? AND {bound} LIMIT ?"
        return self._read(query, (number, at, count + 1))

    def _number(self, conversation: bytes, title: str) -> int:
        query = "SELECT number FROM conversations WHERE key = ? AND title = ?"
        if not (rows := read_rows(self._database, query, (conversation, title))):
            self._database.execute(
                "INSERT INTO conversations (key, title) VALUES (?, ?)"
                " ON CONFLICT (key) DO UPDATE SET title = excluded.title",
                (conversation, title),
            )
            rows = read_rows(self._database, query, (conversation, title))
        return int(rows[0][0])

    def _add(self, entry: Entry) -> None:
        number = self._number(entry.conversation, entry.title)
        self._database.execute(_INSERT, (number, *entry[2:-1]))
        if entry.request:
            self._database.execute(
                "DELETE FROM history WHERE request AND sequence <= (SELECT sequence FROM history"
                " WHERE request ORDER BY sequence DESC LIMIT 1 OFFSET ?)",
                (MAX_REQUESTS,),
            )

    def _note_reached(self, change: Reached) -> None:
        failed = change.progress is Progress.FAILED
        further = Progress.ACCEPTED if failed else change.progress
        self._database.execute(
            "UPDATE history SET progress = ?, encrypted = encrypted AND ?,"
            " user_key = CASE WHEN ? = x'' THEN user_key ELSE ? END"
            " WHERE message_id = ? AND sender = '' AND progress < ?",
            (
                change.progress,
                change.encrypted,
                change.user_key,
                change.user_key,
                change.message_id,
                further,
            ),
        )

    def _amend(self, change: Amend) -> None:
        """Nothing brings back what is deleted, and nothing of it stays."""
        found = self.of_id(change.conversation, change.message_id)
        entry = next((each for each in found if each.writer_key == change.user_key), None)
        if entry is None or entry.is_deleted:
            return
        self._database.execute(
            "UPDATE history SET text = ?, edited_ms = ? WHERE sequence = ?",
            (change.text, change.edited_ms, entry.sequence),
        )
        if not change.text:
            self._database.execute("DELETE FROM reactions WHERE message = ?", (entry.sequence,))

    def _react(self, change: React) -> None:
        entry = self.find(change.conversation, change.message_id)
        if entry is None or entry.is_deleted:
            return
        self._database.execute(
            "DELETE FROM reactions WHERE message = ? AND user_key = ?",
            (entry.sequence, change.user_key),
        )
        if change.symbol:
            self._database.execute(
                "INSERT INTO reactions SELECT ?, ?, ?, ?"
                " WHERE (SELECT count(*) FROM reactions WHERE message = ?) < ?",
                (entry.sequence, *change[2:], entry.sequence, MAX_REACTIONS),
            )

    def _reindex(self, characters: int) -> None:
        rows = read_rows(self._database, _SELECT_UNINDEXED, (REINDEXED_AT_ONCE,))
        for sequence, indexed, text in rows:
            self._database.execute(
                "INSERT INTO history_text (history_text, rowid, text) VALUES ('delete', ?, ?)",
                (sequence, indexed),
            )
            self._database.execute(
                "INSERT INTO history_text (rowid, text) VALUES (?, ?)", (sequence, text)
            )
            self._database.execute("DELETE FROM unindexed WHERE sequence = ?", (sequence,))
            characters -= len(indexed) + len(text)
            if characters <= 0:
                break

    def _expire(self, change: Expire) -> None:
        left = EXPIRED_AT_ONCE
        for number, until_ms in self._limited(change):
            left -= self._database.execute(
                "DELETE FROM history WHERE sequence IN (SELECT sequence FROM history"
                " WHERE conversation = ? AND kept_ms <= ? LIMIT ?)",
                (number, until_ms, left),
            ).rowcount

    def _limited(self, expire: Expire) -> list[tuple[int, int]]:
        """Return the numbers of conversations that are not kept for ever, and until when."""
        limited = read_rows(
            self._database,
            "SELECT number, days FROM (SELECT number, coalesce(days, ?) AS days FROM conversations)"
            " WHERE days < ?",
            (expire.days, FOREVER_DAYS),
        )
        return [(number, expire.now_ms - days * _DAY_MS) for number, days in limited]


def _places(values: Sized) -> str:
    return ", ".join("?" * len(values))
