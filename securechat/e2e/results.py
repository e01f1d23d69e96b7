"""What an endpoint returns."""

import msgspec

from securechat.e2e.content import ReceivedContent
from securechat.identity.device import DeviceCertificate
from securechat.identity.prekeys import OneTimeKey, PrekeyBundle
from securechat.identity.registration import Registration
from securechat.identity.types import DeviceAddress, MailboxId, MessageId


class Publication(msgspec.Struct, frozen=True):
    """What to leave on the relay now; None and empty mean that it is up to date."""

    bundle: PrekeyBundle | None
    one_time_keys: tuple[OneTimeKey, ...]


class Sealed(msgspec.Struct, frozen=True):
    """An envelope for one device; commit the changes before handing it to the relay."""

    mailbox: MailboxId
    envelope: bytes
    message_id: MessageId


class Introduction(msgspec.Struct, frozen=True):
    """Who the sender of a new session is, verified under the user key of the message.

    Whether that user key is the one pinned for the name is the caller's to decide.
    """

    certificate: DeviceCertificate
    registration: Registration


class Opened(msgspec.Struct, frozen=True):
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


class Invalid(msgspec.Struct, frozen=True):
    """The sender's ratchet accepted it, but what is inside breaks the rules: show that it came."""

    sender: DeviceAddress
    introduction: Introduction | None = None


class Duplicate(msgspec.Struct, frozen=True):
    """It was opened before: acknowledge it and show nothing."""


Outcome = Opened | Invalid | Duplicate
