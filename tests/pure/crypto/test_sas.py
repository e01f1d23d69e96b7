"""Both sides get the same, as an own computation of what E2E.md says confirms."""

import hmac

import pytest
from nacl.bindings import crypto_scalarmult, crypto_scalarmult_base

from securechat.crypto.hashing import hkdf_sha256
from securechat.crypto.sas import EMOJI_CHOICES, EMOJI_COUNT, KEY_SIZE_BYTES, MAC_SIZE_BYTES, Sas
from securechat.errors import LocalProtocolError, RemoteProtocolError

PRIVATE = bytes(range(32))


def test_both_sides_get_the_same() -> None:
    alice, bob = Sas(), Sas()
    at_alice, at_bob = alice.agree(bob.public_key), bob.agree(alice.public_key)
    shown = at_alice.show("info")
    assert shown == at_bob.show("info")
    assert shown != at_alice.show("other info")
    assert len(shown.emoji) == EMOJI_COUNT
    assert all(0 <= number < EMOJI_CHOICES for number in shown.emoji)
    assert at_alice.mac("message", "info") == at_bob.mac("message", "info")
    assert at_alice.mac("message", "info") != at_alice.mac("message", "other info")
    assert at_alice.mac("message", "info") != at_alice.mac("other message", "info")


def test_it_is_what_the_document_says() -> None:
    sas = Sas()
    agreed = sas.agree(crypto_scalarmult_base(PRIVATE))
    secret = crypto_scalarmult(PRIVATE, sas.public_key)
    derived = hkdf_sha256(secret, b"info", 6)
    bits = f"{int.from_bytes(derived, 'big'):048b}"
    emoji = tuple(int(bits[i : i + 6], 2) for i in range(0, 42, 6))
    decimals = " ".join(str(int(bits[i : i + 13], 2) + 1000) for i in range(0, 39, 13))
    assert agreed.show("info") == (emoji, decimals)
    mac = hmac.digest(hkdf_sha256(secret, b"info", 32), b"message", "sha256")
    assert agreed.mac("message", "info") == mac
    assert len(mac) == MAC_SIZE_BYTES


@pytest.mark.parametrize("size_bytes", [0, KEY_SIZE_BYTES - 1, KEY_SIZE_BYTES + 1])
def test_another_size_is_refused(size_bytes: int) -> None:
    with pytest.raises(RemoteProtocolError):
        Sas().agree(b"\x09" * size_bytes)


def test_the_own_key_sent_back_is_refused() -> None:
    sas = Sas()
    with pytest.raises(RemoteProtocolError):
        sas.agree(sas.public_key)


def test_a_key_serves_once() -> None:
    sas = Sas()
    sas.agree(Sas().public_key)
    with pytest.raises(LocalProtocolError):
        sas.agree(Sas().public_key)


def test_nothing_secret_is_in_a_repr() -> None:
    sas = Sas()
    assert repr(sas) == "Sas(secret)"
    assert repr(sas.agree(Sas().public_key)) == "AgreedSas(secret)"
