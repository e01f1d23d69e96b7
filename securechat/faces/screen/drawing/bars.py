"""The lines above and below the messages: of which conversation they are, and how the chat is.

Both are cut at the right, so what matters most stands left; what others have typed stands last.
"""

from collections.abc import Iterator, Sequence

from securechat.client import events as e
from securechat.faces.screen.drawing.facts import Heading, Status
from securechat.faces.screen.drawing.side import VERIFIED_MARKS
from securechat.faces.screen.drawing.spans import Line, Look, Span, crop, filled, span, width_of

TOLERATED_CLOCK_S = 300
"""A clock that is off by less is not worth a word."""

WHOLE, WITHOUT_WHY, FEW_WORDS, LEAST = range(4)
"""How much is said, by how much room there is."""

NAMED_MAX = 2
"""People of a room who are named in its title; one more than these is named, too."""

_LEAST_GAP_COLUMNS = 2
_LEAST_NAME_COLUMNS = 8
_NOBODY = "securechat"
_PLAIN = "TLS only"


def title_line(heading: Heading, width: int, *, unicode: bool) -> Line:
    """Return what stands above the messages: where one is, how safe it is there, and the topic."""
    if heading.name is None:
        return crop((span(_NOBODY, Look.TITLE),), width)
    safety = [_encryption(heading)]
    if not heading.is_room and heading.trust:
        safety.append(_trust(heading.trust))
    behind = width_of(_joined((span(""), *safety), Look.FAINT, unicode=unicode))
    room = max(width - behind - 1, _LEAST_NAME_COLUMNS)
    name = crop((span(heading.name, Look.TITLE),), room)
    parts = [*name, *safety]
    parts += [span(remark, Look.STATE) for remark in heading.remarks]
    if heading.is_room and heading.people:
        parts += _members(heading.people)
    if heading.topic:
        parts.append(span(heading.topic, Look.QUOTE))
    return crop(_joined(parts, Look.FAINT, unicode=unicode), width)


def _encryption(heading: Heading) -> Span:
    if heading.encrypted:
        return span("E2E", Look.STATE)
    return span(f"{_PLAIN}: the relay can read this", Look.ALERT)


def _trust(word: str) -> Span:
    return span(word, Look.CHANGED if word == e.Trust.CHANGED.value else Look.TRUST)


def _members(people: Sequence[tuple[str, str]]) -> Iterator[Span]:
    """Give how many others are verified, who is CHANGED, and who is there."""
    words = [trust for _, trust in people if trust]
    changed = words.count(e.Trust.CHANGED.value)
    if words:
        verified = words.count(e.Trust.VERIFIED.value)
        yield span(f"{verified} of {len(words)} verified", Look.TRUST)
    if changed:
        yield span(f"{changed} CHANGED", Look.CHANGED)
    yield span(_enumerate([name for name, _ in people]), Look.STATE)


def status_line(
    status: Status,
    width: int,
    *,
    unicode: bool,
    newer_below: int = 0,
    more_below: bool = False,
    hint: str = "",
    untitled: Heading | None = None,
) -> Line:
    """Return what stands at the bottom: the worst news first, then what waits for the reader.

    ``newer_below`` messages are below the window, and with ``more_below`` others that are not held.
    Where there is little room all is said in few words; what does not fit then is left out from the
    end, and the first part is cut. The ``hint`` stands at the right, if there is room. Where there
    is no title, how safe the ``untitled`` conversation is stands before all.
    """
    below = f"{newer_below:,}" if newer_below else ""
    if more_below:
        below = f"{newer_below:,}+"

    def joined(parts: Sequence[Span]) -> Line:
        return _joined(parts, Look.STATUS, unicode=unicode)

    for length in (WHOLE, WITHOUT_WHY, FEW_WORDS, LEAST):
        safety = [] if untitled is None else list(_safety(untitled, length, unicode=unicode))
        parts = [*safety, *_parts(status, below, length)]
        if width_of(joined(parts)) <= width:
            break
    while len(parts) > len(safety) + 1 and width_of(joined(parts)) > width:
        parts.pop()
    line = crop(joined(parts), width)
    right = (span(hint, Look.STATUS),) if hint else ()
    if width_of(line) + _LEAST_GAP_COLUMNS + width_of(right) > width:
        right = ()
    return (*filled(line, width - width_of(right), Look.STATUS), *right)


