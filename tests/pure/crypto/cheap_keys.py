"""Keys from passphrases that cost nothing, for tests of everything but their cost."""

import hashlib

import pytest

from securechat.crypto import passphrase_sealer
from securechat.crypto.passphrase import Hardness, Passphrase


def make_keys_cheap(monkeypatch: pytest.MonkeyPatch) -> list[Hardness]:
    """Replace Argon2 by a plain hash; return how hard each key was meant to be."""
    asked: list[Hardness] = []

    def derive(passphrase: Passphrase, salt: bytes, hardness: Hardness) -> bytes:
        asked.append(hardness)
        return hashlib.blake2b(passphrase.encode(), salt=salt, digest_size=32).digest()

    monkeypatch.setattr(passphrase_sealer, "derive_key", derive)
    return asked
