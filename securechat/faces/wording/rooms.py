"""The sentences about rooms. Names of rooms begin with ``#``; topics are what members typed.

The user's own name has ``(you)`` behind it: somebody can be called You, and nobody ``alice (you)``.
"""

from collections.abc import Callable

from securechat.client import events as e
from securechat.client.names.typed_names import LOBBY
from securechat.faces.entries import Entry, Tone
from securechat.faces.wording.messages import quoted
from securechat.text import safe_text

_TOPIC_COLUMNS = 80
_LOUD = (e.RoomChange.PAUSED, e.RoomChange.BEHIND, e.RoomChange.REMOVED)


def open_room() -> Entry:
    """The user has come to the lobby."""
    return Entry(
        f"[SERVER] You are in {LOBBY}, an open room: whoever the relay admits can read here. "
        "/who says who is there.",
        Tone.SERVER,
    )


def news(event: e.RoomNews, own_name: str) -> Entry:
    """Something has happened to a room."""

    def called(name: str | None) -> str:
        if name is None:
            return "somebody"
        return f"{name} (you)" if name == own_name else name

    tone = Tone.ALERT if event.change in _LOUD else Tone.SERVER
    return Entry(f"[SERVER] {_sentence(event, own_name, called)}", tone)


def invitation(event: e.Invitation) -> Entry:
    """Somebody has taken the user into a closed room."""
    words = [event.trust.value, *(["a stranger"] if event.request else [])]
    maker = "" if event.creator == event.inviter else f", made by {event.creator}"
    topic = f", about {quoted(event.topic, _TOPIC_COLUMNS)}" if event.topic else ""
    return Entry(
        f"[SERVER] {event.inviter} ({', '.join(words)}) invites you to {event.room}, a closed room "
        f"of {_people(event.members)}{maker}{topic}. "
        f"/join {event.room} accepts, /leave {event.room} refuses.",
        Tone.SERVER,
    )


def rooms(event: e.RoomList, unread: Callable[[str], int]) -> Entry:
    """The rooms of the user, one a line."""
    if not event.rooms:
        return Entry(f"You are in no room. /join {LOBBY}, or /create #NAME.")
    return Entry(
        "\n".join(["Your rooms:", *(_room(room, unread(room.name)) for room in event.rooms)])
    )


def room_people(event: e.RoomPeople, own_name: str) -> Entry:
    """Who is in a room."""
    listed = [_person(person, own_name) for person in event.people]
    return Entry(f"In {event.room}: {', '.join(listed) or 'nobody'}.")


def _sentence(event: e.RoomNews, own_name: str, called: Callable[[str | None], str]) -> str:
    room, actor, subject = event.room, called(event.actor), called(event.subject)
    is_own = event.actor == own_name
    match event.change:
        case e.RoomChange.CREATED:
            return f"You have made {room}, a closed room. /invite NAME takes people into it."
        case e.RoomChange.ENTERED:
            return f"You are in {room}, a closed room. {_topic(event.text)}"
        case e.RoomChange.LEFT:
            return f"You left {room}." if is_own else f"{room}: {actor} left."
        case e.RoomChange.JOINED:
            return f"{room}: {actor} joined."
        case e.RoomChange.INVITED:
            return f"{room}: {actor} invited {subject}."
        case e.RoomChange.REMOVED:
            return f"{room}: {actor} removed {subject}."
        case e.RoomChange.ADMIN:
            return f"{room}: {actor} made {subject} an admin."
        case e.RoomChange.TOPIC if event.actor is None:
            return f"{room}: {_topic(event.text)}"
        case e.RoomChange.TOPIC:
            return f"{room}: {actor} changed the topic. {_topic(event.text)}"
        case e.RoomChange.PAUSED:
            return (
                f"{room} is paused: two admins have changed it at once. What you type waits until "
                f"one of them types /merge {room}."
            )
        case e.RoomChange.BEHIND:
            return (
                f"{room} is paused: {actor} writes after a change of it that is not here yet. What "
                "you type waits until it is."
            )
        case e.RoomChange.RESUMED:
            merged = "" if event.actor is None else f", merged by {actor}"
            return f"{room} goes on{merged}: what you typed goes out."
        case e.RoomChange.FULL:
            return f"{room} is full, and you are not in it. /join {room} tries again."


def _topic(text: str) -> str:
    return f"Topic: {_line(text)}" if text else "It has no topic."


def _line(text: str) -> str:
    """Return a topic as one line, whatever is in it."""
    return " ".join(safe_text(" ".join(text.split())).split())


def _room(room: e.RoomInfo, unread: int) -> str:
    words = ["open to everybody here" if room.creator is None else f"made by {room.creator}"]
    if room.joined or room.creator is not None:
        words.append(_people(room.members))
    if not room.joined and room.creator is not None:
        words.append(f"invited: /join {room.name}")
    for is_so, word in (
        (room.admin, "you are an admin"), (room.paused, "paused"), (room.muted, "muted")
    ):  # fmt: skip
        if is_so:
            words.append(word)
    if unread:
        words.append(f"{unread} unread")
    topic = f", {quoted(room.topic, _TOPIC_COLUMNS)}" if room.topic else ""
    return f"{room.name} ({', '.join(words)}){topic}"


def _person(person: e.RoomPerson, own_name: str) -> str:
    words = ["you"] if person.name == own_name else []
    if person.trust is not None:
        words.append(person.trust.value)
    if person.admin:
        words.append("admin")
    if person.away:
        words.append("away")
    return f"{person.name} ({', '.join(words)})" if words else person.name


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count} people"
