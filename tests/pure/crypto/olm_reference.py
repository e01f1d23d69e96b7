"""A sender of Olm v1 that uses whatever keys it is given, for what an honest one never sends."""

import hmac
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from nacl import bindings
from nacl.exceptions import RuntimeError as ZeroSharedSecret

from tests.pure.crypto.reference import hkdf_sha256

_PROBE = b"\x08".ljust(31, b"\0") + b"\x40"


@dataclass(frozen=True)
class KeyPair:
    """A Curve25519 key; for a point of low order the secret half is of no use."""

    secret: bytes
    public: bytes

    @classmethod
    def of(cls, secret: bytes) -> "KeyPair":
        return cls(secret, bindings.crypto_scalarmult_base(secret))

    @classmethod
    def low_order(cls, point: bytes) -> "KeyPair":
        return cls(_PROBE, point)

    def agree(self, public: bytes) -> bytes:
        """Return the shared secret, all zero when either point is of low order."""
        try:
            bindings.crypto_scalarmult(_PROBE, self.public)
            return bindings.crypto_scalarmult(self.secret, public)
        except ZeroSharedSecret:
            return bytes(32)


def start_keys(identity: KeyPair, base: KeyPair, peer: bytes, prekey: bytes) -> tuple[bytes, bytes]:
    """Return root key and first chain key of the session that ``identity`` starts."""
    secret = identity.agree(prekey) + base.agree(peer) + base.agree(prekey)
    return _halves(hkdf_sha256(bytes(32), secret, b"OLM_ROOT", 64))


def next_keys(root: bytes, shared: bytes) -> tuple[bytes, bytes]:
    """Return root key and chain key after a step of the ratchet."""
    return _halves(hkdf_sha256(root, shared, b"OLM_RATCHET", 64))


def encrypt(chain: bytes, ratchet_key: bytes, plaintext: bytes) -> bytes:
    """Return the first normal message of a chain."""
    keys = hkdf_sha256(bytes(32), hmac.digest(chain, b"\1", "sha256"), b"OLM_KEYS", 80)
    filling = 16 - len(plaintext) % 16
    cipher = Cipher(algorithms.AES(keys[:32]), modes.CBC(keys[64:])).encryptor()
    ciphertext = cipher.update(plaintext + bytes([filling]) * filling) + cipher.finalize()
    message = b"\3" + _field(1, ratchet_key) + b"\x10\0" + _field(4, ciphertext)
    return message + hmac.digest(keys[32:64], message, "sha256")[:8]


def wrap_first(identity: bytes, base: bytes, prekey: bytes, message: bytes) -> bytes:
    """Return a pre-key message around a normal one."""
    return b"\3" + _field(1, prekey) + _field(2, base) + _field(3, identity) + _field(4, message)


def _field(number: int, value: bytes) -> bytes:
    assert len(value) < 128
    return bytes([number << 3 | 2, len(value)]) + value


def _halves(keys: bytes) -> tuple[bytes, bytes]:
    return keys[:32], keys[32:]
