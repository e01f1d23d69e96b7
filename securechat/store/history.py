"""What was written in conversations: kept in order, found by any part of a word.

Two tables of a client's database and a full-text index (FTS5, trigrams: a piece of three or more
characters is found wherever it stands, in any script, without regard to case and accents). Changes
are carried out in the transaction of the state that they belong to (securechat.store.state).
"""

from collections.abc import Iterator, Sequence
from enum import IntEnum
from typing import NamedTuple

from securechat.config import FOREVER_DAYS
from securechat.store.encrypted import Connection, read_rows

PAGE_ENTRIES = 500
"""How many entries `HistoryTable.all` holds in memory at a time."""

MAX_REQUESTS = 1000
EXPIRED_AT_ONCE = 20

_DAY_MS = 24 * 60 * 60 * 1000
_SHORTEST_INDEXED_CHARACTERS = 3
_COMBINING = range(0x300, 0x332)
"""The characters that the index leaves out, as accents of the one before."""


class Progress(IntEnum):
    """How far an own message has come; a later state follows from a higher number."""

    FAILED = 0
    QUEUED = 1
    SENT = 2
    ACCEPTED = 3
    DELIVERED = 4
    READ = 5


class Entry(NamedTuple):
    """One message of a conversation.

    ``conversation`` is the caller's key of it, and ``title`` what it was called when this came.
    ``sender`` is empty for an own message, and ``progress`` None for one of somebody else.
    ``user_key`` is that of the other side, empty before a message was sealed for anybody.
    ``time_ms`` is what its sender says, ``kept_ms`` when it was kept here. A ``request`` comes
    from a stranger: of these the newest `MAX_REQUESTS` are kept, since anybody can send some. The
    text of an ``action`` says what its sender does.
    """

    conversation: bytes
    title: str
    message_id: bytes
    sender: str
    user_key: bytes
    time_ms: int
    kept_ms: int
    text: str
    progress: Progress | None
    encrypted: bool
    trust: str
    missing: int
    late: bool
    request: bool = False
    action: bool = False
    sequence: int = 0

    @property
    def is_own(self) -> bool:
        """Whether the user wrote it."""
        return not self.sender


class Reached(NamedTuple):
    """An own message has come further, or has FAILED; SENT says for whom it was sealed, and how."""

    message_id: bytes
    progress: Progress
    user_key: bytes = b""
    encrypted: bool = True


class Retention(NamedTuple):
    """For how many days the messages of a conversation are kept from now on; 0: not at all."""

    conversation: bytes
    title: str
    days: int


class Expire(NamedTuple):
    """Some entries go that are older than their conversation allows; else than ``days``.

    It is for `EXPIRED_AT_ONCE` of them, so that nobody waits for long: repeat it while there are
    any (`HistoryTable.has_expired`).
    """

    now_ms: int
    days: int


HistoryChange = Entry | Reached | Retention | Expire


class Query(NamedTuple):
    """Entries with all the ``words``, of one conversation, of one sender ('' is the user's own).

    ``beginning`` is what the keys of several conversations have in common.
    No word has a NUL in it. ``since_ms`` and ``before_ms`` bound the time that senders say.
    """

    words: tuple[str, ...] = ()
    conversation: bytes | None = None
    beginning: bytes | None = None
    sender: str | None = None
    since_ms: int | None = None
    before_ms: int | None = None


_SELECT = """
    SELECT c.key, c.title, h.message_id, h.sender, h.user_key, h.time_ms, h.kept_ms, h.text,
           h.progress, h.encrypted, h.trust, h.missing, h.late, h.request, h.action, h.sequence
    FROM history h JOIN conversations c ON c.number = h.conversation
"""


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

    def last(self, count: int, conversation: bytes | None = None) -> list[Entry]:
        """Return the newest entries, of one conversation or of all, the oldest first."""
        return self.search(Query(conversation=conversation), count)

    def search(self, query: Query, count: int) -> list[Entry]:
        """Return the newest entries that a query fits, the oldest first."""
        conditions, values = _conditions(query)
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        found = self._read(f"{_SELECT} {where} ORDER BY h.sequence DESC LIMIT ?", (*values, count))
        return found[::-1]

    def all(self, conversation: bytes) -> Iterator[Entry]:
        """Give every entry of a conversation in order, `PAGE_ENTRIES` of them at a time."""
        last = 0
        while page := self._read(
            f"{_SELECT} WHERE c.key = ? AND h.sequence > ? ORDER BY h.sequence LIMIT ?",
            (conversation, last, PAGE_ENTRIES),
        ):
            yield from page
            last = page[-1].sequence

    def find(self, conversation: bytes, message_id: bytes) -> Entry | None:
        """Return a message of a conversation, whoever wrote it; None if several have that id.

        Ids are drawn at random: then somebody in a room has used another's for a text of their own.
        """
        found = self._read(
            f"{_SELECT} WHERE c.key = ? AND h.message_id = ?", (conversation, message_id)
        )
        return found[0] if len(found) == 1 else None

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
        self._database.execute(
            "INSERT INTO history (conversation, message_id, sender, user_key, time_ms, kept_ms,"
            " text, progress, encrypted, trust, missing, late, request, action)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (number, *entry[2:15]),
        )
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


def _conditions(query: Query) -> tuple[list[str], list[object]]:
    """Return what a query comes to in SQL, and the values for it."""
    filters: list[tuple[str, object]] = [
        ("c.key = ?", query.conversation),
        ("instr(c.key, ?) = 1", query.beginning),
        ("h.sender = ? COLLATE NOCASE", query.sender),
        ("h.time_ms >= ?", query.since_ms),
        ("h.time_ms < ?", query.before_ms),
    ]
    given = [(condition, [value]) for condition, value in filters if value is not None]
    conditions = [*given, *map(_word_condition, query.words)]
    return [condition for condition, _ in conditions], [
        value for _, values in conditions for value in values
    ]


def _word_condition(word: str) -> tuple[str, list[object]]:
    """Return how to look for a word: by the index, unless it or a text is not in there whole."""
    length = sum(ord(character) not in _COMBINING for character in word)
    if length < _SHORTEST_INDEXED_CHARACTERS:
        return "instr(casefold(h.text), ?)", [word.casefold()]
    quoted = word.replace('"', '""')
    return (
        "(h.sequence IN (SELECT rowid FROM history_text(?))"
        " OR (length(h.text) > 1000 AND instr(casefold(h.text), ?)))",
        [f'"{quoted}"', word.casefold()],
    )
