"""The sentences of the faces of lines about messages that are changed, and about what others see.

A text or a symbol of somebody stands last, or in quotation marks.
"""

from datetime import datetime

from securechat.client import events as e
from securechat.faces.entries import Entry, Tone
from securechat.faces.wording.messages import clock, quoted

_LISTED = 20
_MAILBOX_DIGITS = 8


def changed(event: e.Amended | e.Reacted) -> Entry:
    """What somebody has done to a message that was there before."""
    return amended(event) if isinstance(event, e.Amended) else reacted(event)


def answer(event: e.OwnTyping | e.RelayView, now: datetime) -> Entry:
    """What the user has asked for."""
    return own_typing(event) if isinstance(event, e.OwnTyping) else relay_view(event, now)


def amended(event: e.Amended) -> Entry:
    """Somebody has changed a message of theirs, or has taken it back."""
    if event.own:
        what = "edited" if event.text else "deleted"
        return Entry(f"Your message {_to(event)} is {what}.")
    who = f"{_in(event)}{event.sender}"
    if not event.text:
        return Entry(f"{who} has deleted a message.")
    return Entry(f"{who} has edited: {event.text}", Tone.MESSAGE, body=event.text)


def reacted(event: e.Reacted) -> Entry:
    """Somebody reacts to a message, or does no more."""
    if event.own:
        return Entry(
            f"You react {_to(event)} with {quoted(event.symbol)}."
            if event.symbol
            else f"You have taken your reaction {_to(event)} back."
        )
    who = f"{_in(event)}{event.name}"
    if not event.symbol:
        return Entry(f"{who} takes a reaction back.")
    return Entry(f"{who} reacts with {quoted(event.symbol)}.")


def own_typing(event: e.OwnTyping) -> Entry:
    """Whether it is seen who types."""
    if event.shown:
        return Entry("Others see that you type, and you that they do. /typing off changes that.")
    return Entry("Nobody sees that you type, nor you that others do. /typing on changes that.")


def relay_view(event: e.RelayView, now: datetime) -> Entry:
    """What the relay has seen: sums, and the newest envelopes, one a line."""
    whom = "" if event.name is None else f" of what you and {event.name} write"
    count = len(event.sightings)
    size_bytes = sum(sighting.size_bytes for sighting in event.sightings)
    envelopes = "1 envelope" if count == 1 else f"{count} envelopes"
    lines = [
        f"In this run the relay has seen {envelopes}{whom}, {size_bytes:,} bytes. It cannot read "
        "what is in them; it sees when, how large, and for which mailbox."
    ]
    if count > _LISTED:
        lines.append(f"The last {_LISTED}:")
    lines += (_sighting(sighting, now) for sighting in event.sightings[-_LISTED:])
    return Entry("\n".join(lines))


def _sighting(sighting: e.Sighting, now: datetime) -> str:
    where = f"to mailbox {sighting.mailbox[:_MAILBOX_DIGITS]}" if sighting.outgoing else "to you"
    typing = ", which says that somebody types" if sighting.ephemeral else ""
    return f"{clock(sighting.time_ms, now)} {where}, {sighting.size_bytes:,} bytes{typing}"


def _in(event: e.Amended | e.Reacted) -> str:
    return "" if event.room is None else f"In {event.room} "


def _to(event: e.Amended | e.Reacted) -> str:
    return f"to {event.recipient}" if event.room is None else f"in {event.room}"
