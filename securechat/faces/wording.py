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
        f"Messages are end-to-end encrypted{'' if event.e2e else ' unless both of you do without'}."
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
    return Entry(f"{name} is new, not verified yet (key {key}): /verify {name}.")


def talking_to(name: str) -> Entry:
    """The current conversation has changed."""
    return Entry(f"You are writing to {name} now.")


def message(event: e.Message, now: datetime, *, trust_is_known: bool = False) -> Entry:
    """A message of another person, with their trust word unless the reader knows that already.

    Its time is said when that is not now.
    """
    says_trust = not trust_is_known or event.request or event.trust is e.Trust.CHANGED
    remarks = [event.trust.value] if says_trust else []
    if event.request:
        remarks.append("asks to talk")
    if not event.e2e:
        remarks.append("TLS only: the relay can read this")
    if event.late:
        remarks.append("late: sent before what was shown above")
    if when := _when(event.time_ms, now):
        remarks.append(when)
    remark = f" ({', '.join(remarks)})" if remarks else ""
    return Entry(f"{event.sender}{remark}: {event.text}", Tone.MESSAGE, body=event.text)


def history(event: e.History) -> Entry:
    """What stands above earlier messages."""
    person = "" if event.name is None else f" with {event.name}"
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


def past_message(past: e.PastMessage, now: datetime) -> Entry:
    """A message of the history, always with its time; of an own one, how far it has come."""
    remarks = [_clock(past.time_ms, now)]
    if past.state is not None:
        remarks.append(past.state.value)
    if not past.e2e:
        remarks.append("TLS only: the relay could read this")
    if past.missing:
        remarks.append(f"{past.missing} missing before it")
    if past.late:
        remarks.append("late")
    who = past.sender if past.state is None else f"{past.sender} to {past.recipient}"
    return Entry(f"{who} ({', '.join(remarks)}): {past.text}", Tone.MESSAGE, body=past.text)


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
    return Entry(f"Messages with {event.name} are {kept} here. /keep {event.name} DAYS changes it.")


def withdrawn(event: e.Withdrawn) -> Entry:
    """Own messages were given up."""
    count = len(event.message_ids)
    messages = "1 message" if count == 1 else f"{count} messages"
    return Entry(f"{messages} to {event.name} will not be sent.")


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


def people(event: e.People) -> Entry:
    """Who is connected, with the trust words of those known here."""
    listed = [_connected(event, name) for name in event.names]
    return Entry(f"Connected now: {', '.join(listed) or 'nobody'}.")


def contacts(event: e.Contacts) -> Entry:
    """Who is known here, one a line."""
    if not event.people:
        return Entry("Nobody is known here yet.")
    return Entry("\n".join(["Known here:", *map(_contact, event.people)]))


def safety_number(event: e.SafetyNumber) -> Entry:
    """The digits to compare."""
    digits = "".join(event.digits.split())
    starts = range(0, len(digits), _DIGITS_TOGETHER)
    groups = [digits[start : start + _DIGITS_TOGETHER] for start in starts]
    of_new_key = ""
    if event.trust is e.Trust.CHANGED:
        of_new_key = f", of the NEW key {event.fingerprint}"
    return Entry(
        f"Safety number with {event.name} ({event.trust.value}){of_new_key}:\n"
        f"{' '.join(groups[:_GROUPS_A_ROW])}\n{' '.join(groups[_GROUPS_A_ROW:])}\n"
        f"Compare it with what {event.name} sees, by voice or in person: the same digits mean that "
        f"nobody is in between. Then: /trust {event.name}"
    )


def key_changed(event: e.PeerKeyChanged) -> Entry:
    """Another key under a known name."""
    name = event.name
    was, then = "", f"/accept-key {name}"
    if event.verified:
        was, then = " (verified)", f"/verify {name}, compare the digits, and /trust {name}"
    return Entry(
        f"[WARNING] THE KEY OF {name} HAS CHANGED. Nothing is sent to {name} now.\n"
        f"Known{was}: {event.pinned}\nShown: {event.shown}\n"
        f"Ask {name} by phone or in person whether they have begun anew without a backup, then: "
        f"{then}. If they have not, somebody may be in between, to read your messages.",
        Tone.ALERT,
    )


def encryption_changed(event: e.EncryptionChanged) -> Entry:
    """Whether a conversation for which somebody has asked to do without is encrypted."""
    name = event.name
    if not event.encrypted:
        return Entry(
            f"[WARNING] With {name} there is TLS only: the relay can read what you both write.",
            Tone.ALERT,
        )
    if event.once:
        return Entry(f"With {name} messages stay end-to-end encrypted: they have been before.")
    return Entry(
        f"With {name} messages stay end-to-end encrypted: {name} has not turned that off too."
    )


def trust_changed(event: e.TrustChanged) -> Entry:
    """Another trust word than before."""
    name, key = event.name, event.fingerprint
    match event.reason:
        case e.Reason.COMPARED:
            return Entry(f"{name} is {event.trust.value} now (key {key}).")
        case e.Reason.ACCEPTED:
            return Entry(
                f"{name} is {event.trust.value}, with another key ({key}): /verify {name}."
            )
        case e.Reason.RESTORED:
            return Entry(
                f"{name} is {event.trust.value} again: the relay shows the key {key} again."
            )


def devices_changed(event: e.DevicesChanged) -> Entry:
    """Somebody known has a new device, with the same key."""
    name = event.name
    return Entry(
        f"[NOTICE] {name} ({event.trust.value}) uses a new device now, with the same key. "
        f"Ask {name} in another way if you did not expect that.",
        Tone.ALERT,
    )


def device_renewed() -> Entry:
    """This profile goes on as a new device."""
    return Entry(
        "[NOTICE] This person has gone on somewhere else since this profile was last used here, or "
        "an older copy of it was put back. It goes on as a new device, and the people you know are "
        "told. What came meanwhile, and was read there, is not here.",
        Tone.ALERT,
    )


def blocked(event: e.Blocked) -> Entry:
    """Somebody is, or is no longer, blocked."""
    if event.blocked:
        return Entry(f"{event.name} is blocked: nothing comes or goes. /unblock {event.name}")
    return Entry(f"{event.name} is not blocked any more.")


def renamed(event: e.Renamed) -> Entry:
    """Somebody has another name here than the one typed, or than before."""
    return Entry(f"{event.before} is called {event.name} here.")


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


def _connected(event: e.People, name: str) -> str:
    words = [event.trust[name].value] if name in event.trust else []
    if name in event.blocked:
        words.append("blocked")
    return f"{name} ({', '.join(words)})" if words else name


def _contact(known: e.KnownPerson) -> str:
    words = [known.trust.value]
    if known.name != known.relay_name:
        words.append(f"{known.relay_name} on the relay")
    if known.request:
        words.append("a stranger")
    if known.blocked:
        words.append("blocked")
    return f"{known.name} ({', '.join(words)}), key {known.fingerprint}"


def _when(time_ms: int, now: datetime) -> str:
    """Return when a message was written, or nothing when that is about now."""
    if abs(now.timestamp() - time_ms / 1000) < _RECENT.total_seconds():
        return ""
    return _clock(time_ms, now)


def _clock(time_ms: int, now: datetime) -> str:
    """Return a time in the zone of ``now``, with its day unless that is today."""
    try:
        then = datetime.fromtimestamp(time_ms / 1000, now.tzinfo)
    except (OverflowError, ValueError, OSError):
        return "at an impossible time"
    return f"{then:%H:%M}" if then.date() == now.date() else f"{then:%Y-%m-%d %H:%M}"
