"""The sentences of the faces of lines, short and always alike: screen readers speak them.

Only a message begins with a name and a colon, so no name can make a message look like a notice.
"""

from datetime import datetime, timedelta

from securechat.client import events as e
from securechat.client.commands import HELP
from securechat.errors import SecureChatError
from securechat.faces.entries import Entry, Tone

_RECENT = timedelta(minutes=5)
_DIGITS_TOGETHER = 5
_GROUPS_A_ROW = 6


def ready(event: e.Ready) -> Entry:
    """Logged in, for the first time or again."""
    if event.again:
        return Entry(f"Connected to {event.relay} again.")
    return Entry(
        f"You are {event.name} on {event.relay} (relay {event.fingerprint}). "
        "Messages are end-to-end encrypted."
    )


def what_to_do(current: str | None) -> Entry:
    """The next step after the log-in."""
    if current is None:
        return Entry(
            "Write with /msg NAME text, or wait until somebody writes to you. /help says more."
        )
    return Entry(f"Type a message to {current}, or /help.")


def offline(event: e.Offline) -> Entry:
    """No connection."""
    why = event.why.rstrip(". ")
    again = f"trying again in {max(round(event.retry_in_s), 1)} s"
    return Entry(f"Connection lost ({why}); {again}. What you type is kept.", Tone.ALERT)


def waiting(event: e.Waiting) -> Entry:
    """Nobody of this name can be written to yet, or somebody known is not back yet."""
    if event.known:
        return away(event.name)
    return Entry(f"Waiting for {event.name}, who has not been here yet. What you type is kept.")


def peer_ready(event: e.PeerReady) -> Entry:
    """A person can be written to."""
    name, key = event.name, event.fingerprint
    if event.first_use:
        return Entry(f"{name} is new (key {key}): compare safety numbers with /verify {name}.")
    if event.trust is e.Trust.VERIFIED:
        return Entry(f"{name} is verified (key {key}).")
    return Entry(f"{name} is known, not verified yet (key {key}): /verify {name}.")


def talking_to(name: str) -> Entry:
    """The current conversation has changed."""
    return Entry(f"You are writing to {name} now.")


def message(event: e.Message, now: datetime) -> Entry:
    """A message of another person; its time is said when that is not now."""
    remarks = [event.trust.value] if event.request or event.trust is e.Trust.CHANGED else []
    if event.request:
        remarks.append("asks to talk")
    if not event.e2e:
        remarks.append("TLS only: the relay can read this")
    if event.late:
        remarks.append("late: sent before what was shown above")
    if when := _when(event.time_ms, now):
        remarks.append(when)
    remark = f" ({', '.join(remarks)})" if remarks else ""
    return Entry(f"{event.sender}{remark}: {event.text}", Tone.MESSAGE)


def missing(event: e.Message) -> Entry:
    """Messages before this one have not arrived."""
    before = "1 message" if event.missing == 1 else f"{event.missing} messages"
    return Entry(f"[Missing] {before} of {event.sender} before the next one.", Tone.ALERT)


def presence(event: e.PresenceChanged) -> Entry:
    """Somebody has come or gone."""
    what = "joined" if event.online else "left"
    return Entry(f"[SERVER] {event.name} {what} the chat!", Tone.SERVER)


def away(name: str) -> Entry:
    """Somebody was not there to begin with."""
    return Entry(f"[SERVER] {name} is away; what you type waits for them.", Tone.SERVER)


def people(names: tuple[str, ...]) -> Entry:
    """Who is connected."""
    listed = ", ".join(names) or "nobody"
    return Entry(f"Connected now: {listed}.")


def safety_number(event: e.SafetyNumber) -> Entry:
    """The digits to compare."""
    digits = "".join(event.digits.split())
    starts = range(0, len(digits), _DIGITS_TOGETHER)
    groups = [digits[start : start + _DIGITS_TOGETHER] for start in starts]
    return Entry(
        f"Safety number with {event.name} ({event.trust.value}):\n"
        f"{' '.join(groups[:_GROUPS_A_ROW])}\n{' '.join(groups[_GROUPS_A_ROW:])}\n"
        f"Compare it with what {event.name} sees, by voice or in person: the same digits mean that "
        "nobody is in between."
    )


def key_changed(event: e.PeerKeyChanged) -> Entry:
    """Another key under a known name."""
    return Entry(
        f"[WARNING] THE KEY OF {event.name} HAS CHANGED. Nothing is sent to the new key.\n"
        f"Known: {event.pinned}\nShown: {event.shown}\n"
        f"Ask {event.name} by phone or in person: a new device explains it. If there is none, "
        "somebody may be trying to read your messages.",
        Tone.ALERT,
    )


def queued(name: str, count: int) -> Entry:
    """Own messages that could not be handed over yet."""
    messages = "1 message waits" if count == 1 else f"{count} messages wait"
    return Entry(f"{messages} for {name}.")


def handed_over(name: str) -> Entry:
    """Nothing waits for a person any more."""
    return Entry(f"Your messages to {name} have been handed over.")


def problem(error: SecureChatError) -> Entry:
    """Something has not worked."""
    what = error.what.rstrip(". ")
    hint = f" Try: {error.try_next}" if error.try_next else ""
    return Entry(f"[Problem] {what}.{hint}", Tone.PROBLEM)


def commands() -> Entry:
    """The answer to ``/help``."""
    lines = [f"{command}: {meaning}" for command, meaning in HELP]
    return Entry("\n".join(["You can type:", *lines]))


def interrupt_hint() -> Entry:
    """The first Ctrl-C."""
    return Entry("Press Ctrl-C again to leave.")


def leaving(flush_s: float) -> Entry:
    """Leaving with messages on their way."""
    return Entry(f"Handing over what waits, at most {flush_s:.0f} s; Ctrl-C leaves at once.")


def _when(time_ms: int, now: datetime) -> str:
    """Return when a message was written, in local time, or nothing when that is about now."""
    try:
        then = datetime.fromtimestamp(time_ms / 1000, now.tzinfo)
    except (OverflowError, ValueError, OSError):
        return "at an impossible time"
    if abs(now - then) < _RECENT:
        return ""
    return f"{then:%H:%M}" if then.date() == now.date() else f"{then:%Y-%m-%d %H:%M}"
