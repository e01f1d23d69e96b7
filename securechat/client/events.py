"""What a client engine tells its faces.

Names are safe to show: they passed the rules for names. `Message.text` is whatever the sender
typed: a face that shows it on a terminal makes it safe first (securechat.text).
"""

from dataclasses import dataclass
from enum import StrEnum

from securechat.errors import SecureChatError


class Trust(StrEnum):
    """The one word that says how far a person's key is to be trusted."""

    NEW = "new"
    VERIFIED = "verified"
    CHANGED = "CHANGED"


@dataclass(frozen=True, slots=True)
class Ready:
    """Logged in: now, and again after each reconnect (``again``)."""

    name: str
    relay: str
    fingerprint: str
    again: bool


@dataclass(frozen=True, slots=True)
class Offline:
    """The connection is gone; the engine tries again by itself."""

    why: str
    retry_in_s: float


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nobody has this name yet, or their device has left no keys; what is typed waits.

    ``known``: their key is pinned, so they have been here before (the relay may have forgotten it).
    """

    name: str
    known: bool = False


@dataclass(frozen=True, slots=True)
class PeerReady:
    """The peer's key is known and pinned (``first_use``: just now); messages can be sealed.

    Told once, and again after each Waiting.
    """

    name: str
    trust: Trust
    fingerprint: str
    first_use: bool


@dataclass(frozen=True, slots=True)
class Message:
    """A message of another person. A ``request`` comes from a stranger."""

    message_id: str
    sender: str
    recipient: str
    text: str
    time_ms: int
    e2e: bool
    trust: Trust
    request: bool
    missing: int
    """How many messages of this sender before this one have not arrived."""
    late: bool = False
    """Whether it belongs before one that was shown already."""


@dataclass(frozen=True, slots=True)
class Sent:
    """An own message has been sealed and handed to the connection."""

    message_id: str
    recipient: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """The relay answers for an own message."""

    message_id: str
    recipient: str


@dataclass(frozen=True, slots=True)
class Delivered:
    """The recipient's device has opened an own message."""

    message_id: str
    recipient: str


@dataclass(frozen=True, slots=True)
class PresenceChanged:
    """A person of a conversation has come or gone, or was away when their keys came."""

    name: str
    online: bool


@dataclass(frozen=True, slots=True)
class People:
    """Who is connected to the relay, in answer to `Engine.who`."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SafetyNumber:
    """The 60 digits to compare with a person, in answer to `Engine.verify`."""

    name: str
    digits: str
    trust: Trust


@dataclass(frozen=True, slots=True)
class PeerKeyChanged:
    """A person shows another key than the pinned one; nothing is sent to it."""

    name: str
    pinned: str
    shown: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Something has not worked; the engine goes on."""

    error: SecureChatError
    message_id: str | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """The last event: the engine has stopped, because of this error or because it was asked to."""

    error: SecureChatError | None


Event = (
    Ready | Offline | Waiting | PeerReady | Message | Sent | Accepted | Delivered
    | PresenceChanged | People | SafetyNumber | PeerKeyChanged | Problem | Ended
)  # fmt: skip
