"""The sentences of the faces of lines, short and always alike: screen readers speak them.

Only a message begins with a name and a colon, so no name can make a message look like a notice.
`securechat.faces.wording.messages` has messages, `securechat.faces.wording.rooms` what is of rooms.
"""

from collections.abc import Iterable
from datetime import datetime

from securechat.client import events as e
from securechat.client.command_help import HELP_GROUPS
from securechat.client.commands import Level
from securechat.client.names.typed_names import is_room
from securechat.errors import SecureChatError
from securechat.faces.entries import Entry, Tone
from securechat.faces.wording.messages import clock

_LISTED = 3
_DIGITS_TOGETHER = 5
_GROUPS_A_ROW = 6
_RINGS = {
    Level.OFF: "nothing rings",
    Level.DM: "messages to you alone ring",
    Level.MENTIONS: "messages to you alone ring, and those in rooms that name you",
    Level.ALL: "every message rings",
}


def ready(event: e.Ready) -> Entry:
    """Logged in, for the first time or again."""
    if event.again:
        return Entry(f"Connected to {event.relay} again.")
    return Entry(
        f"You are {event.name} on {event.relay} (relay {event.fingerprint}). "
        f"Messages are end-to-end encrypted{'' if event.e2e else ' unless both of you do without'}."
    )


def begun_offline(event: e.BegunOffline) -> Entry:
    """Begun without the relay; `offline` says why."""
    return Entry(
        f"You are {event.name} on {event.relay} (relay {event.fingerprint}), which is not there"
        " now. All that was kept can be read; what you write goes out when the relay is there."
    )


def what_to_do(current: str | None) -> Entry:
    """The next step after the beginning."""
    if current is None:
        return Entry(
            "Write with /msg NAME text, or wait until somebody writes to you. /help says more."
        )
    return Entry(f"Type a message to {current}, or /help.")


def offline(event: e.Offline, how_often: str = "") -> Entry:
    """No connection, ``how_often`` where that is not the first time."""
    why = event.why.rstrip(". ")
    again = f"Trying again in {max(round(event.retry_in_s), 1)} s"
    return Entry(f"No connection{how_often}: {why}. {again}; what you type is kept.", Tone.ALERT)


def waiting(event: e.Waiting) -> Entry:
    """Nobody of this name can be written to yet, or somebody known is not back yet."""
    if event.known:
        return not_here(event.name)
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


def withdrawn(event: e.Withdrawn) -> Entry:
    """Own messages were given up."""
    count = len(event.message_ids)
    messages = "1 message" if count == 1 else f"{count} messages"
    return Entry(f"{messages} to {event.name} will not be sent.")


def presence(event: e.PresenceChanged) -> Entry:
    """Somebody has come or gone."""
    what = "joined" if event.online else "left"
    return Entry(f"[SERVER] {event.name} {what} the chat!", Tone.SERVER)


def not_here(name: str, last_seen: str = "") -> Entry:
    """Somebody was not there to begin with; ``last_seen`` says since when, if that is known."""
    seen = f" (last seen {last_seen})" if last_seen else ""
    return Entry(f"[SERVER] {name} is not here{seen}; what you type waits for them.", Tone.SERVER)


def away(event: e.PresenceChanged) -> Entry:
    """Somebody who is there has gone away from the keyboard, or has come back to it."""
    what = "is away: connected, but nobody sits there" if event.away else "is back"
    return Entry(f"[SERVER] {event.name} {what}.", Tone.SERVER)


def last_seen(event: e.PresenceChanged, now: datetime) -> str:
    """Return when somebody was last there, or nothing if that is not known."""
    return "" if event.last_seen_ms is None else clock(event.last_seen_ms, now)


def own_presence(event: e.OwnPresence) -> Entry:
    """What others see of the user."""
    if not event.visible:
        return Entry(
            "Nobody sees that you are here, and you are not in #lobby. To be there again: "
            "/presence on, and then /join #lobby."
        )
    if event.away:
        return Entry("Others see that you are away. /back changes that.")
    return Entry("Others see that you are here. /away and /presence off change that.")


