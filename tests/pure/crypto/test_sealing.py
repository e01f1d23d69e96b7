import pytest

from securechat.crypto.sealing import (
    AEAD_KEY_SIZE_BYTES,
    AEAD_NONCE_SIZE_BYTES,
    AEAD_TAG_SIZE_BYTES,
    SEALED_BOX_OVERHEAD_BYTES,
    SealedBoxKey,
    open_aead,
    random_bytes,
    seal_aead,
    seal_box,
)
from securechat.errors import CannotOpen, RemoteProtocolError

LOW_ORDER = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]


def test_a_box_opens_and_is_longer_by_the_overhead() -> None:
    key = SealedBoxKey.generate()
    sealed = seal_box(b"message", key.public)
    assert len(sealed) == len(b"message") + SEALED_BOX_OVERHEAD_BYTES
    assert key.open(sealed) == b"message"
    assert SealedBoxKey(key.export_secret()).open(sealed) == b"message"


def test_nothing_can_be_sealed_too() -> None:
    key = SealedBoxKey.generate()
    assert key.open(seal_box(b"", key.public)) == b""
    nonce, secret = bytes(AEAD_NONCE_SIZE_BYTES), bytes(AEAD_KEY_SIZE_BYTES)
    assert open_aead(seal_aead(b"", b"data", nonce, secret), b"data", nonce, secret) == b""


def test_a_box_for_one_key_does_not_open_with_another() -> None:
    sealed = seal_box(b"message", SealedBoxKey.generate().public)
    with pytest.raises(CannotOpen):
        SealedBoxKey.generate().open(sealed)


def test_two_boxes_of_one_message_share_nothing() -> None:
    key = SealedBoxKey.generate()
    one, other = seal_box(b"message", key.public), seal_box(b"message", key.public)
    assert one[:32] != other[:32]
    assert one[32:] != other[32:]


@pytest.mark.parametrize("size_bytes", [0, 1, 31, 47, 48])
def test_what_is_too_short_for_a_box_does_not_open(size_bytes: int) -> None:
    with pytest.raises(CannotOpen):
        SealedBoxKey.generate().open(bytes(size_bytes))


@pytest.mark.parametrize("point", LOW_ORDER)
def test_nothing_is_sealed_to_a_point_of_low_order(point: str) -> None:
    with pytest.raises(RemoteProtocolError):
        seal_box(b"message", bytes.fromhex(point))


@pytest.mark.parametrize("size_bytes", [0, 31, 33])
def test_nothing_is_sealed_to_a_key_of_another_size(size_bytes: int) -> None:
    with pytest.raises(RemoteProtocolError):
        seal_box(b"message", b"\x09" * size_bytes)


def test_aead_opens_only_with_all_four() -> None:
    key, nonce = random_bytes(32), random_bytes(24)
    sealed = seal_aead(b"message", b"data", nonce, key)
    assert len(sealed) == len(b"message") + AEAD_TAG_SIZE_BYTES
    assert open_aead(sealed, b"data", nonce, key) == b"message"
    for arguments in (
        (sealed + b"\0", b"data", nonce, key),
        (sealed, b"other", nonce, key),
        (sealed, b"data", random_bytes(24), key),
        (sealed, b"data", nonce, random_bytes(32)),
    ):
        with pytest.raises(CannotOpen):
            open_aead(*arguments)


@pytest.mark.parametrize("size_bytes", [0, 1, 15, 16])
def test_what_is_too_short_for_a_tag_does_not_open(size_bytes: int) -> None:
    with pytest.raises(CannotOpen):
        open_aead(bytes(size_bytes), b"", bytes(24), bytes(32))


def test_the_secret_does_not_show() -> None:
    assert repr(SealedBoxKey.generate()) == "SealedBoxKey(secret)"
