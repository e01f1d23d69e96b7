import pytest

from securechat.crypto.signing import SigningKey, verify
from securechat.errors import InvalidSignature

SEED = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
PUBLIC = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
SIGNATURE = bytes.fromhex(
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
    "d25bf5f0595bbe24655141438e7a100b"
)


def test_the_first_vector_of_rfc_8032() -> None:
    key = SigningKey(SEED)
    assert key.public == PUBLIC
    assert key.sign(b"") == SIGNATURE
    verify(PUBLIC, b"", SIGNATURE)


def test_a_signature_is_for_one_message() -> None:
    key = SigningKey(SEED)
    signature = key.sign(b"message")
    assert len(signature) == len(SIGNATURE)
    verify(key.public, b"message", signature)
    for other in (b"", b"messag", b"messages"):
        with pytest.raises(InvalidSignature):
            verify(key.public, other, signature)


def test_a_key_survives_storage() -> None:
    key = SigningKey.generate()
    assert SigningKey(key.export_seed()).sign(b"x") == key.sign(b"x")


def test_generated_keys_differ() -> None:
    assert SigningKey.generate().public != SigningKey.generate().public


def test_each_flipped_bit_of_a_signature_is_refused() -> None:
    key = SigningKey(SEED)
    signature = key.sign(b"message")
    verify(key.public, b"message", signature)  # which is remembered, and only that
    with pytest.raises(InvalidSignature):
        verify(PUBLIC[::-1], b"message", signature)
    for bit in range(8 * len(signature)):
        flipped = bytearray(signature)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(InvalidSignature):
            verify(key.public, b"message", bytes(flipped))


@pytest.mark.parametrize(
    ("public", "signature"),
    [
        (b"", SIGNATURE),
        (PUBLIC[:-1], SIGNATURE),
        (PUBLIC + b"\0", SIGNATURE),
        (PUBLIC, b""),
        (PUBLIC, SIGNATURE[:-1]),
        (PUBLIC, SIGNATURE + b"\0"),
    ],
)
def test_wrong_sizes_are_refused(public: bytes, signature: bytes) -> None:
    with pytest.raises(InvalidSignature):
        verify(public, b"", signature)


@pytest.mark.parametrize(
    "low_order",
    [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    ],
)
def test_keys_of_low_order_sign_nothing(low_order: str) -> None:
    key = bytes.fromhex(low_order)
    for signature in (bytes(64), key + bytes(32)):
        with pytest.raises(InvalidSignature):
            verify(key, b"anything", signature)


def test_the_secret_does_not_show() -> None:
    key = SigningKey(SEED)
    assert repr(key) == str(key) == "SigningKey(secret)"
