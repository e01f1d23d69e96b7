"""What the relay tells the program around it: never a text, a key or an address book."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from securechat.errors import SecureChatError
from securechat.store.news import StoreNews


@dataclass(frozen=True, slots=True)
class Joined:
    """A person's device has logged in."""

    name: str


@dataclass(frozen=True, slots=True)
class Left:
    """A person's last connected device has gone."""

    name: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """A login has failed, for this reason (a code of PROTOCOL.md)."""

    address: str
    code: str
    untold: int = 0
    """How many before it were not told of, because they came too fast."""


RegisteredBy = Literal["open", "invite", "code", "near"]
"""How a new person got in: as anybody, with an invite, with a code, on the relay's own machine."""

InviteChange = Literal["made", "used", "revoked"]


@dataclass(frozen=True, slots=True)
class Registered:
    """A new person is on the disk."""

    name: str
    address: str
    by: RegisteredBy


@dataclass(frozen=True, slots=True)
class Replaced:
    """A device has logged in again, from this address; its earlier connection has to go."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class SlotEnded:
    """Somebody at this address has paired with a code, or has tried to; a code of PROTOCOL.md."""

    address: str
    code: str


@dataclass(frozen=True, slots=True)
class InviteChanged:
    """A member has made an invite or taken it back, or this new person has used one."""

    name: str
    what: InviteChange


@dataclass(frozen=True, slots=True)
class CertificateRenewed:
    """The relay has a new certificate, for the same key."""

    reason: str
    not_after: datetime


@dataclass(frozen=True, slots=True)
class CertificateProblem:
    """The relay's certificate should have been renewed, for this reason, and could not be."""

    reason: str
    error: SecureChatError


AuditEvent = Registered | Replaced | SlotEnded | InviteChanged
"""What people do to accounts; strangers cause some of it, so not all of a flood is told."""

RelayEvent = (
    Joined | Left | Refusal | AuditEvent | CertificateRenewed | CertificateProblem | StoreNews
)
