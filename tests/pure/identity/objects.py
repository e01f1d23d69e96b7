"""One of each signed object, and how each is verified by whoever trusts its signer."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from securechat.crypto.signing import SigningKey
from securechat.identity.device import NO_PREVIOUS_LIST, DeviceCertificate, DeviceList
from securechat.identity.login import LoginProof
from securechat.identity.names import parse_name
from securechat.identity.prekeys import OneTimeKey, PrekeyBundle
from securechat.identity.registration import Registration
from securechat.identity.signed import SignedObject
from securechat.identity.types import (
    DeviceId,
    EnvelopeKey,
    HybridKey,
    OlmIdentityKey,
    Prekey,
    RelayId,
    SigningPublicKey,
    UserKey,
)

RELAY = RelayId(b"r" * 32)


@dataclass(frozen=True)
class Person:
    """A user key, a device and everything that they sign."""

    user: SigningKey
    signer: SigningKey
    certificate: DeviceCertificate
    device_list: DeviceList
    registration: Registration
    bundle: PrekeyBundle
    one_time_key: OneTimeKey
    login: LoginProof

    @property
    def user_key(self) -> UserKey:
        return UserKey(self.user.public)

    def checks(self) -> list[tuple[SignedObject, Callable[[SignedObject], None]]]:
        return [
            (self.registration, lambda o: cast(Registration, o).verify(RELAY)),
            (self.certificate, lambda o: cast(DeviceCertificate, o).verify(self.user_key)),
            (self.device_list, lambda o: cast(DeviceList, o).verify(self.user_key)),
            (self.bundle, lambda o: cast(PrekeyBundle, o).verify(self.certificate)),
            (self.one_time_key, lambda o: cast(OneTimeKey, o).verify(self.certificate)),
            (self.login, lambda o: verify_login(cast(LoginProof, o), self.certificate)),
        ]


def verify_login(
    proof: LoginProof,
    certificate: DeviceCertificate,
    *,
    relay_id: RelayId = RELAY,
    certificate_hash: bytes = b"c" * 32,
    server_nonce: bytes = b"s" * 32,
    protocol_version: int = 1,
) -> None:
    proof.verify(
        certificate,
        relay_id=relay_id,
        certificate_hash=certificate_hash,
        server_nonce=server_nonce,
        protocol_version=protocol_version,
    )


def make_certificate(
    user: SigningKey, signer: SigningKey, device_id: bytes = b"d" * 16
) -> DeviceCertificate:
    return DeviceCertificate.sign(
        user,
        device_id=DeviceId(device_id),
        signing_key=SigningPublicKey(signer.public),
        olm_key=OlmIdentityKey(b"o" * 32),
        created_ms=1_700_000_000_000,
        sequence=1,
    )


def make_bundle(signer: SigningKey, certificate: DeviceCertificate, epoch: int = 3) -> PrekeyBundle:
    return PrekeyBundle.sign(
        signer,
        certificate,
        epoch=epoch,
        suites=b"\1",
        envelope_key=EnvelopeKey(b"e" * 32),
        hybrid_key=HybridKey(b"h" * 1216),
        fallback_key=Prekey(b"f" * 32),
        not_before_ms=1_700_000_000_000,
        not_after_ms=1_703_801_600_000,
    )


def make_person(name: str = "Alice", seed: int = 1) -> Person:
    user, signer = SigningKey(bytes([seed]) * 32), SigningKey(bytes([seed + 100]) * 32)
    certificate = make_certificate(user, signer)
    return Person(
        user,
        signer,
        certificate,
        DeviceList.sign(
            user, sequence=1, previous_hash=NO_PREVIOUS_LIST, certificates=(certificate,)
        ),
        Registration.sign(user, relay_id=RELAY, name=parse_name(name), time_ms=1_700_000_000_000),
        make_bundle(signer, certificate),
        OneTimeKey.sign(signer, certificate, bundle_epoch=3, prekey=Prekey(b"k" * 32)),
        LoginProof.sign(
            signer,
            certificate,
            relay_id=RELAY,
            certificate_hash=b"c" * 32,
            server_nonce=b"s" * 32,
            client_nonce=b"n" * 32,
            protocol_version=1,
        ),
    )
