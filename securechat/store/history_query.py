"""What is looked for in the history, and what that comes to in SQL."""

from typing import NamedTuple

_SHORTEST_INDEXED_CHARACTERS = 3
_COMBINING = range(0x300, 0x332)
"""The characters that the index leaves out, as accents of the one before."""


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


def conditions_of(query: Query) -> tuple[list[str], list[object]]:
    """Return what a query comes to in SQL (``h`` history, ``c`` conversations), and its values."""
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
    """Return how to look for a word: by the index, unless it or a text is not in there (whole)."""
    length = sum(ord(character) not in _COMBINING for character in word)
    if length < _SHORTEST_INDEXED_CHARACTERS:
        return "instr(casefold(h.text), ?)", [word.casefold()]
    quoted = word.replace('"', '""')
    return (
        "h.sequence IN (SELECT rowid FROM history_text(?)"
        " WHERE rowid NOT IN (SELECT sequence FROM unindexed)"
        " UNION ALL SELECT sequence FROM history"
        " WHERE length(text) > 1000 AND instr(casefold(text), ?)"
        " UNION ALL SELECT unindexed.sequence FROM unindexed CROSS JOIN history USING (sequence)"
        " WHERE instr(casefold(text), ?))",
        [f'"{quoted}"', word.casefold(), word.casefold()],
    )
