"""What the brain of the full screen lets be drawn, besides the messages themselves."""

from enum import Enum

from msgspec import Struct


class Part(Enum):
    """A part of the screen that is drawn by itself."""

    SIDE = "side"
    MESSAGES = "messages"
    TITLE = "title"
    STATUS = "status"
    INPUT = "input"
    BANNER = "banner"
    FOUND = "found"
    COMPARING = "comparing"
    RELAY = "relay"


ALWAYS_SEEN = frozenset(
    (Part.SIDE, Part.MESSAGES, Part.TITLE, Part.STATUS, Part.INPUT, Part.BANNER)
)
"""The parts that are there without being asked for; the others are answers."""


class Place(Struct, frozen=True):
    """A conversation, as the side pane lists it; ``trust`` is "" for rooms and those unknown."""

    name: str
    is_room: bool
    unread: int
    mention: bool
    trust: str
    online: bool | None
    muted: bool


class Heading(Struct, frozen=True):
    """What stands above the messages of a conversation; without a ``name``, of none.

    ``trust`` is the word for a person. ``people`` are those of a room, each with a trust word or
    "" for the user and who is not known. ``topic`` is what somebody has typed.
    """

    name: str | None
    is_room: bool = False
    encrypted: bool = True
    trust: str = ""
    remarks: tuple[str, ...] = ()
    people: tuple[tuple[str, str], ...] = ()
    topic: str = ""


class Status(Struct, frozen=True):
    """What stands at the bottom; what is "" or 0 is not so.

    ``own_name`` is who the user is, on the ``relay``.
    ``offline`` is why there is no connection, ``ended`` what has ended the chat, and ``trouble``
    what does not work at the moment. With ``no_room`` the disk is full. ``clock_off_s`` is positive
    when this computer's clock is ahead. ``unread`` and ``mentions`` are in other conversations.
    ``asks`` wants to compare keys.
    """

    relay: str = ""
    own_name: str = ""
    offline: str = ""
    retry_in_s: float = 0.0
    ended: str = ""
    trouble: str = ""
    no_room: bool = False
    clock_off_s: int = 0
    queued: int = 0
    unread: int = 0
    mentions: int = 0
    asks: str = ""


class Opening(Enum):
    """A page over the chat that a typed command asks for."""

    SEARCH = "search"
    HELP = "help"
    VERIFY = "verify"


class Request(Struct, frozen=True):
    """A page that is to be opened; ``text`` is what to search for at once."""

    opening: Opening
    text: str = ""
