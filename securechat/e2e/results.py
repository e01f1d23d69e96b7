"""What an endpoint returns."""

import msgspec

from securechat.e2e.amend_content import Typing
from securechat.e2e.content import ReceivedContent
from securechat.errors import CannotOpen
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
    ``introduction`` comes with each message that carries the start of the sender's session. It was
    not ``encrypted`` end to end when both have agreed to do without: the relay could read it.
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
    encrypted: bool = True


class Invalid(msgspec.Struct, frozen=True):
    """The sender's ratchet accepted it, but what is inside breaks the rules: show that it came."""

    sender: DeviceAddress
    introduction: Introduction | None = None


class Duplicate(msgspec.Struct, frozen=True):
    """It was opened before: acknowledge it and show nothing."""


class Repeated(Duplicate, frozen=True):
    """A message that was opened before, in a new place: sealed anew for this device, or by another.

    ``missing`` and ``forked`` are those of `Opened`. Confirm it, and show nothing.
    """

    sender: DeviceAddress
    message_id: MessageId
    missing: int = 0
    forked: bool = False


class Signal(msgspec.Struct, frozen=True):
    """What is true for a moment only, authenticated as a device's: no message, and not in order.

    Without a ``content`` nothing of it counts: it came before, or too late, or breaks the rules.
    """

    sender: DeviceAddress
    content: Typing | None


class Unreadable(CannotOpen):
    """Sealed for this device, but it does not open: the words are those of any `CannotOpen`.

    ``claimed`` is the sender that the head names. Anybody can have written that: it is a reason to
    ask that device to send again (`Endpoint.ask_recovery`), and for nothing else.
    """

    def __init__(self, what: str, claimed: DeviceAddress) -> None:
        super().__init__(what)
        self.claimed = claimed


Outcome = Opened | Invalid | Duplicate | Signal