def _safety(heading: Heading, length: int, *, unicode: bool) -> Iterator[Span]:
    """Give how safe a conversation is, in one piece; nothing while there is none."""
    if heading.name is None:
        return
    if not heading.encrypted:
        yield span(_PLAIN, Look.ALERT)
        return
    word = heading.trust
    if heading.is_room:
        words = [trust for _, trust in heading.people if trust]
        word = f"{words.count(e.Trust.VERIFIED.value)}/{len(words)} verified" if words else ""
        if e.Trust.CHANGED.value in words:
            word = e.Trust.CHANGED.value
    if length == LEAST:
        word = word.replace(e.Trust.VERIFIED.value, VERIFIED_MARKS[unicode])
    look = Look.ALERT if word == e.Trust.CHANGED.value else Look.STATUS
    yield span(f"E2E {word}".strip(), look)


def _parts(status: Status, below: str, length: int) -> Iterator[Span]:
    brief = length > WHOLE
    yield from _news(status, length)
    if status.asks:
        how = "" if brief else f": /verify {status.asks} emoji"
        yield span(f"{status.asks} wants to compare{how}", Look.ALERT)
    if below:
        yield span(f"{below} {'below' if brief else 'newer below'}", Look.STATUS)
    if status.unread:
        yield span(_unread(status, brief=brief), Look.STATUS)
    if status.queued and not (status.offline or status.ended or status.no_room):
        yield span(f"{status.queued:,} waiting{'' if brief else ' to be sent'}", Look.STATUS)


def _news(status: Status, length: int) -> Iterator[Span]:
    """Give the state of the connection, and what is wrong, if anything is."""
    brief = length > WHOLE
    if status.ended:
        yield span(f"{'ended' if brief else 'The chat has ended'}: {status.ended}", Look.ALERT)
    elif status.no_room:
        kept = f"{status.queued:,} waiting" if status.queued else "what you write waits"
        full = "disk full" if length > WITHOUT_WHY else "the disk is full (df -h)"
        yield span(f"{full}; {kept}", Look.ALERT)
    elif status.offline:
        yield span(_offline(status, length), Look.ALERT)
    else:
        if status.trouble:
            yield span(status.trouble, Look.ALERT)
        if abs(status.clock_off_s) > TOLERATED_CLOCK_S:
            yield span(_clock_words(status.clock_off_s, brief=brief), Look.ALERT)
        yield span(_who_is_where(status, brief=brief), Look.STATUS)


def _offline(status: Status, length: int) -> str:
    if length == LEAST:
        return "offline"
    waiting = f"{status.queued:,} waiting" if status.queued else ""
    if length == FEW_WORDS:
        return f"offline; {waiting or 'texts are kept'}"
    again = f", again in {status.retry_in_s:.0f} s" if status.retry_in_s >= 1 else ""
    why = "" if length > WHOLE else f" ({status.offline})"
    return f"no connection{again}; {waiting or 'what you write is kept'}{why}"


def _who_is_where(status: Status, *, brief: bool) -> str:
    if not status.relay:
        return "connecting"
    return status.own_name if brief else f"{status.own_name} on {status.relay}"


def _clock_words(off_s: int, *, brief: bool) -> str:
    minutes = round(abs(off_s) / 60)
    off = f"{minutes} min" if minutes < 120 else f"{round(minutes / 60)} h"
    if minutes > 72 * 60:
        off = f"{round(minutes / 60 / 24):,} days"
    if brief:
        return f"clock {off} {'ahead' if off_s > 0 else 'behind'}"
    return f"this clock is {off} {'ahead of' if off_s > 0 else 'behind'} the relay's (date -u)"


def _unread(status: Status, *, brief: bool) -> str:
    words = f"{status.unread:,} unread{'' if brief else ' elsewhere'}"
    if not status.mentions:
        return words
    return f"{words}, {status.mentions:,} mention{'s' if status.mentions > 1 else ''}"


def _enumerate(names: Sequence[str]) -> str:
    """Return the first names, and how many others there are."""
    shown = list(names if len(names) == NAMED_MAX + 1 else names[:NAMED_MAX])
    if others := len(names) - len(shown):
        shown.append(f"{others:,} more")
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def _joined(parts: Sequence[Span], look: Look, *, unicode: bool) -> Line:
    separator = span(" · " if unicode else " | ", look)
    line: list[Span] = []
    for part in parts:
        line += [separator, part] if line else [part]
    return tuple(line)
