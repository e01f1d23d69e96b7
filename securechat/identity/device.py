"""Devices of a person: the certificate of each, and the signed list of all."""

from typing import Annotated, ClassVar, Self

import msgspec

from securechat.crypto.signing import SigningKey
from securechat.identity.notation import digest, u64
from securechat.identity.signed import UNSIGNED, SignedObject, require
from securechat.identity.types import (
    SIZE_16,
    SIZE_32,
    DeviceAddress,
    DeviceId,
    Digest,
    MailboxId,
    Number,
    OlmIdentityKey,
    SigningPublicKey,
    UserKey,
    mailbox_id,
)

NO_PREVIOUS_LIST = Digest(bytes(32))
"""The previous hash in the first device list of a person."""

MAX_DEVICES = 64


class DeviceCertificate(SignedObject, frozen=True, array_like=True):
    """A user key's statement that a device with these keys is theirs."""

    label: ClassVar[str] = "securechat/device-certificate/v1"

    user_key: Annotated[UserKey, SIZE_32]
    device_id: Annotated[DeviceId, SIZE_16]
    signing_key: Annotated[SigningPublicKey, SIZE_32]
    olm_key: Annotated[OlmIdentityKey, SIZE_32]
    created_ms: Number
    sequence: Number

    @classmethod
    def sign(
        cls,
        key: SigningKey,
        *,
        device_id: DeviceId,
        signing_key: SigningPublicKey,
        olm_key: OlmIdentityKey,
        created_ms: int,
        sequence: int,
    ) -> Self:
        """Certify a device with the user key's secret half."""
        return cls(
            signature=UNSIGNED,
            user_key=UserKey(key.public),
            device_id=device_id,
            signing_key=signing_key,
            olm_key=olm_key,
            created_ms=created_ms,
            sequence=sequence,
        )._signed_with(key)

    def parts(self) -> tuple[bytes, ...]:
        """Return user key, device id, signing key, Olm key, creation time, sequence."""
        return (
            self.user_key,
            self.device_id,
            self.signing_key,
            self.olm_key,
            u64(self.created_ms),
            u64(self.sequence),
        )

    @property
    def address(self) -> DeviceAddress:
        """User key and device id."""
        return DeviceAddress(self.user_key, self.device_id)

    @property
    def hash(self) -> Digest:
        """The hash that device lists hold."""
        return Digest(digest("securechat/device-certificate-hash/v1", *self.parts()))

    @property
    def mailbox(self) -> MailboxId:
        """The device's mailbox on any relay."""
        return mailbox_id(self.user_key, self.device_id)

    def verify(self, user_key: UserKey) -> None:
        """Check that ``user_key`` certified this; raises as `SignedObject` objects do."""
        require(self.user_key == user_key, "A device certificate is for another person.")
        self._verify_under(self.user_key)


class DeviceList(SignedObject, frozen=True, array_like=True):
    """All devices of a person at one time; each list names the hash of the one before."""

    label: ClassVar[str] = "securechat/device-list/v1"

    user_key: Annotated[UserKey, SIZE_32]
    sequence: Number
    previous_hash: Annotated[Digest, SIZE_32]
    certificate_hashes: Annotated[
        tuple[Annotated[Digest, SIZE_32], ...],
        msgspec.Meta(min_length=1, max_length=MAX_DEVICES),
    ]

    @classmethod
    def sign(
        cls,
        key: SigningKey,
        *,
        sequence: int,
        previous_hash: Digest,
        certificates: tuple[DeviceCertificate, ...],
    ) -> Self:
        """List ``certificates`` with the user key's secret half."""
        return cls(
            signature=UNSIGNED,
            user_key=UserKey(key.public),
            sequence=sequence,
            previous_hash=previous_hash,
            certificate_hashes=tuple(sorted(certificate.hash for certificate in certificates)),
        )._signed_with(key)

    def parts(self) -> tuple[bytes, ...]:
        """Return user key, sequence, previous hash, then each certificate hash."""
        return (self.user_key, u64(self.sequence), self.previous_hash, *self.certificate_hashes)

    @property
    def hash(self) -> Digest:
        """The hash that the next list holds as its previous one."""
        return Digest(digest("securechat/device-list-hash/v1", *self.parts()))

    def may_follow(self, older: "DeviceList") -> bool:
        """Tell whether whoever keeps ``older`` takes this list after it, or as the same one."""
        if self.sequence == older.sequence + 1:
            return self.previous_hash == older.hash
        return self.sequence > older.sequence or self.hash == older.hash

    def verify(self, user_key: UserKey) -> None:
        """Check that ``user_key`` signed this and that the hashes are sorted without repetition."""
        require(self.user_key == user_key, "A device list is for another person.")
        ascending = tuple(sorted(set(self.certificate_hashes)))
        require(self.certificate_hashes == ascending, "A device list is not sorted.")
        self._verify_under(self.user_key)
