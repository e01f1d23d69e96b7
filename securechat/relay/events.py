"""What the relay tells the program around it: never a text, a key or an address book."""

from dataclasses import dataclass
from datetime import datetime

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


RelayEvent = Joined | Left | Refusal | CertificateRenewed | CertificateProblem | StoreNews
