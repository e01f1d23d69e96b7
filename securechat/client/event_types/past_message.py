"""A message as the history has it, and what else tells of one that was there before."""

from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct

from securechat.identity.types import DeviceAddress, RelayId


class Origin(NamedTuple):
    """Which device wrote a message, and on which relay: where a read receipt for it goes."""

    relay_id: RelayId
    device: DeviceAddress


class Quote(NamedTuple):
    """The message that another one answers; of one that is not known here, only its id."""

    message_id: str
    sender: str | None = None
    text: str | None = None


class DeliveryState(StrEnum):
    """How far an own message has come."""

    QUEUED = "queued"
    SENT = "sent"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"

    def then(self, told: "DeliveryState") -> "DeliveryState":
        """Return how far a message has come that is here, now that a state is ``told``.

        The relay may answer for a message after its recipient has: that takes nothing back.
        """
        if DeliveryState.FAILED in (self, told):
            return told
        return max(self, told, key=list(DeliveryState).index)


class PastMessage(Struct, frozen=True):
    """A message as the history has it; an own one has a ``state``.

    ``trust`` is the word for its sender when it came, ``kept_ms`` when it was kept here. ``room``,
    ``action``, ``mention`` and ``reply`` are those of a `Message`; ``reactions`` are who reacts
    with which symbol, one of each person. One that was deleted is ``edited`` and has no ``text``.
    """

    message_id: str
    sender: str
    recipient: str
    text: str
    time_ms: int
    kept_ms: int
    e2e: bool
    trust: str
    state: DeliveryState | None
    missing: int
    late: bool
    room: str | None = None
    action: bool = False
    position: int = 0
    """Where it stands in the history: later ones are higher (`amend_commands.Page`)."""
    edited: bool = False
    mention: bool = False
    reactions: tuple[tuple[str, str], ...] = ()
    reply: Quote | None = None
