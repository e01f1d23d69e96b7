"""What a client engine tells its faces of rooms; `securechat.client.events` has the rest."""

from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct

from securechat.client.event_types.trust_word import Trust


class RoomChange(StrEnum):
    """What has happened to a room."""

    CREATED = "created"
    ENTERED = "entered"
    """The user has joined it, or come to the lobby; ``text`` is the topic."""
    LEFT = "left"
    """``actor`` has left, who may be the user."""
    JOINED = "joined"
    """``actor``, who was invited, is there."""
    INVITED = "invited"
    """``actor`` has taken ``subject`` into it."""
    REMOVED = "removed"
    """``actor`` has taken ``subject`` out of it; both may be the user."""
    ADMIN = "admin"
    """``actor`` has made ``subject`` an admin."""
    TOPIC = "topic"
    """``actor`` has made ``text`` the topic; in answer to a question nobody has."""
    PAUSED = "paused"
    """Two admins have changed it at once: nothing is sent there until one of them merges."""
    BEHIND = "behind"
    """``actor`` writes after a change that is not here yet: nothing is sent there until it is."""
    RESUMED = "resumed"
    """What was typed goes out again; ``actor`` has merged, if it was PAUSED."""
    FULL = "full"
    """As many as the lobby takes are there: the user is not."""


class RoomNews(Struct, frozen=True):
    """Something has happened to a room that the user is in; ``room`` is its name, with ``#``.

    Who has done what to whom are names as they are shown; None is nobody in particular.
    """

    room: str
    change: RoomChange
    actor: str | None = None
    subject: str | None = None
    text: str = ""


class Invitation(Struct, frozen=True):
    """Somebody has taken the user into a closed room, which shows nothing before it is joined.

    ``members`` counts all who are in it, the user too. ``trust`` is the word for the inviter.
    """

    room: str
    inviter: str
    creator: str
    members: int
    topic: str
    trust: Trust
    request: bool


class RoomInfo(Struct, frozen=True):
    """A room in the list of those that this profile is in, or invited to."""

    name: str
    topic: str
    creator: str | None
    """None for the lobby, which is open to all whom the relay admits."""
    members: int
    joined: bool
    admin: bool
    paused: bool
    muted: bool


class RoomList(Struct, frozen=True):
    """The rooms, in answer to `commands.Rooms`; the lobby first, if the user is there."""

    rooms: tuple[RoomInfo, ...]


class RoomPerson(NamedTuple):
    """Somebody in a room; ``trust`` is None for the user and for who is not known yet."""

    name: str
    trust: Trust | None
    admin: bool = False
    away: bool = False


class RoomPeople(Struct, frozen=True):
    """Who is in a room, the user too, in answer to `commands.Who`."""

    room: str
    people: tuple[RoomPerson, ...]
