"""What a client engine tells its faces of two people who compare emoji."""

from enum import StrEnum

from msgspec import Struct


class ComparingAsked(Struct, frozen=True):
    """Somebody is asked to compare emoji: the user by them, or they by the user (``own``)."""

    name: str
    own: bool


class ComparingShown(Struct, frozen=True):
    """What the user compares with a person, who sees the same unless somebody is in between.

    ``emoji`` are seven numbers from 0 to 63; ``decimals`` are for whoever cannot show those.
    """

    name: str
    emoji: tuple[int, ...]
    decimals: str


class ComparingAgreed(Struct, frozen=True):
    """The user has said that it is the same; the person is verified once they say so too."""

    name: str


class ComparingEnd(StrEnum):
    """Why comparing has ended without an agreement."""

    DIFFERS = "differs"
    """One of the two has said that they see something else."""
    TIMEOUT = "timeout"
    """It was not done in time."""
    OUT_OF_TURN = "out-of-turn"
    """The other side does not know of it, or sent something that comes at another time."""
    COMMITMENT = "commitment"
    """The other side's key is not the one that it had bound itself to."""
    MAC = "mac"
    """The other side's confirmation is not about what is seen here."""
    KEY = "key"
    """The other side's key for this is of no use."""
    BUSY = "busy"
    """They compare on another device, or somebody began anew."""
    KEY_CHANGED = "key-changed"
    """The key that was compared about is not theirs any more, or they were blocked."""


class ComparingEnded(Struct, frozen=True):
    """Comparing with a person has ended, and nothing has changed.

    ``alarm``: it may be because somebody is in between.
    """

    name: str
    reason: ComparingEnd
    alarm: bool
