"""KEM 0x647a against the vectors of the IETF draft that ``cryptography`` is tested with.

Both open here with ours: the first has our suite, the second our KEM with another KDF, and of it
the shared secret is used. Their ciphertexts have associated data and ours never do, so the message
is sealed anew under the vector's secret; that this is the same key schedule and cipher is checked
against the first.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from nacl import bindings

from securechat.crypto.hybrid import HybridSecretKey, seal_hybrid
from tests.pure.crypto.reference import combine, hpke_keys, hpke_seal

PATH = Path(__file__).parents[2] / "vectors" / "hpke_647a.json"
VECTORS: list[dict[str, Any]] = json.loads(PATH.read_text(encoding="utf-8"))

every_vector = pytest.mark.parametrize("vector", VECTORS, ids=lambda each: f"kdf{each['kdf_id']}")


def field(vector: dict[str, Any], name: str) -> bytes:
    return bytes.fromhex(vector[name])


def secret_bytes(vector: dict[str, Any]) -> bytes:
    """Return ML-KEM seed and X25519 scalar, which the draft expands from one seed."""
    return hashlib.shake_256(field(vector, "skRm")).digest(96)


@every_vector
def test_the_public_key_is_theirs(vector: dict[str, Any]) -> None:
    assert HybridSecretKey(secret_bytes(vector)).public == field(vector, "pkRm")


@every_vector
def test_the_encapsulated_secret_opens(vector: dict[str, Any]) -> None:
    key = HybridSecretKey(secret_bytes(vector))
    shared, info = field(vector, "shared_secret"), field(vector, "info")
    sealed = field(vector, "enc") + hpke_seal(shared, info, b"message")
    assert key.open(sealed, info) == b"message"


def test_the_key_schedule_and_the_cipher_are_theirs() -> None:
    (vector,) = (each for each in VECTORS if (each["kdf_id"], each["aead_id"]) == (1, 3))
    keys = hpke_keys(field(vector, "shared_secret"), field(vector, "info"))
    assert keys == (field(vector, "key"), field(vector, "base_nonce"))
    first = vector["encryptions"][0]
    ciphertext = ChaCha20Poly1305(keys[0]).encrypt(keys[1], field(first, "pt"), field(first, "aad"))
    assert ciphertext == field(first, "ct")


@every_vector
def test_what_we_seal_opens_by_the_definition(vector: dict[str, Any]) -> None:
    secret, public = secret_bytes(vector), field(vector, "pkRm")
    sealed = seal_hybrid(b"message", public, b"info")
    mlkem_secret = MLKEM768PrivateKey.from_seed_bytes(secret[:64]).decapsulate(sealed[:1088])
    ephemeral = sealed[1088:1120]
    x25519_secret = bindings.crypto_scalarmult(secret[64:], ephemeral)
    key, nonce = hpke_keys(combine(mlkem_secret, x25519_secret, ephemeral, public[1184:]), b"info")
    assert ChaCha20Poly1305(key).decrypt(nonce, sealed[1120:], b"") == b"message"
