"""People with one device each, whose keys follow from their names: every process makes the same."""

import hashlib
from dataclasses import dataclass
from typing import Self

from relaybench.accounts import Account

from securechat.crypto.signing import SigningKey
from securechat.identity.device import DeviceCertificate
from securechat.identity.prekeys import HYBRID_KEY_SIZE_BYTES, PrekeyBundle
from securechat.identity.types import (
    DeviceId,
    EnvelopeKey,
    HybridKey,
    MailboxId,
    OlmIdentityKey,
    Prekey,
    SigningPublicKey,
)
from securechat.wire import frames as f

BORN_MS, MONTH_MS = 1_700_000_000_000, 30 * 24 * 60 * 60 * 1000


@dataclass(frozen=True, slots=True)
class Person(Account):
    """Somebody whose name is enough to log in as them."""

    @classmethod
    def named(cls, name: str) -> Self:
        """Return the person of this name."""
        user_key, device_key = SigningKey(_seed(name, "user")), SigningKey(_seed(name, "device"))
        certificate = DeviceCertificate.sign(
            user_key,
            device_id=DeviceId(_seed(name, "id")[:16]),
            signing_key=SigningPublicKey(device_key.public),
            olm_key=OlmIdentityKey(_seed(name, "olm")),
            created_ms=BORN_MS,
            sequence=1,
        )
        return cls(name, user_key, device_key, certificate)

    @property
    def mailbox(self) -> MailboxId:
        """Where others write to."""
        return self.certificate.mailbox

    def publish(self) -> f.Publish:
        """Return the frame that leaves a bundle, after which the device counts as present."""
        bundle = PrekeyBundle.sign(
            self.device_key,
            self.certificate,
            epoch=1,
            suites=b"\1",
            envelope_key=EnvelopeKey(_seed(self.name, "envelope")),
            hybrid_key=HybridKey(bytes(HYBRID_KEY_SIZE_BYTES)),
            fallback_key=Prekey(_seed(self.name, "fallback")),
            not_before_ms=BORN_MS,
            not_after_ms=BORN_MS + MONTH_MS,
        )
        return f.Publish(1, bundle, ())


def _seed(name: str, purpose: str) -> bytes:
    return hashlib.sha256(f"siege {purpose} {name}".encode()).digest()
