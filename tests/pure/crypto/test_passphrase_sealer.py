"""Bytes under a passphrase: only that one opens them, and only with what was stored beside them."""

import pytest
from msgspec.structs import replace

from securechat.crypto import passphrase as module
from securechat.crypto.passphrase import Hardness, Passphrase, derive_key
from securechat.crypto.passphrase_sealer import PassphraseSealer
from securechat.crypto.sealing import open_aead
from securechat.errors import CannotOpen

KIB = 1 << 10
RIGHT, WRONG = Passphrase("one two three"), Passphrase("one two four")
PLAINTEXT, ASSOCIATED = b"a secret", b"beside it"


@pytest.fixture
def sealer(monkeypatch: pytest.MonkeyPatch) -> PassphraseSealer:
    """Return one that costs what a test can wait for."""
    monkeypatch.setattr(module, "_MIN_MEMORY_BYTES", 64 * KIB)
    return PassphraseSealer(Hardness(3, 64 * KIB), bytes(range(16)), bytes(range(24)))


def test_what_is_sealed_opens(sealer: PassphraseSealer) -> None:
    sealed = sealer.seal(PLAINTEXT, ASSOCIATED, RIGHT)
    assert sealer.open(sealed, ASSOCIATED, RIGHT) == PLAINTEXT
    key = derive_key(RIGHT, sealer.salt, sealer.hardness)
    assert open_aead(sealed, ASSOCIATED, sealer.nonce, key) == PLAINTEXT


def test_another_passphrase_or_anything_else_changed_does_not_open(
    sealer: PassphraseSealer,
) -> None:
    sealed = sealer.seal(PLAINTEXT, ASSOCIATED, RIGHT)
    others = (
        (replace(sealer, hardness=Hardness(4, 64 * KIB)), sealed, ASSOCIATED, RIGHT),
        (replace(sealer, hardness=Hardness(3, 65 * KIB)), sealed, ASSOCIATED, RIGHT),
        (replace(sealer, salt=sealer.salt[::-1]), sealed, ASSOCIATED, RIGHT),
        (replace(sealer, nonce=sealer.nonce[::-1]), sealed, ASSOCIATED, RIGHT),
        (sealer, sealed[:-1], ASSOCIATED, RIGHT),
        (sealer, sealed, ASSOCIATED[:-1], RIGHT),
        (sealer, sealed, ASSOCIATED, WRONG),
    )
    for changed, *rest in others:
        with pytest.raises(CannotOpen):
            changed.open(*rest)


def test_each_is_drawn_anew_and_costs_what_it_must() -> None:
    one, other = PassphraseSealer.draw(), PassphraseSealer.draw()
    assert one.hardness == other.hardness == Hardness()
    assert (len(one.salt), len(one.nonce)) == (16, 24)
    assert one.salt != other.salt
    assert one.nonce != other.nonce
