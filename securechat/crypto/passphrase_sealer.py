"""Bytes that take a passphrase to open: Argon2id makes the key, XChaCha20-Poly1305 seals."""

from typing import Self

from msgspec import Struct

from securechat.crypto.passphrase import SALT_SIZE_BYTES, Hardness, Passphrase, derive_key
from securechat.crypto.sealing import AEAD_NONCE_SIZE_BYTES, open_aead, random_bytes, seal_aead


class PassphraseSealer(Struct, frozen=True):
    """What is stored beside sealed bytes, none of it secret.

    The caller binds hardness and salt (16 bytes) by the associated data; the nonce (24 bytes) is
    bound anyway. Deriving the key takes about half a second, and raises as `derive_key` does.
    """

    hardness: Hardness
    salt: bytes
    nonce: bytes

    @classmethod
    def draw(cls) -> Self:
        """Return one to seal with, once."""
        return cls(Hardness(), random_bytes(SALT_SIZE_BYTES), random_bytes(AEAD_NONCE_SIZE_BYTES))

    def seal(self, plaintext: bytes, associated: bytes, passphrase: Passphrase) -> bytes:
        """Return ``plaintext`` encrypted, 16 bytes longer."""
        return seal_aead(plaintext, associated, self.nonce, self._derive(passphrase))

    def open(self, sealed: bytes, associated: bytes, passphrase: Passphrase) -> bytes:
        """Undo `seal`; CannotOpen for another passphrase, or when anything was changed."""
        return open_aead(sealed, associated, self.nonce, self._derive(passphrase))

    def _derive(self, passphrase: Passphrase) -> bytes:
        return derive_key(passphrase, self.salt, self.hardness)
