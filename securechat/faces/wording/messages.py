"""How messages are shown: only they begin with a name and a colon, or with a star and a name.

A message in a room has the room in brackets before that. Nothing that its writer typed stands
before the colon, but for a clipped quotation whose quotation marks and brackets are its only ones.
"""

import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta

from securechat.client import events as e
from securechat.client.names.typed_names import is_room
from securechat.faces.entries import Entry, Tone
from securechat.text import clip, cluster_width, safe_text

QUOTED_COLUMNS = 40
ASKS_TO_TALK = "asks to talk"
TLS_ONLY = "TLS only: the relay can read this"

_REACTIONS = 3
"""So many of the reactions to a message are told where it is one of many."""

_QUOTED_CHARACTERS = 4 * QUOTED_COLUMNS
_RECENT = timedelta(minutes=5)
_CLOSING = frozenset({"Ps", "Pe", "Pi", "Pf"})


def message(event: e.Message, now: datetime, *, trust_is_known: bool = False) -> Entry:
    """A message of another person, with their trust word unless the reader knows that already.

    Its time is said when that is not now. One in a room that names the reader stands out.
    """
    says_trust = not trust_is_known or event.request or event.trust is e.Trust.CHANGED
    says_trust = says_trust or (event.action and begins_like_a_remark(event.text))
    remarks = [event.trust.value] if says_trust else []
    if event.request:
        remarks.append(ASKS_TO_TALK)
    if not event.e2e:
        remarks.append(TLS_ONLY)
    if event.late:
        remarks.append("late: sent before what was shown above")
    if when := _when(event.time_ms, now):
        remarks.append(when)
    if event.reply is not None:
        remarks.append(answers(event.reply))
    tone = Tone.MENTION if event.mention and event.room is not None else Tone.MESSAGE
    return _written(event.room, event.sender, remarks, event, tone)


def plain_message(event: e.Message) -> Entry:
    """A message for a script: no remark stands in it unless somebody could mistake it without."""
    says_trust = event.action and begins_like_a_remark(event.text)
    remarks = [event.trust.value] if says_trust else []
    if not event.e2e:
        remarks.append(TLS_ONLY)
    return _written(event.room, event.sender, remarks, event)


def past_message(past: e.PastMessage, now: datetime) -> Entry:
    """A message of the history, always with its time; of an own one, how far it has come."""
    remarks = [clock(past.time_ms, now)]
    if past.state is not None:
        remarks.append(past.state.value)
    if not past.e2e:
        remarks.append("TLS only: the relay could read this")
    if past.missing:
        remarks.append(f"{past.missing} missing before it")
    if past.late:
        remarks.append("late")
    if past.edited:
        remarks.append("edited" if past.text else "deleted")
    if past.reply is not None:
        remarks.append(answers(past.reply))
    remarks += (
        f"{who} reacts with {quoted(symbol)}" for who, symbol in past.reactions[:_REACTIONS]
    )
    to_somebody = past.state is not None and past.room is None
    who = f"{past.sender} to {past.recipient}" if to_somebody else past.sender
    return _written(past.room, who, remarks, past)


def quoted(text: str, columns: int = QUOTED_COLUMNS) -> str:
    """Return the first words of a text in quotation marks, which nothing in it can close."""
    words = " ".join(safe_text(" ".join(text[:_QUOTED_CHARACTERS].split())).split())
    return f'"{clip("".join(map(_inner, words)), columns)}"'


def clock(time_ms: int, now: datetime) -> str:
    """Return a time in the zone of ``now``, with its day unless that is today."""
    try:
        then = datetime.fromtimestamp(time_ms / 1000, now.tzinfo)
    except (OverflowError, ValueError, OSError):
        return "at an impossible time"
    return f"{then:%H:%M}" if then.date() == now.date() else f"{then:%Y-%m-%d %H:%M}"


def history(event: e.History) -> Entry:
    """What stands above earlier messages."""
    person = "" if event.name is None else f" {_with(event.name)}"
    if not event.messages:
        return Entry(f"No messages{person} are kept here.")
    count = len(event.messages)
    last = f"The last {count} messages" if count > 1 else "The last message"
    return Entry(f"{last}{person}:")


def search_result(event: e.SearchResult) -> Entry:
    """What stands above messages that were searched for."""
    count = len(event.messages)
    if event.more:
        return Entry(f"More than {count} messages; before:DATE finds older ones. The last {count}:")
    if not count:
        return Entry("Nothing was found.")
    return Entry(f"Found {count} messages:" if count > 1 else "Found 1 message:")


def retention(event: e.Retention) -> Entry:
    """For how long messages are kept."""
    match event.days:
        case None:
            kept = "kept for ever"
        case 0:
            kept = "not kept"
        case 1:
            kept = "kept for 1 day"
        case days:
            kept = f"kept for {days:,} days"
    return Entry(
        f"Messages {_with(event.name)} are {kept} here. /keep {event.name} DAYS changes it."
    )


def missing(event: e.Message) -> Entry:
    """Messages before this one have not arrived."""
    return missing_of(event.sender, event.missing)


def missing_of(sender: str, count: int) -> Entry:
    """So many messages of somebody have not arrived, which come before the next one."""
    before = "1 message" if count == 1 else f"{count} messages"
    return Entry(f"[Missing] {before} of {sender} before the next one.", Tone.ALERT)


def heading(who: str, remarks: Sequence[str], *, action: bool) -> list[str]:
    """Return what stands before the text of a message, in parts: a star or nothing, and the name.

    Then the remarks, with what is around and between them, and the end of the heading. All that is
    said of a message stands here, and nothing behind its text, where its writer could say it too.
    """
    parts = ["* " if action else "", who]
    for number, remark in enumerate(remarks):
        parts += [", " if number else " (", remark]
    return [*parts, (")" if remarks else "") + (" " if action else ": ")]


def begins_like_a_remark(text: str) -> bool:
    """Tell whether an action could be read as a remark of ours, which stands where it begins."""
    first = safe_text(text[:_QUOTED_CHARACTERS])[:1]
    return not (first.isalnum() and (first.isascii() or cluster_width(first)))


def answers(reply: e.Quote) -> str:
    """Return the remark on a message that answers another one."""
    if reply.sender is None or reply.text is None:
        return "answers a message that is not here"
    return f"answers {reply.sender} {quoted(reply.text)}"


def _with(name: str) -> str:
    return f"in {name}" if is_room(name) else f"with {name}"


def _written(
    room: str | None,
    who: str,
    remarks: Sequence[str],
    written: e.Message | e.PastMessage,
    tone: Tone = Tone.MESSAGE,
) -> Entry:
    place = "" if room is None else f"[{room}] "
    head = "".join(heading(who, remarks, action=written.action))
    return Entry(f"{place}{head}{written.text}", tone, body=written.text)


def _inner(character: str) -> str:
    """Return a character as it stands in a quotation: none there looks like the end of it."""
    if character.isalnum() and character.isascii():
        return character
    name = unicodedata.name(character, "")
    is_mark = character == '"' or "QUOTATION" in name or "PRIME" in name
    return "'" if is_mark or unicodedata.category(character) in _CLOSING else character


def _when(time_ms: int, now: datetime) -> str:
    """Return when a message was written, or nothing when that is about now."""
    if abs(now.timestamp() - time_ms / 1000) < _RECENT.total_seconds():
        return ""
    return clock(time_ms, now)
