"""Keys from passphrases, beside another implementation of Argon2id."""

import unicodedata

import pytest
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from nacl import bindings
from nacl.exceptions import RuntimeError as FailedDerivation

from securechat.crypto import passphrase as module
from securechat.crypto.passphrase import KEY_SIZE_BYTES, Hardness, Passphrase, derive_key
from securechat.errors import CannotOpen, SecureChatError

KIB, MIB = 1 << 10, 1 << 20
SALT = bytes(range(16))


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> Hardness:
    """Return what no profile may have, and what a test can wait for."""
    monkeypatch.setattr(module, "_MIN_MEMORY_BYTES", 64 * KIB)
    return Hardness(3, 64 * KIB)


def test_the_key_is_that_of_argon2id(cheap: Hardness) -> None:
    expected = Argon2id(salt=SALT, length=KEY_SIZE_BYTES, iterations=3, lanes=1, memory_cost=64)
    key = derive_key(Passphrase("Grüße vom Mond"), SALT, cheap)
    assert key == expected.derive("Grüße vom Mond".encode())


def test_accents_count_however_they_were_typed(cheap: Hardness) -> None:
    forms = (unicodedata.normalize(form, "Grüße, ångström") for form in ("NFC", "NFD"))
    assert len({derive_key(Passphrase(text), SALT, cheap) for text in forms}) == 1


def test_every_input_makes_another_key(cheap: Hardness) -> None:
    keys = {
        derive_key(Passphrase("one two three"), SALT, cheap),
        derive_key(Passphrase("one two three "), SALT, cheap),
        derive_key(Passphrase("one two three"), SALT[::-1], cheap),
        derive_key(Passphrase("one two three"), SALT, Hardness(4, 64 * KIB)),
        derive_key(Passphrase("one two three"), SALT, Hardness(3, 128 * KIB)),
    }
    assert len(keys) == 5


def test_the_default_is_the_least_that_is_allowed() -> None:
    assert Hardness() == Hardness(3, 256 * MIB)


@pytest.mark.parametrize(
    ("passes", "memory_bytes"),
    [
        *((2, 256 * MIB), (3, 256 * MIB - 1), (0, 0), (-3, -256 * MIB)),
        *((17, 256 * MIB), (3, 1024 * MIB + 1), (1 << 80, 1 << 80)),
    ],
)
def test_another_cost_is_refused(passes: int, memory_bytes: int) -> None:
    with pytest.raises(CannotOpen):
        Hardness(passes, memory_bytes)


def test_the_bounds_themselves_are_allowed() -> None:
    Hardness(16, 1024 * MIB)


def test_too_little_memory_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> bytes:
        raise FailedDerivation

    monkeypatch.setattr(bindings, "crypto_pwhash_alg", fail)
    with pytest.raises(SecureChatError, match="no 256 MiB of memory"):
        derive_key(Passphrase("one two three"), SALT, Hardness())


def test_a_passphrase_is_not_shown() -> None:
    assert "secret" not in repr(Passphrase("a secret"))
