"""What the relay sees, as lines of a page: every envelope of this run, and what it cannot know."""

from collections.abc import Sequence
from datetime import datetime

from securechat.client import events as e
from securechat.faces.breaking import break_line
from securechat.faces.screen.drawing.spans import Line, Look, span

SENTENCES = (
    "Of an envelope that is encrypted end to end the relay can read nothing: not what is written, "
    "not who has written it, not in which room.",
    "It sees which device hands an envelope in, for which mailboxes, when, and how large it is; "
    "one that it is told never to store lets it know that somebody types.",
    "It knows whose each mailbox is: so it can tell who writes to whom, how often and how much, "
    "and guess who is in a room together.",
)
"""What a user should know before they read the figures."""

_MAILBOX_DIGITS = 8
_LEAST_COLUMNS = 12


def relay_title(view: e.RelayView) -> str:
    """Return what stands above the page."""
    return f"What the relay sees: {view.name or 'everything'}"


def lay_out_relay_view(view: e.RelayView, columns: int, now: datetime) -> list[Line]:
    """Return the lines of the page, the newest envelope first; ``now`` says how clocks are read."""
    lines = [line for sentence in SENTENCES for line in (*_told(sentence, columns), (span(""),))]
    outgoing = [sighting for sighting in view.sightings if sighting.outgoing]
    coming = [sighting for sighting in view.sightings if not sighting.outgoing]
    lines.append((span("In this run", Look.STRONG), span(f", {len(view.sightings)} in all:")))
    mailboxes = len({sighting.mailbox for sighting in outgoing})
    boxes = f"{mailboxes} mailbox{'' if mailboxes == 1 else 'es'}"
    lines += _told(_sum(f"handed in, for {boxes}", outgoing), columns)
    lines += _told(_sum("delivered to this device", coming), columns)
    lines.append((span(""),))
    return lines + [_envelope(sighting, now) for sighting in reversed(view.sightings)]


def _sum(what: str, sightings: Sequence[e.Sighting]) -> str:
    size_bytes = sum(sighting.size_bytes for sighting in sightings)
    return f"{len(sightings)} {what}, {size_bytes:,} bytes"


def _envelope(sighting: e.Sighting, now: datetime) -> Line:
    time = datetime.fromtimestamp(sighting.time_ms / 1000, now.tzinfo)
    where = sighting.mailbox[:_MAILBOX_DIGITS] if sighting.outgoing else "you"
    return (
        span(f"{time:%H:%M:%S}", Look.TIME),
        span(f"{sighting.size_bytes:>7,} B  to {where}"),
        span("  typing" if sighting.ephemeral else "", Look.FAINT),
    )


def _told(sentence: str, columns: int) -> list[Line]:
    parts = break_line(sentence, max(columns, _LEAST_COLUMNS))
    return [(span(part.strip()),) for part in parts]
