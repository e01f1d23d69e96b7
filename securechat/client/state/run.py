"""One run of a profile's client: what was decided before it began, and what it adds up."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from securechat.client.connection.invite_link import InviteToken
from securechat.config import FOREVER_DAYS
from securechat.identity.types import Name, RelayId

GRACE_S = 2.0
"""How much longer than its flush an engine may take to stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What stays the same from the start of an engine to its end.

    ``relay`` is the relay's address, to show, and ``peer`` whom to talk to from the start.
    With an ``invite`` somebody new may register. ``unencrypted`` is with whom the user wants to do
    without end-to-end encryption, if they want that too. Messages are kept for ``history_days``
    unless the user has chosen another time for the conversation. With ``lobby`` the user comes to
    the lobby after the first login, unless they are not to be ``visible`` to others. With
    ``read_receipts`` contacts are told when a message of theirs was shown.
    With ``typing`` people see that the user types, and the user that they do.
    With ``takes_new_keys`` the new key of somebody who is not verified is taken at once.
    ``known_relay`` gives the relay that the run may begin without, or None: it has let this profile
    in before. With ``trusts_one_relay`` no other one can answer.
    ``now_ms`` is the time of day, ``now_s`` a clock that is never set.
    """

    name: Name
    relay: str
    peer: str | None = None
    invite: InviteToken | None = field(default=None, repr=False)
    unencrypted: str | None = None
    history_days: int = FOREVER_DAYS
    read_receipts: bool = False
    takes_new_keys: bool = False
    lobby: bool = False
    visible: bool = True
    typing: bool = True
    known_relay: Callable[[], RelayId | None] = lambda: None
    trusts_one_relay: bool = False
    now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000
    now_s: Callable[[], float] = time.monotonic


class SoFar(msgspec.Struct):
    """What has happened in a run, at whatever relay."""

    withheld: int = 0
    """How many own texts were not sent because a key had changed."""
    errands: set[str] = msgspec.field(default_factory=set)
    """The ids of texts that other commands have asked for, and of their questions."""
    in_lobby: bool = False
    """Whether the user wants to be in the lobby."""
    visible: bool = True
    """Whether others may see that the user is here."""
    typing: bool = True
    """Whether others see that the user types, and the user that they do."""
    away: bool = False
    """Whether others see that nobody sits here."""
