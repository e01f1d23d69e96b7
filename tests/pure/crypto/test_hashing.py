import hashlib

from securechat.crypto.hashing import blake2b_256, hkdf_sha256, hmac_sha256, sha512_iterated


def test_hmac_gives_the_second_vector_of_rfc_4231() -> None:
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert hmac_sha256(b"Jefe", b"what do ya want for nothing?").hex() == expected


def test_hkdf_gives_the_third_vector_of_rfc_5869() -> None:
    expected = (
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
    )
    assert hkdf_sha256(bytes([0x0B]) * 22, b"", 42).hex() == expected


def test_hkdf_of_another_info_is_another_key() -> None:
    assert hkdf_sha256(bytes(32), b"one", 64) != hkdf_sha256(bytes(32), b"two", 64)


def test_hkdf_is_extended_not_changed_by_a_longer_output() -> None:
    assert hkdf_sha256(b"secret", b"info", 100)[:33] == hkdf_sha256(b"secret", b"info", 33)


def test_hkdf_gives_as_much_as_the_rfc_allows() -> None:
    assert len(hkdf_sha256(b"secret", b"info", 255 * 32)) == 8160


def test_blake2b_is_personalised() -> None:
    assert blake2b_256(b"data", b"one") != blake2b_256(b"data", b"two")
    plain = hashlib.blake2b(b"data", digest_size=32).digest()
    assert blake2b_256(b"data", b"") == plain


def test_sha512_iterated_repeats() -> None:
    once = hashlib.sha512(b"start" + b"key").digest()
    twice = hashlib.sha512(once + b"key").digest()
    assert sha512_iterated(b"start", b"key", 2) == twice
