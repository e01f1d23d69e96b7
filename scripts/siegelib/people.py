"""People with one device each, whose keys follow from their names: every process makes the same."""

import hashlib
import os
from dataclasses import dataclass
from typing import Self

from securechat.crypto.signing import SigningKey
from securechat.identity.device import NO_PREVIOUS_LIST, DeviceCertificate, DeviceList
from securechat.identity.login import LoginProof
from securechat.identity.names import parse_name
from securechat.identity.prekeys import HYBRID_KEY_SIZE_BYTES, PrekeyBundle
from securechat.identity.registration import Registration
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
class Person:
    """Somebody with one device."""

    name: str
    user_key: SigningKey
    device_key: SigningKey
    certificate: DeviceCertificate

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

    def hello(self) -> f.Hello:
        """Return the first frame."""
        address = self.certificate.user_key, self.certificate.device_id
        return f.Hello((f.PROTOCOL_VERSION,), *address, "siege")

    def register(self, challenge: f.Challenge) -> f.Register:
        """Return the frame that puts the name on the user key."""
        registration = Registration.sign(
            self.user_key,
            relay_id=challenge.relay_id,
            name=parse_name(self.name),
            time_ms=BORN_MS,
        )
        certificates = (self.certificate,)
        device_list = DeviceList.sign(
            self.user_key, sequence=1, previous_hash=NO_PREVIOUS_LIST, certificates=certificates
        )
        return f.Register(registration, device_list, certificates)

    def log_in(self, challenge: f.Challenge, relay_certificate: bytes) -> f.Login:
        """Return the frame that proves the device on this connection."""
        proof = LoginProof.sign(
            self.device_key,
            self.certificate,
            relay_id=challenge.relay_id,
            certificate_hash=hashlib.sha256(relay_certificate).digest(),
            server_nonce=challenge.nonce,
            client_nonce=os.urandom(32),
            protocol_version=challenge.version,
        )
        return f.Login(proof)

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
