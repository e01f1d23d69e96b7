"""Hashes and key derivation: BLAKE2b-256, HMAC-SHA256, HKDF-SHA256, iterated SHA-512."""

import hashlib
import hmac

HASH_SIZE_BYTES = 32
_SHA256_SIZE_BYTES = 32


def blake2b_256(data: bytes, person: bytes) -> bytes:
    """Return the 32-byte BLAKE2b hash of ``data`` under a ``person`` string of up to 16 bytes."""
    return hashlib.blake2b(data, digest_size=HASH_SIZE_BYTES, person=person).digest()


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """Return the 32-byte authentication code of ``message``; compare with `compare_digest`."""
    return hmac.digest(key, message, "sha256")


def hkdf_sha256(secret: bytes, info: bytes, size_bytes: int) -> bytes:
    """Derive ``size_bytes`` (up to 8,160) from ``secret`` for ``info``: RFC 5869 without a salt."""
    pseudorandom_key = hmac.digest(bytes(_SHA256_SIZE_BYTES), secret, "sha256")
    block, output = b"", b""
    for index in range(1, -(-size_bytes // _SHA256_SIZE_BYTES) + 1):
        block = hmac.digest(pseudorandom_key, block + info + bytes([index]), "sha256")
        output += block
    return output[:size_bytes]


def sha512_iterated(start: bytes, key: bytes, rounds: int) -> bytes:
    """Begin with ``h = start``, do ``h = SHA-512(h || key)`` for ``rounds``, return 64 bytes."""
    state = start
    for _ in range(rounds):
        state = hashlib.sha512(state + key).digest()
    return state
