"""NaCl sealed boxes (outer layer of an envelope) and XChaCha20-Poly1305 (middle layer)."""

import os

from nacl import bindings
from nacl.exceptions import CryptoError

from securechat.errors import CannotOpen, RemoteProtocolError

PUBLIC_KEY_SIZE_BYTES = 32
SEALED_BOX_OVERHEAD_BYTES = 48

AEAD_KEY_SIZE_BYTES = 32
AEAD_NONCE_SIZE_BYTES = 24
AEAD_TAG_SIZE_BYTES = 16


def random_bytes(size_bytes: int) -> bytes:
    """Return bytes from the system's randomness."""
    return os.urandom(size_bytes)


class SealedBoxKey:
    """A secret X25519 key that opens what was sealed to its public half."""

    __slots__ = ("_secret", "public")

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self.public = bindings.crypto_scalarmult_base(secret)

    @classmethod
    def generate(cls) -> "SealedBoxKey":
        """Make a key from the system's randomness."""
        return cls(random_bytes(PUBLIC_KEY_SIZE_BYTES))

    def open(self, sealed: bytes) -> bytes:
        """Return the plaintext, `SEALED_BOX_OVERHEAD_BYTES` shorter, or raise `CannotOpen`."""
        if len(sealed) < SEALED_BOX_OVERHEAD_BYTES:
            raise CannotOpen("A sealed box is too short.")
        try:
            return bindings.crypto_box_seal_open(sealed, self.public, self._secret)
        except CryptoError as error:
            raise CannotOpen("A sealed box does not open.") from error

    def export_secret(self) -> bytes:
        """Return the 32 secret bytes that the constructor takes, for storage."""
        return self._secret

    def __repr__(self) -> str:
        return "SealedBoxKey(secret)"


def seal_box(plaintext: bytes, public_key: bytes) -> bytes:
    """Seal to an X25519 key of 32 bytes so that only its owner can open, and nobody is named.

    Raises `RemoteProtocolError` when the key is a point of low order or has another size.
    """
    if len(public_key) != PUBLIC_KEY_SIZE_BYTES:
        raise RemoteProtocolError("An envelope key has the wrong size.")
    try:
        return bindings.crypto_box_seal(plaintext, public_key)
    except CryptoError as error:
        raise RemoteProtocolError("An envelope key is not usable.") from error


def seal_aead(plaintext: bytes, associated: bytes, nonce: bytes, key: bytes) -> bytes:
    """Encrypt with XChaCha20-Poly1305; the result is `AEAD_TAG_SIZE_BYTES` longer."""
    return bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(plaintext, associated, nonce, key)


def open_aead(ciphertext: bytes, associated: bytes, nonce: bytes, key: bytes) -> bytes:
    """Undo `seal_aead`, or raise `CannotOpen`."""
    if len(ciphertext) < AEAD_TAG_SIZE_BYTES:
        raise CannotOpen("A ciphertext is too short.")
    try:
        return bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
            ciphertext, associated, nonce, key
        )
    except CryptoError as error:
        raise CannotOpen("A ciphertext does not open.") from error
