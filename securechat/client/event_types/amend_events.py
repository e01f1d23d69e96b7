"""What a client engine tells of messages that are changed, of pages of the history, and of typing.

`securechat.client.events` has the rest. Texts and symbols are whatever their writer typed: a face
makes them safe before it shows them.
"""

from typing import NamedTuple

from msgspec import Struct

from securechat.client import amend_commands as c
from securechat.client.event_types.past_message import Origin, PastMessage


class Amended(Struct, frozen=True):
    """The writer of a message has changed it; without ``text`` it is deleted.

    ``sender`` and ``recipient`` are those of the message, ``time_ms`` is when it was changed.
    ``own``: the user has changed it, here.
    """

    message_id: str
    sender: str
    recipient: str
    text: str
    time_ms: int
    room: str | None = None
    own: bool = False
    origin: Origin | None = None
    """For the engine's own use, as that of a `Message`."""


class Reacted(Struct, frozen=True):
    """Somebody, of this ``name``, reacts to a message with a symbol; an empty one is taken back.

    ``recipient`` is to whom the reaction goes: the room, or the other of the two.
    """

    message_id: str
    name: str
    symbol: str
    recipient: str
    room: str | None = None
    own: bool = False


class Typing(Struct, frozen=True):
    """A person begins to type, or types no more; told on each change only."""

    name: str
    active: bool
    room: str | None = None


class OwnTyping(Struct, frozen=True):
    """Whether this run lets others know that the user types, and shows that they do."""

    shown: bool


class Page(Struct, frozen=True):
    """Messages of one conversation, the oldest first, in answer to a ``question``.

    ``older`` and ``newer``: there are others before them, or after.
    """

    question: c.Page
    messages: tuple[PastMessage, ...]
    older: bool
    newer: bool


class StoredTexts(Struct, frozen=True):
    """What was typed in an earlier run and not sent: pairs of a person or ``#room``, and a text.

    ``waiting``: for whom, or for which room, own messages wait that the relay has not accepted.
    """

    texts: tuple[tuple[str, str], ...]
    waiting: tuple[str, ...] = ()


class Sighting(NamedTuple):
    """What the relay has seen of one envelope: where it was for, and how large it is.

    ``mailbox`` is 32 hexadecimal digits; that of this device when it is not ``outgoing``. An
    ``ephemeral`` one tells that somebody types, and is never stored.
    """

    time_ms: int
    outgoing: bool
    mailbox: str
    size_bytes: int
    ephemeral: bool


class RelayView(Struct, frozen=True):
    """What the relay has seen in this run of a person, a ``#room``, or (no name) of everything.

    The oldest first; ``own_mailbox`` is 32 hexadecimal digits.
    """

    name: str | None
    own_mailbox: str
    sightings: tuple[Sighting, ...]


AmendEvent = Amended | Reacted | Typing | OwnTyping | Page | StoredTexts | RelayView