def notifications(event: e.Notifications) -> Entry:
    """What rings."""
    what = _RINGS[Level(event.level)]
    muted = f" Muted: {', '.join(event.muted)}." if event.muted else ""
    return Entry(f"Notifications are {event.level}: {what}.{muted}")


def unread(counts: Iterable[tuple[str, int]]) -> str:
    """What came in other conversations, for the prompt: ``2 in #ops, 1 from bob``."""
    listed = [f"{count} {'in' if is_room(name) else 'from'} {name}" for name, count in counts]
    more = len(listed) - _LISTED
    return ", ".join(listed[:_LISTED] + ([f"{more} more"] if more > 0 else []))


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
    """The digits to compare, and how."""
    or_emoji = "" if event.trust is e.Trust.CHANGED else ". Or both type: /verify NAME emoji"
    return Entry(
        f"{digits_to_compare(event)}\n"
        f"Compare it with what {event.name} sees, by voice or in person: the same digits mean that "
        f"nobody is in between. Then: /trust {event.name}{or_emoji}"
    )


def digits_to_compare(event: e.SafetyNumber) -> str:
    """The digits in two rows of groups, and above them whose they are."""
    digits = "".join(event.digits.split())
    starts = range(0, len(digits), _DIGITS_TOGETHER)
    groups = [digits[start : start + _DIGITS_TOGETHER] for start in starts]
    is_changed = event.trust is e.Trust.CHANGED
    of_new_key = f", of the NEW key {event.fingerprint}" if is_changed else ""
    return (
        f"Safety number with {event.name} ({event.trust.value}){of_new_key}:\n"
        f"{' '.join(groups[:_GROUPS_A_ROW])}\n{' '.join(groups[_GROUPS_A_ROW:])}"
    )


def key_changed(event: e.PeerKeyChanged) -> Entry:
    """Another key under a known name."""
    name = event.name
    if event.accepted:
        return Entry(
            f"[WARNING] THE KEY OF {name} HAS CHANGED, and is taken as you have set it.\n"
            f"Known: {event.pinned}\nShown: {event.shown}\n"
            f"If {name} has not begun anew, somebody may be in between: /verify {name}.",
            Tone.ALERT,
        )
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
            how = ", taken without asking you" if event.by_itself else ""
            return Entry(
                f"{name} is {event.trust.value}, with another key ({key}){how}: /verify {name}."
            )
        case e.Reason.RESTORED:
            return Entry(
                f"{name} is {event.trust.value} again: the relay shows the key {key} again."
            )
        case e.Reason.PAIRED:
            return Entry(f"{name} is {event.trust.value} now (key {key}): you both used a code.")


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


def answer(
    event: e.People
    | e.Contacts
    | e.SafetyNumber
    | e.DevicesChanged
    | e.DeviceRenewed
    | e.OwnPresence,
) -> Entry:
    """What needs no more than its own words."""
    match event:
        case e.People():
            return people(event)
        case e.Contacts():
            return contacts(event)
        case e.SafetyNumber():
            return safety_number(event)
        case e.DevicesChanged():
            return devices_changed(event)
        case e.DeviceRenewed():
            return device_renewed()
        case e.OwnPresence():
            return own_presence(event)


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
    end = "" if what.endswith(("?", "!", "…")) else "."
    hint = f" Try: {error.try_next}" if error.try_next else ""
    return Entry(f"[Problem] {what}{end}{hint}", Tone.PROBLEM)


def resumed() -> Entry:
    """There is room on the disk again."""
    return Entry("There is room on the disk again: all that waited is kept.")


def leaving_without_room() -> Entry:
    """The user leaves while what they wrote cannot be kept."""
    return Entry("The disk is full: what you wrote since is on no disk. Leave again to lose it.")


def commands() -> Entry:
    """The answer to ``/help``."""
    lines = [
        line
        for title, entries in HELP_GROUPS
        for line in (f"{title}", *(f"{command}: {meaning}" for command, meaning in entries))
    ]
    return Entry("\n".join(["You can type (NAME may be a #ROOM where that makes sense):", *lines]))


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
    if name in event.away:
        words.append("away")
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
