"""The one encoding that is signed and hashed: ``L(label, x1, x2, ...)`` of E2E.md."""

from securechat.crypto.hashing import blake2b_256

_PERSON = b"securechat/v1"


def L(label: str, *parts: bytes) -> bytes:  # noqa: N802 (its name in E2E.md)
    """Join a label and parts so that no two different lists give the same bytes.

    The label (ASCII, ``securechat/<thing>/v1``) and each part are written as a 4-byte big-endian
    length followed by their bytes.
    """
    encoded = label.encode("ascii")
    pieces = [len(encoded).to_bytes(4, "big"), encoded]
    for part in parts:
        pieces.append(len(part).to_bytes(4, "big"))
        pieces.append(part)
    return b"".join(pieces)


def digest(label: str, *parts: bytes) -> bytes:
    """Return the 32-byte BLAKE2b hash of ``L(label, *parts)``."""
    return blake2b_256(L(label, *parts), _PERSON)


def u64(number: int) -> bytes:
    """Write a non-negative integer below 2**64 as 8 bytes, big-endian: how numbers enter ``L``."""
    return number.to_bytes(8, "big")
