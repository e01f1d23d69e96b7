"""What people type to find messages: words, and ``from:``, ``in:``, ``since:``, ``before:``."""

import re
from datetime import datetime

from msgspec import Struct, field

from securechat.client.names.typed_names import shorten
from securechat.errors import UsageError

OWN = "me"
"""Whom ``from:me`` means."""

EXAMPLE = "/search tea from:bob before:2026-12-31"

_PIECE = re.compile(r'(?:(from|in|since|before):)?(?:"([^"]*)"|(\S+))', re.IGNORECASE)


class SearchWords(Struct, frozen=True):
    """Messages with all the ``words``, ``within`` the conversation with a person, of a ``sender``.

    ``since`` and ``before`` are local times without a zone.
    """

    words: tuple[str, ...] = ()
    within: str | None = None
    sender: str | None = None
    since: datetime | None = None
    before: datetime | None = None


class _Pieces(Struct):
    words: list[str] = field(default_factory=list)
    filters: dict[str, str] = field(default_factory=dict)


def parse_search(typed: str) -> SearchWords:
    """Return what was searched for; UsageError when nothing was, or it cannot be read.

    Names are as they were typed. ``"two words"`` are looked for as they stand.
    """
    pieces = _split(typed)
    filters = pieces.filters
    if not (pieces.words or filters):
        raise UsageError("/search needs something to look for", EXAMPLE)
    return SearchWords(
        tuple(pieces.words),
        within=filters.get("in"),
        sender=filters.get("from"),
        since=_parse_time("since", filters),
        before=_parse_time("before", filters),
    )


def _split(typed: str) -> _Pieces:
    pieces = _Pieces()
    for match in _PIECE.finditer(typed.replace("\0", " ")):
        key, quoted, plain = match.groups()
        value = plain if quoted is None else quoted
        if key is not None:
            if key.lower() in pieces.filters:
                raise UsageError(f"There is more than one {key.lower()}: in it", EXAMPLE)
            pieces.filters[key.lower()] = value
        elif value:
            pieces.words.append(value)
    return pieces


def _parse_time(key: str, filters: dict[str, str]) -> datetime | None:
    value = filters.get(key)
    if value is None:
        return None
    try:
        time = datetime.fromisoformat(value)
        time.timestamp()
    except (ValueError, OverflowError, OSError) as error:
        shown = shorten(value)
        raise UsageError(
            f"{shown} is no date for {key}:", f"{key}:2026-12-31, or {key}:2026-12-31T18:00"
        ) from error
    return time
