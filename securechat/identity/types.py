"""The bytes that identify people, devices, relays and messages, each with its own type."""

from functools import lru_cache
from typing import Annotated, NamedTuple, NewType

import msgspec

from securechat.identity.notation import digest

UserKey = NewType("UserKey", bytes)
"""A person: their Ed25519 public key, 32 bytes; what contacts pin."""

DeviceId = NewType("DeviceId", bytes)
"""One device of a person: 16 random bytes."""

SigningPublicKey = NewType("SigningPublicKey", bytes)
"""A device's Ed25519 public key, 32 bytes."""

OlmIdentityKey = NewType("OlmIdentityKey", bytes)
"""A device's Curve25519 identity key for Olm, 32 bytes."""

EnvelopeKey = NewType("EnvelopeKey", bytes)
"""The X25519 public key that envelopes for a device are sealed to, 32 bytes."""

HybridKey = NewType("HybridKey", bytes)
"""The MLKEM768-X25519 public key that session secrets are sealed to, 1,216 bytes."""

Prekey = NewType("Prekey", bytes)
"""A Curve25519 public key that starts an Olm session (one-time or fallback), 32 bytes."""

MailboxId = NewType("MailboxId", bytes)
"""Where a device's envelopes wait on a relay, 16 bytes; see `mailbox_id`."""

EnvelopeId = NewType("EnvelopeId", bytes)
"""The sender's id of one envelope, 16 random bytes, the same on every retry."""

MessageId = NewType("MessageId", bytes)
"""The id of a message inside its envelope, 16 random bytes; the relay never sees it."""

RelayId = NewType("RelayId", bytes)
"""A relay: SHA-256 of its TLS key's SubjectPublicKeyInfo, 32 bytes."""

Digest = NewType("Digest", bytes)
"""A BLAKE2b-256 hash, 32 bytes."""

RoomId = NewType("RoomId", bytes)
"""A room: a hash that names its relay and its creator, 32 bytes; see `roster.room_id_of`."""

Name = NewType("Name", str)
"""A name that `securechat.identity.names.parse_name` accepted."""

Fingerprint = NewType("Fingerprint", str)
"""A key or relay id shortened for eyes: ``9f2c-41aa-07be-d310``."""


class DeviceAddress(NamedTuple):
    """One device of one person."""

    user_key: UserKey
    device_id: DeviceId

    def encode(self) -> bytes:
        """Return both as 48 bytes."""
        return self.user_key + self.device_id

    @classmethod
    def decode(cls, encoded: bytes) -> "DeviceAddress":
        """Undo `encode`; bytes after the first 48 are left alone."""
        return cls(UserKey(encoded[:32]), DeviceId(encoded[32:48]))


Signature = Annotated[bytes, msgspec.Meta(min_length=64, max_length=64)]
SIZE_16 = msgspec.Meta(min_length=16, max_length=16)
SIZE_32 = msgspec.Meta(min_length=32, max_length=32)
MAX_NUMBER = 2**63 - 1
Number = Annotated[int, msgspec.Meta(ge=0, le=MAX_NUMBER)]
"""A time in milliseconds since 1970, a sequence or an epoch; 8 bytes in ``L``."""


@lru_cache(maxsize=1024)
def mailbox_id(user_key: UserKey, device_id: DeviceId) -> MailboxId:
    """Derive the mailbox of a device, so that nobody can choose or squat one."""
    return MailboxId(digest("securechat/mailbox/v1", user_key, device_id)[:16])


def fingerprint(identifier: bytes) -> Fingerprint:
    """Shorten a relay id or public key (32 bytes) to 16 hexadecimal digits for a screen.

    It is for recognising, never for comparing in code: 64 bits can be searched for.
    """
    digits = identifier[:8].hex()
    return Fingerprint("-".join(digits[i : i + 4] for i in range(0, 16, 4)))
