"""Wycheproof against our own modules, through boxes and KEM messages made of the vectors.

X25519 is reached through `SealedBoxKey.open` (libsodium) and `HybridSecretKey.open` (OpenSSL),
ML-KEM-768 through the second: each case is dressed by `reference` as the message that an honest
or a hostile sender with those secrets would send. Encapsulation draws its own randomness in the
library, so of its cases only the judgement of the key is checked; expanded decapsulation keys do
not exist here. *Acceptable* means to us: a point on the twist or not in canonical form is computed
with, a shared secret of zeros is refused.
"""

import pytest
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PublicKey
from nacl import bindings

from securechat.crypto import hybrid
from securechat.crypto.hybrid import HybridSecretKey, seal_hybrid
from securechat.crypto.sealing import SealedBoxKey, open_aead, seal_aead
from securechat.crypto.signing import verify
from securechat.errors import CannotOpen, InvalidSignature, RemoteProtocolError
from tests.pure.crypto.reference import combine, hpke_seal, seal_box_with
from tests.pure.crypto.wycheproof import SOURCES, Case, load, source_flags

MLKEM_SEED, SCALAR, EPHEMERAL = b"\1" * 64, b"\2" * 32, b"\3" * 32
ZEROS = bytes(32)


@pytest.mark.parametrize("name", SOURCES)
def test_a_subset_has_every_flag_of_its_source(name: str) -> None:
    assert {flag for case in load(name) for flag in case["flags"]} == source_flags(name)


def test_x25519_of_sealed_boxes() -> None:
    for case in load("x25519"):
        key = SealedBoxKey(case["private"])
        sealed = seal_box_with(case["shared"], case["public"], key.public, b"message")
        if case["shared"] == ZEROS:
            with pytest.raises(CannotOpen):
                key.open(sealed)
        else:
            assert key.open(sealed) == b"message", case["tcId"]


def test_x25519_of_session_secrets() -> None:
    halves = HybridSecretKey(MLKEM_SEED + SCALAR).public[:1184]
    mlkem_secret, mlkem_ciphertext = MLKEM768PublicKey.from_public_bytes(halves).encapsulate()
    for case in load("x25519"):
        key = HybridSecretKey(MLKEM_SEED + case["private"])
        shared = combine(mlkem_secret, case["shared"], case["public"], key.public[1184:])
        sealed = mlkem_ciphertext + case["public"] + hpke_seal(shared, b"info", b"message")
        if case["shared"] == ZEROS:
            with pytest.raises(CannotOpen):
                key.open(sealed, b"info")
        else:
            assert key.open(sealed, b"info") == b"message", case["tcId"]


def test_zero_shared_secrets_are_among_them() -> None:
    low = [case for case in load("x25519") if case["shared"] == ZEROS]
    assert low
    assert low == [case for case in load("x25519") if "ZeroSharedSecret" in case["flags"]]


def test_ed25519_signatures() -> None:
    for case in load("ed25519"):
        if case["result"] == "valid":
            verify(case["pk"], case["msg"], case["sig"])
        else:
            with pytest.raises(InvalidSignature):
                verify(case["pk"], case["msg"], case["sig"])


def test_xchacha20_poly1305() -> None:
    for case in load("xchacha20_poly1305"):
        rest = (case["aad"], case["iv"], case["key"])
        if case["result"] == "valid":
            assert seal_aead(case["msg"], *rest) == case["ct"] + case["tag"], case["tcId"]
            assert open_aead(case["ct"] + case["tag"], *rest) == case["msg"], case["tcId"]
        else:
            with pytest.raises(CannotOpen):
                open_aead(case["ct"] + case["tag"], *rest)


def test_xchacha20_poly1305_takes_nonces_of_one_size() -> None:
    cases = [case for case in load("xchacha20_poly1305") if "InvalidNonceSize" in case["flags"]]
    assert len(cases) == 9
    for case in cases:
        with pytest.raises(TypeError):
            seal_aead(b"", case["aad"], case["iv"], case["key"])
        with pytest.raises(CannotOpen):
            open_aead(bytes(16), case["aad"], case["iv"], case["key"])


def test_ml_kem_keys_from_seeds() -> None:
    for case in load("mlkem_768_keygen_seed"):
        key = HybridSecretKey(case["seed"] + SCALAR)
        assert key.public[:1184] == case["ek"], case["tcId"]


def test_ml_kem_decapsulation() -> None:
    for case in load("mlkem_768"):
        if len(case["seed"]) != 64:
            with pytest.raises(ValueError, match="96 bytes"):
                HybridSecretKey(case["seed"] + SCALAR)
        elif case["result"] == "valid":
            assert open_decapsulated(case) == b"message", case["tcId"]
        else:
            with pytest.raises(CannotOpen):
                open_decapsulated(case)


def open_decapsulated(case: Case) -> bytes:
    """Open a message whose ML-KEM half is the vector, with the rest right."""
    key = HybridSecretKey(case["seed"] + SCALAR)
    ephemeral, recipient = bindings.crypto_scalarmult_base(EPHEMERAL), key.public[1184:]
    x25519_secret = bindings.crypto_scalarmult(EPHEMERAL, recipient)
    shared = combine(case["K"], x25519_secret, ephemeral, recipient)
    return key.open(case["c"] + ephemeral + hpke_seal(shared, b"info", b"message"), b"info")


def test_ml_kem_encapsulation_keys() -> None:
    x25519_public = bindings.crypto_scalarmult_base(SCALAR)
    for case in load("mlkem_768_encaps"):
        public = case["ek"] + x25519_public
        if case["result"] == "valid":
            assert len(seal_hybrid(b"", public, b"info")) == hybrid.OVERHEAD_BYTES
        else:
            with pytest.raises(RemoteProtocolError):
                seal_hybrid(b"", public, b"info")
