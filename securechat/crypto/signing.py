"""Ed25519 signatures: the part of ``crypto`` that every floor may use."""

from functools import lru_cache
from typing import Self

from nacl import bindings
from nacl.exceptions import CryptoError

from securechat.errors import InvalidSignature

PUBLIC_KEY_SIZE_BYTES = 32
SEED_SIZE_BYTES = 32
SIGNATURE_SIZE_BYTES = 64

_REMEMBERED = 32
"""Good signatures that were checked last: who begins to write says who they are in each message."""


class SigningKey:
    """A secret Ed25519 key; its ``repr`` shows nothing of it."""

    __slots__ = ("_secret", "public")

    def __init__(self, seed: bytes) -> None:
        self.public, self._secret = bindings.crypto_sign_seed_keypair(seed)

    @classmethod
    def generate(cls) -> Self:
        """Make a key from the system's randomness."""
        return cls(bindings.randombytes(SEED_SIZE_BYTES))

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature of ``message``."""
        return bindings.crypto_sign(message, self._secret)[:SIGNATURE_SIZE_BYTES]

    def export_seed(self) -> bytes:
        """Return the 32 secret bytes that the constructor takes, for storage."""
        return self._secret[:SEED_SIZE_BYTES]

    def __repr__(self) -> str:
        return "SigningKey(secret)"


def verify(public_key: bytes, message: bytes, signature: bytes) -> None:
    """Check a signature; raise `InvalidSignature` when it, or the key, is not good.

    Points of low order and keys of a wrong size count as not good.
    """
    if len(public_key) != PUBLIC_KEY_SIZE_BYTES or len(signature) != SIGNATURE_SIZE_BYTES:
        raise InvalidSignature("A key or a signature has the wrong size.")
    try:
        _open_signed(signature + message, public_key)
    except CryptoError as error:
        raise InvalidSignature("A signature does not verify under its key.") from error


@lru_cache(maxsize=_REMEMBERED)
def _open_signed(signed: bytes, public_key: bytes) -> None:
    bindings.crypto_sign_open(signed, public_key)
