import pytest
from cryptography.exceptions import UnsupportedAlgorithm

from securechat.crypto import hybrid
from securechat.crypto.hybrid import HybridSecretKey, seal_hybrid
from securechat.errors import CannotOpen, RemoteProtocolError, SecureChatError


@pytest.fixture(scope="module")
def key() -> HybridSecretKey:
    return HybridSecretKey.generate()


def test_a_secret_opens_for_its_info_only(key: HybridSecretKey) -> None:
    sealed = seal_hybrid(bytes(32), key.public, b"info")
    assert len(sealed) == 32 + hybrid.OVERHEAD_BYTES
    assert key.open(sealed, b"info") == bytes(32)
    with pytest.raises(CannotOpen):
        key.open(sealed, b"other")
    with pytest.raises(CannotOpen):
        HybridSecretKey.generate().open(sealed, b"info")


def test_a_key_survives_storage(key: HybridSecretKey) -> None:
    secret = key.export_secret()
    assert len(secret) == hybrid.SECRET_KEY_SIZE_BYTES
    restored = HybridSecretKey(secret)
    assert restored.public == key.public
    assert len(key.public) == hybrid.PUBLIC_KEY_SIZE_BYTES
    assert restored.open(seal_hybrid(b"x", key.public, b""), b"") == b"x"


def test_both_halves_of_the_ciphertext_count(key: HybridSecretKey) -> None:
    sealed = seal_hybrid(bytes(32), key.public, b"info")
    for index in (0, 500, 1087, 1088, 1119, 1120, len(sealed) - 1):
        flipped = bytearray(sealed)
        flipped[index] ^= 1
        with pytest.raises(CannotOpen):
            key.open(bytes(flipped), b"info")


@pytest.mark.parametrize("size_bytes", [0, 1, 1119, 1120, 1135, 1136, 1168])
def test_zeros_and_cut_ciphertexts_do_not_open(key: HybridSecretKey, size_bytes: int) -> None:
    with pytest.raises(CannotOpen):
        key.open(bytes(size_bytes), b"info")
    with pytest.raises(CannotOpen):
        key.open(seal_hybrid(bytes(32), key.public, b"info")[: min(size_bytes, 1167)], b"info")


def test_the_ephemeral_point_may_not_be_of_low_order(key: HybridSecretKey) -> None:
    sealed = seal_hybrid(bytes(32), key.public, b"info")
    with pytest.raises(CannotOpen):
        key.open(sealed[:1088] + bytes(32) + sealed[1120:], b"info")


@pytest.mark.parametrize("point", [bytes(32), b"\1" + bytes(31)])
def test_a_public_key_of_low_order_is_refused(key: HybridSecretKey, point: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        seal_hybrid(bytes(32), key.public[:1184] + point, b"info")


def test_a_public_key_out_of_range_or_of_another_size_is_refused(key: HybridSecretKey) -> None:
    for public in (b"\xff" * 1184 + key.public[1184:], key.public[:-1], key.public + b"\0", b""):
        with pytest.raises(RemoteProtocolError):
            seal_hybrid(bytes(32), public, b"info")


def test_without_ml_kem_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    class Missing:
        @staticmethod
        def generate() -> None:
            raise UnsupportedAlgorithm("no ML-KEM")

        @staticmethod
        def from_seed_bytes(data: bytes) -> None:
            raise UnsupportedAlgorithm("no ML-KEM")

    secret = HybridSecretKey.generate().export_secret()
    monkeypatch.setattr(hybrid, "MLKEM768PrivateKey", Missing)
    with pytest.raises(SecureChatError, match="ML-KEM") as generated:
        HybridSecretKey.generate()
    with pytest.raises(SecureChatError, match="ML-KEM"):
        HybridSecretKey(secret).open(bytes(1168), b"info")
    assert "pip install" in generated.value.try_next


def test_the_secret_does_not_show(key: HybridSecretKey) -> None:
    assert repr(key) == "HybridSecretKey(secret)"
