"""The list of conversations beside the messages: the rooms, and below them the people."""

import unicodedata
from collections.abc import Sequence

from securechat.client import events as e
from securechat.faces.screen.drawing.facts import Place
from securechat.faces.screen.drawing.spans import Line, Look, crop, filled, span, width_of

COUNT_MAX = 99

VERIFIED_MARKS = ("*", "✓")
"""What stands for the word where there is no room for it, without Unicode and with it."""

_MARK_COLUMNS = 2
_COUNT_COLUMNS = 4

_Item = Place | str
"""A conversation, or the heading of those below it."""


def side_lines(
    places: Sequence[Place], current: str | None, width: int, height: int, *, unicode: bool
) -> list[Line]:
    """Return ``height`` lines of ``width`` columns, with the edge between them and the messages.

    ``places`` come in the order in which they are listed, the rooms first. Of too many those
    around the ``current`` one are shown, and how many are above and below them.
    """
    edge = span("│" if unicode else "|", Look.FAINT)
    inner = max(width - 1, 0)
    lines = _listed(_items(places), current, inner, height, unicode=unicode)
    lines += [()] * (height - len(lines))
    return [(*filled(crop(line, inner), inner, Look.SIDE), edge) for line in lines]


def _items(places: Sequence[Place]) -> list[_Item]:
    rooms: list[_Item] = [place for place in places if place.is_room]
    people: list[_Item] = [place for place in places if not place.is_room]
    return [
        *(["ROOMS", *rooms] if rooms else ()),
        *(["PEOPLE", *people] if people else ()),
    ]


def _listed(
    items: list[_Item], current: str | None, width: int, height: int, *, unicode: bool
) -> list[Line]:
    start = _start(items, current, height)
    lines = [_line(item, current, width, unicode=unicode) for item in items[start : start + height]]
    if start:
        lines[0] = _hidden_line(items[: start + 1], "above")
    if start + height < len(items):
        lines[-1] = _hidden_line(items[start + height - 1 :], "below")
    return lines


def _start(items: list[_Item], current: str | None, height: int) -> int:
    """Return the first item that is shown, so that the current one is in the middle."""
    here = next((i for i, item in enumerate(items) if _is_current(item, current)), 0)
    return max(0, min(here - height // 2, len(items) - height))


def _is_current(item: _Item, current: str | None) -> bool:
    return isinstance(item, Place) and item.name == current


def _hidden_line(items: Sequence[_Item], where: str) -> Line:
    """Return what is said of conversations for which there is no room."""
    places = [item for item in items if isinstance(item, Place)]
    unread = sum(place.unread for place in places)
    words = f"  {len(places)} {where}"
    if unread:
        return (span(f"{words}, {_count(unread)} unread", Look.SIDE_UNREAD),)
    return (span(words, Look.FAINT),)


def _line(item: _Item, current: str | None, width: int, *, unicode: bool) -> Line:
    if isinstance(item, str):
        return (span(item, Look.FAINT),)
    here = _is_current(item, current)
    has_news = item.unread and (item.mention or not item.muted)
    look = Look.SIDE_CURRENT if here else Look.SIDE_UNREAD if has_news else Look.SIDE
    marks = _marks(here, item.online is True, unicode=unicode)
    room = max(width - _MARK_COLUMNS - _COUNT_COLUMNS, 0)
    name, word = _name_and_word(item, room, unicode=unicode)
    gap = " " * (room - width_of(name) - len(word))
    return (
        span(marks, look),
        *(span(part.text, look) for part in name),
        span(f"{gap}{word}", Look.CHANGED if item.trust == e.Trust.CHANGED.value else look),
        span(f"{_flags(item):>{_COUNT_COLUMNS}}", look),
    )


def _marks(here: bool, online: bool, *, unicode: bool) -> str:
    current, present = "▸•" if unicode else ">+"
    return (current if here else " ") + (present if online else " ")


def _flags(place: Place) -> str:
    """Return how many messages are unread, behind a sign when one of them names the reader."""
    return f"{'@' if place.mention else ''}{_count(place.unread)}"


def _count(unread: int) -> str:
    if not unread:
        return ""
    return f"{unread}" if unread <= COUNT_MAX else f"{COUNT_MAX}+"


def _name_and_word(place: Place, columns: int, *, unicode: bool) -> tuple[Line, str]:
    """Return a name, cut if it must be, and the word for it, which fit with a blank between them.

    Behind a name that is read from the right there is a word always: a terminal that reorders
    would put the number behind it, and what is beside it, before the name.
    """
    name = (span(place.name),)
    is_reordered = _reads_from_the_right(place.name)
    word = place.trust
    if place.is_room:
        word = "muted" if place.muted else ""
    if is_reordered and not word:
        word = "room" if place.is_room else "person"
    if width_of(name) + 1 + len(word) > columns and not is_reordered:
        if word == e.Trust.VERIFIED.value:
            word = VERIFIED_MARKS[unicode]
        elif place.is_room:
            word = ""
    return crop(name, max(columns - len(word) - bool(word), 0)), word


def _reads_from_the_right(name: str) -> bool:
    if name.isascii():
        return False
    return any(unicodedata.bidirectional(character) in ("R", "AL") for character in name)
