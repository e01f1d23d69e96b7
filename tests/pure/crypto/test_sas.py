"""Both sides get the same, as an own computation of what E2E.md says confirms."""

import pytest

from securechat.crypto.sas import EMOJI_CHOICES, EMOJI_COUNT, KEY_SIZE_BYTES, MAC_SIZE_BYTES, Sas
from securechat.errors import LocalProtocolError, RemoteProtocolError
from tests.pure.crypto.sas_reference import ReferenceSas


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
    sas, reference = Sas(), ReferenceSas(bytes(range(32)))
    agreed, expected = sas.agree(reference.public_key), reference.agree(sas.public_key)
    assert agreed.show("info") == expected.show("info")
    assert agreed.mac("message", "info") == expected.mac("message", "info")
    assert len(agreed.mac("message", "info")) == MAC_SIZE_BYTES


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
