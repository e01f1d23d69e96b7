"""What a client engine tells its faces of codes that two people pair with."""

from enum import StrEnum

from msgspec import Struct


class CodeReady(Struct, frozen=True):
    """Somebody can type this ``code`` elsewhere, once, until then (milliseconds since 1970)."""

    code: str
    expires_ms: int


class CodeEnd(StrEnum):
    """Why a code let nobody in."""

    WRONG_CODE = "wrong-code"
    """Somebody typed other words, or the relay tried to guess them."""
    ANOTHER_RELAY = "another-relay"
    """Somebody has the words, and is connected to another relay: one may be in between."""
    INVALID = "invalid"
    """Somebody sent what no pairing needs."""
    GONE = "gone"
    """Somebody took the code, and has gone before the end."""
    EXPIRED = "expired"
    """Nobody took it in time."""
    LOST = "lost"
    """The relay does not have it any more, as after a connection that was lost."""


class CodeEnded(Struct, frozen=True):
    """A code is of no use any more; nobody was let in.

    ``address`` is where the relay saw who took the code, and ``shown`` the fingerprint of the relay
    that they are connected to, where that is why. ``again``: another code follows by itself.
    """

    reason: CodeEnd
    address: str
    again: bool
    shown: str = ""


class Paired(Struct, frozen=True):
    """Both have used the code: the other one and their key are pinned and verified.

    Whom the user had ``blocked`` stays that, until it is undone.
    """

    name: str
    fingerprint: str
    blocked: bool = False
