"""Keys from passphrases: Argon2id, never cheaper than what was thought enough."""

import unicodedata
from dataclasses import dataclass, field

from msgspec import Struct
from nacl import bindings
from nacl.exceptions import RuntimeError as FailedDerivation

from securechat.errors import CannotOpen, SecureChatError

SALT_SIZE_BYTES = 16
KEY_SIZE_BYTES = 32

_MIB = 1 << 20
_MIN_PASSES, _MAX_PASSES = 3, 16
_MIN_MEMORY_BYTES, _MAX_MEMORY_BYTES = 256 * _MIB, 1024 * _MIB


@dataclass(frozen=True, slots=True)
class Passphrase:
    """What a person types to prove who they are; the same one however its accents were typed."""

    text: str = field(repr=False)

    def encode(self) -> bytes:
        """Return the bytes that a key is derived from: UTF-8 of the text in NFC."""
        return unicodedata.normalize("NFC", self.text).encode()


class Hardness(Struct, frozen=True):
    """What each guess costs: from 3 passes over 256 MiB to 16 over 1 GiB; else CannotOpen.

    More would be a file that wears out the machine of whoever opens it.
    """

    passes: int = _MIN_PASSES
    memory_bytes: int = _MIN_MEMORY_BYTES

    def __post_init__(self) -> None:
        enough = self.passes >= _MIN_PASSES and self.memory_bytes >= _MIN_MEMORY_BYTES
        bounded = self.passes <= _MAX_PASSES and self.memory_bytes <= _MAX_MEMORY_BYTES
        if not (enough and bounded):
            raise CannotOpen("The cost of a passphrase's key is outside its bounds.")


def derive_key(passphrase: Passphrase, salt: bytes, hardness: Hardness) -> bytes:
    """Return the 32-byte key of a passphrase and a salt of 16 bytes; takes about half a second.

    Raises SecureChatError when there is not enough memory.
    """
    try:
        return bindings.crypto_pwhash_alg(
            KEY_SIZE_BYTES,
            passphrase.encode(),
            salt,
            hardness.passes,
            hardness.memory_bytes,
            bindings.crypto_pwhash_ALG_ARGON2ID13,
        )
    except FailedDerivation as error:
        raise SecureChatError(
            f"There are no {hardness.memory_bytes // _MIB} MiB of memory to check the passphrase",
            "free -m; close other programs, then the same command again",
        ) from error
