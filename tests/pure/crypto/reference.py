"""Sealed boxes, HPKE, XChaCha20, SPAKE2 once more, from their definitions, with chosen secrets.

A sender of vectors and of attacks: our own modules draw their randomness and refuse bad points,
so neither can be made with them. Only hashes, ChaCha20-Poly1305, secretbox and sums of points are
taken from libraries.
"""

import hashlib
import hmac
import struct

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from nacl import bindings

_CONSTANTS = struct.unpack("<4I", b"expand 32-byte k")
_XWING_LABEL = b"\\.//^\\"
_SUITE_ID = b"HPKE" + bytes.fromhex("647a00010003")

_GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493
SPAKE2_M = bytes.fromhex("15cfd18e385952982b6a8f8c7854963b58e34388c8e6dae891db756481a02312")
SPAKE2_N = bytes.fromhex("f04f2e7eb734b2a8f8b472eaf9c3c632576ac64aea650b496a8a20ff00e583c3")


def seal_box_with(shared: bytes, ephemeral: bytes, recipient: bytes, plaintext: bytes) -> bytes:
    """Return the sealed box of an ephemeral key whose X25519 with ``recipient`` is ``shared``."""
    nonce = hashlib.blake2b(ephemeral + recipient, digest_size=24).digest()
    return ephemeral + bindings.crypto_secretbox(plaintext, nonce, hsalsa20(shared, bytes(16)))


def hsalsa20(key: bytes, data: bytes) -> bytes:
    """Return the 32 bytes of HSalsa20 for a key of 32 and an input of 16."""
    k, n = struct.unpack("<8I", key), struct.unpack("<4I", data)
    c = _CONSTANTS
    x = [c[0], *k[:4], c[1], *n, c[2], *k[4:], c[3]]
    for _ in range(10):
        for a, b, d, e in (
            *((0, 4, 8, 12), (5, 9, 13, 1), (10, 14, 2, 6), (15, 3, 7, 11)),
            *((0, 1, 2, 3), (5, 6, 7, 4), (10, 11, 8, 9), (15, 12, 13, 14)),
        ):
            x[b] ^= _rotate(x[a] + x[e], 7)
            x[d] ^= _rotate(x[b] + x[a], 9)
            x[e] ^= _rotate(x[d] + x[b], 13)
            x[a] ^= _rotate(x[e] + x[d], 18)
    return struct.pack("<8I", *(x[i] for i in (0, 5, 10, 15, 6, 7, 8, 9)))


def hchacha20(key: bytes, data: bytes) -> bytes:
    """Return the 32 bytes of HChaCha20 for a key of 32 and an input of 16."""
    x = [*_CONSTANTS, *struct.unpack("<8I", key), *struct.unpack("<4I", data)]
    for _ in range(10):
        for a, b, c, d in (
            *((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15)),
            *((0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)),
        ):
            for left, right in ((16, 12), (8, 7)):
                x[a] = (x[a] + x[b]) & 0xFFFFFFFF
                x[d] = _rotate(x[d] ^ x[a], left)
                x[c] = (x[c] + x[d]) & 0xFFFFFFFF
                x[b] = _rotate(x[b] ^ x[c], right)
    return struct.pack("<8I", *x[:4], *x[12:])


def seal_xchacha(plaintext: bytes, associated: bytes, nonce: bytes, key: bytes) -> bytes:
    """Return XChaCha20-Poly1305, made of HChaCha20 and the cipher of RFC 8439."""
    cipher = ChaCha20Poly1305(hchacha20(key, nonce[:16]))
    return cipher.encrypt(bytes(4) + nonce[16:], plaintext, associated)


def combine(mlkem_secret: bytes, x25519_secret: bytes, ephemeral: bytes, recipient: bytes) -> bytes:
    """Return the shared secret of KEM 0x647a from those of its halves and the X25519 keys."""
    parts = mlkem_secret + x25519_secret + ephemeral + recipient + _XWING_LABEL
    return hashlib.sha3_256(parts).digest()


def hpke_keys(shared_secret: bytes, info: bytes) -> tuple[bytes, bytes]:
    """Return key and base nonce of RFC 9180, base mode, for our suite."""
    hashes = _extract(b"", b"psk_id_hash", b"") + _extract(b"", b"info_hash", info)
    context = b"\0" + hashes
    secret = _extract(shared_secret, b"secret", b"")
    return _expand(secret, b"key", context, 32), _expand(secret, b"base_nonce", context, 12)


def hpke_seal(shared_secret: bytes, info: bytes, plaintext: bytes) -> bytes:
    """Return the first ciphertext, with empty associated data, without the encapsulated key."""
    key, nonce = hpke_keys(shared_secret, info)
    return ChaCha20Poly1305(key).encrypt(nonce, plaintext, b"")


def hkdf_sha256(salt: bytes, secret: bytes, info: bytes, size_bytes: int) -> bytes:
    """Return up to 128 bytes of RFC 5869."""
    key = hmac.digest(salt, secret, "sha256")
    one = hmac.digest(key, info + b"\1", "sha256")
    two = hmac.digest(key, one + info + b"\2", "sha256")
    three = hmac.digest(key, two + info + b"\3", "sha256")
    four = hmac.digest(key, three + info + b"\4", "sha256")
    return (one + two + three + four)[:size_bytes]


def spake2(
    password: bytes, ids: tuple[bytes, bytes], entropy: tuple[bytes, bytes]
) -> tuple[bytes, bytes, bytes]:
    """Return X and Y (points) and the key, for ids and 64 random bytes of the sides A and B."""
    a, b = (_scalar(each) for each in entropy)
    w = _scalar(hkdf_sha256(b"", password, b"SPAKE2 pw", 48))
    base = bindings.crypto_scalarmult_ed25519_base_noclamp
    x = bindings.crypto_core_ed25519_add(base(a), _times(w, SPAKE2_M))
    y = bindings.crypto_core_ed25519_add(base(b), _times(w, SPAKE2_N))
    z = _times(a, bindings.crypto_core_ed25519_sub(y, _times(w, SPAKE2_N)))
    hashes = (hashlib.sha256(each).digest() for each in (password, *ids))
    return x, y, hashlib.sha256(b"".join(hashes) + x + y + z).digest()


def _scalar(big_endian: bytes) -> bytes:
    return (int.from_bytes(big_endian, "big") % _GROUP_ORDER).to_bytes(32, "little")


def _times(scalar: bytes, point: bytes) -> bytes:
    return bindings.crypto_scalarmult_ed25519_noclamp(scalar, point)


def _extract(salt: bytes, label: bytes, secret: bytes) -> bytes:
    return hmac.digest(salt, b"HPKE-v1" + _SUITE_ID + label + secret, "sha256")


def _expand(key: bytes, label: bytes, info: bytes, size_bytes: int) -> bytes:
    labeled = size_bytes.to_bytes(2, "big") + b"HPKE-v1" + _SUITE_ID + label + info
    return hmac.digest(key, labeled + b"\1", "sha256")[:size_bytes]


def _rotate(word: int, count: int) -> int:
    word &= 0xFFFFFFFF
    return (word << count | word >> 32 - count) & 0xFFFFFFFF
