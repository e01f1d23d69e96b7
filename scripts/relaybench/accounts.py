"""People with one device each, who register and log in at a relay."""

import hashlib
import os
import time
from dataclasses import dataclass

from securechat.crypto.signing import SigningKey
from securechat.identity.device import NO_PREVIOUS_LIST, DeviceCertificate, DeviceList
from securechat.identity.login import LoginProof
from securechat.identity.names import parse_name
from securechat.identity.registration import Registration
from securechat.identity.types import DeviceId, OlmIdentityKey, SigningPublicKey
from securechat.wire import frames as f


@dataclass(frozen=True, slots=True)
class Account:
    """A person with one device."""

    name: str
    user_key: SigningKey
    device_key: SigningKey
    certificate: DeviceCertificate

    @classmethod
    def create(cls, name: str) -> "Account":
        """Make the keys and the certificate."""
        user_key, device_key = SigningKey.generate(), SigningKey.generate()
        certificate = DeviceCertificate.sign(
            user_key,
            device_id=DeviceId(os.urandom(16)),
            signing_key=SigningPublicKey(device_key.public),
            olm_key=OlmIdentityKey(os.urandom(32)),
            created_ms=_now_ms(),
            sequence=1,
        )
        return cls(name, user_key, device_key, certificate)

    def hello(self) -> f.Hello:
        """Return the frame that says who wants to log in."""
        certificate = self.certificate
        return f.Hello((f.PROTOCOL_VERSION,), certificate.user_key, certificate.device_id, "bench")

    def register(self, challenge: f.Challenge) -> f.Register:
        """Return the frame that puts the name on the user key."""
        registration = Registration.sign(
            self.user_key,
            relay_id=challenge.relay_id,
            name=parse_name(self.name),
            time_ms=_now_ms(),
        )
        device_list = DeviceList.sign(
            self.user_key,
            sequence=1,
            previous_hash=NO_PREVIOUS_LIST,
            certificates=(self.certificate,),
        )
        return f.Register(registration, device_list, (self.certificate,))

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


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
