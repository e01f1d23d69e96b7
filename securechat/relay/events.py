"""What the relay tells the program around it: never a text, a key or an address book."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from securechat.errors import SecureChatError
from securechat.store.news import StoreNews


class Joined(Struct, frozen=True):
    """A person's device has logged in."""

    name: str


class Left(Struct, frozen=True):
    """A person's last connected device has gone."""

    name: str


class Refusal(Struct, frozen=True):
    """A login has failed, for this reason (a code of PROTOCOL.md)."""

    address: str
    code: str
    untold: int = 0
    """How many before it were not told of, because they came too fast."""


RegisteredBy = Literal["open", "invite", "code", "near"]
"""How a new person got in: as anybody, with an invite, with a code, on the relay's own machine."""

InviteChange = Literal["made", "used", "revoked"]


class Registered(Struct, frozen=True):
    """A new person is on the disk."""

    name: str
    address: str
    by: RegisteredBy


class Replaced(Struct, frozen=True):
    """A device has logged in again, from this address; its earlier connection has to go."""

    name: str
    address: str


class SlotEnded(Struct, frozen=True):
    """Somebody at this address has paired with a code, or has tried to; a code of PROTOCOL.md."""

    address: str
    code: str


class InviteChanged(Struct, frozen=True):
    """A member has made an invite or taken it back, or this new person has used one."""

    name: str
    what: InviteChange


class CertificateRenewed(Struct, frozen=True):
    """The relay has a new certificate, for the same key."""

    reason: str
    not_after: datetime


class CertificateProblem(Struct, frozen=True):
    """The relay's certificate should have been renewed, for this reason, and could not be."""

    reason: str
    error: SecureChatError


AuditEvent = Registered | Replaced | SlotEnded | InviteChanged
"""What people do to accounts; strangers cause some of it, so not all of a flood is told."""

RelayEvent = (
    Joined | Left | Refusal | AuditEvent | CertificateRenewed | CertificateProblem | StoreNews
)
