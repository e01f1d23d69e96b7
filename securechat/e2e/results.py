"""What an endpoint returns."""

from dataclasses import dataclass

from securechat.e2e.content import ReceivedContent
from securechat.identity.device import DeviceCertificate
from securechat.identity.prekeys import OneTimeKey, PrekeyBundle
from securechat.identity.registration import Registration
from securechat.identity.types import DeviceAddress, MailboxId, MessageId


@dataclass(frozen=True, slots=True)
class Publication:
    """What to leave on the relay now; None and empty mean that it is up to date."""

    bundle: PrekeyBundle | None
    one_time_keys: tuple[OneTimeKey, ...]


@dataclass(frozen=True, slots=True)
class Sealed:
    """An envelope for one device; commit the changes before handing it to the relay."""

    mailbox: MailboxId
    envelope: bytes
    message_id: MessageId


@dataclass(frozen=True, slots=True)
class Introduction:
    """Who the sender of a new session is, verified under the user key of the message.

    Whether that user key is the one pinned for the name is the caller's to decide.
    """

    certificate: DeviceCertificate
    registration: Registration


@dataclass(frozen=True, slots=True)
class Opened:
    """A message, authenticated as its sender's.

    ``missing`` counts messages that should have come before it and have not. ``late`` says that it
    fills such a gap. ``forked`` is the alarm that the sender's history here is not the one seen.
    ``introduction`` comes with the first message of a session that the sender started.
    """

    sender: DeviceAddress
    message_id: MessageId
    time_ms: int
    counter: int
    content: ReceivedContent
    missing: int = 0
    late: bool = False
    forked: bool = False
    introduction: Introduction | None = None


@dataclass(frozen=True, slots=True)
class Invalid:
    """The sender's ratchet accepted it, but what is inside breaks the rules: show that it came."""

    sender: DeviceAddress
    introduction: Introduction | None = None


@dataclass(frozen=True, slots=True)
class Duplicate:
    """It was opened before: acknowledge it and show nothing."""


Outcome = Opened | Invalid | Duplicate
