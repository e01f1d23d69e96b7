"""What a device leaves on the relay so that others can write to it while it is away."""

from typing import Annotated, ClassVar, Self

import msgspec

from securechat.crypto.signing import SigningKey
from securechat.identity.device import DeviceCertificate
from securechat.identity.notation import u64
from securechat.identity.signed import UNSIGNED, SignedObject, require
from securechat.identity.types import (
    SIZE_16,
    SIZE_32,
    DeviceId,
    EnvelopeKey,
    HybridKey,
    Number,
    Prekey,
    UserKey,
)

HYBRID_KEY_SIZE_BYTES = 1216
_SIZE_HYBRID = msgspec.Meta(min_length=HYBRID_KEY_SIZE_BYTES, max_length=HYBRID_KEY_SIZE_BYTES)


class PrekeyBundle(SignedObject, frozen=True, array_like=True):
    """The keys of one epoch of a device, signed by the device.

    ``suites`` holds one byte for each cipher suite that the device speaks.
    """

    label: ClassVar[str] = "securechat/prekey-bundle/v1"

    user_key: Annotated[UserKey, SIZE_32]
    device_id: Annotated[DeviceId, SIZE_16]
    epoch: Number
    suites: Annotated[bytes, msgspec.Meta(min_length=1, max_length=16)]
    envelope_key: Annotated[EnvelopeKey, SIZE_32]
    hybrid_key: Annotated[HybridKey, _SIZE_HYBRID]
    fallback_key: Annotated[Prekey, SIZE_32]
    not_before_ms: Number
    not_after_ms: Number

    @classmethod
    def sign(
        cls,
        key: SigningKey,
        certificate: DeviceCertificate,
        *,
        epoch: int,
        suites: bytes,
        envelope_key: EnvelopeKey,
        hybrid_key: HybridKey,
        fallback_key: Prekey,
        not_before_ms: int,
        not_after_ms: int,
    ) -> Self:
        """Sign a bundle with the secret half of the certificate's signing key."""
        return cls(
            signature=UNSIGNED,
            user_key=certificate.user_key,
            device_id=certificate.device_id,
            epoch=epoch,
            suites=suites,
            envelope_key=envelope_key,
            hybrid_key=hybrid_key,
            fallback_key=fallback_key,
            not_before_ms=not_before_ms,
            not_after_ms=not_after_ms,
        )._signed_with(key)

    def parts(self) -> tuple[bytes, ...]:
        """Return the fields in their order."""
        return (
            self.user_key,
            self.device_id,
            u64(self.epoch),
            self.suites,
            self.envelope_key,
            self.hybrid_key,
            self.fallback_key,
            u64(self.not_before_ms),
            u64(self.not_after_ms),
        )

    def verify(self, certificate: DeviceCertificate) -> None:
        """Check that the device of a verified ``certificate`` signed this for itself."""
        _require_same_device(self.user_key, self.device_id, certificate)
        require(self.not_before_ms < self.not_after_ms, "A prekey bundle ends before it begins.")
        self._verify_under(certificate.signing_key)


class OneTimeKey(SignedObject, frozen=True, array_like=True):
    """A prekey that starts one session only, signed by its device."""

    label: ClassVar[str] = "securechat/one-time-key/v1"

    user_key: Annotated[UserKey, SIZE_32]
    device_id: Annotated[DeviceId, SIZE_16]
    bundle_epoch: Number
    key: Annotated[Prekey, SIZE_32]

    @classmethod
    def sign(
        cls, key: SigningKey, certificate: DeviceCertificate, *, bundle_epoch: int, prekey: Prekey
    ) -> Self:
        """Sign a prekey with the secret half of the certificate's signing key."""
        return cls(
            signature=UNSIGNED,
            user_key=certificate.user_key,
            device_id=certificate.device_id,
            bundle_epoch=bundle_epoch,
            key=prekey,
        )._signed_with(key)

    def parts(self) -> tuple[bytes, ...]:
        """Return user key, device id, bundle epoch, key."""
        return (self.user_key, self.device_id, u64(self.bundle_epoch), self.key)

    def verify(self, certificate: DeviceCertificate) -> None:
        """Check that the device of a verified ``certificate`` signed this for itself."""
        _require_same_device(self.user_key, self.device_id, certificate)
        self._verify_under(certificate.signing_key)


def _require_same_device(
    user_key: UserKey, device_id: DeviceId, certificate: DeviceCertificate
) -> None:
    require((user_key, device_id) == certificate.address, "A prekey is for another device.")
