"""An own computation of what vodozemac shows and confirms, with a private key that is known."""

import hmac

from nacl.bindings import crypto_scalarmult, crypto_scalarmult_base

from securechat.crypto.hashing import hkdf_sha256
from securechat.crypto.sas import EMOJI_COUNT, Shown

_EMOJI_BITS, _NUMBER_BITS, _NUMBER_COUNT = 6, 13, 3


class ReferenceSas:
    """What `securechat.crypto.sas.Sas` is, for one private key."""

    def __init__(self, private: bytes) -> None:
        self._private = private
        self.public_key = crypto_scalarmult_base(private)

    def agree(self, theirs: bytes) -> "ReferenceAgreedSas":
        return ReferenceAgreedSas(crypto_scalarmult(self._private, theirs))


class ReferenceAgreedSas:
    """What `securechat.crypto.sas.AgreedSas` is, for one shared secret."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def show(self, info: str) -> Shown:
        bits = f"{int.from_bytes(hkdf_sha256(self._secret, info.encode(), 6), 'big'):048b}"
        numbers = (n + 1000 for n in _split(bits, _NUMBER_BITS, _NUMBER_COUNT))
        return Shown(_split(bits, _EMOJI_BITS, EMOJI_COUNT), " ".join(map(str, numbers)))

    def mac(self, message: str, info: str) -> bytes:
        key = hkdf_sha256(self._secret, info.encode(), 32)
        return hmac.digest(key, message.encode(), "sha256")


def _split(bits: str, size_bits: int, count: int) -> tuple[int, ...]:
    starts = range(0, size_bits * count, size_bits)
    return tuple(int(bits[start : start + size_bits], 2) for start in starts)
