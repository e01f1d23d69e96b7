"""Short authentication strings of vodozemac: a key agreement whose result people compare."""

from base64 import b64decode
from typing import NamedTuple

import vodozemac

from securechat.errors import LocalProtocolError, RemoteProtocolError

KEY_SIZE_BYTES = 32
MAC_SIZE_BYTES = 32
EMOJI_COUNT = 7
EMOJI_CHOICES = 64


class Shown(NamedTuple):
    """What people compare: 7 numbers of emoji, each 0 to 63; or digits, as ``1234 5678 9012``."""

    emoji: tuple[int, ...]
    decimals: str


class Sas:
    """One side of one agreement; ``public_key`` (`KEY_SIZE_BYTES`) goes to the other side."""

    __slots__ = ("_sas", "public_key")

    def __init__(self) -> None:
        self._sas: vodozemac.Sas | None = vodozemac.Sas()
        self.public_key: bytes = self._sas.public_key.to_bytes()

    def agree(self, theirs: bytes) -> "AgreedSas":
        """Return what both share.

        Raises `RemoteProtocolError` when ``theirs`` is no key, of low order or the own one, and
        `LocalProtocolError` on a second call: one key serves one agreement.
        """
        sas, self._sas = self._sas, None
        if sas is None:
            raise LocalProtocolError("A key of a comparison is used once.")
        if theirs == self.public_key:
            raise RemoteProtocolError("A key of a comparison was sent back.")
        try:
            key = vodozemac.Curve25519PublicKey.from_bytes(theirs)
            return AgreedSas(sas.diffie_hellman(key))
        except ValueError as error:
            raise RemoteProtocolError("A key of a comparison is not valid.") from error

    def __repr__(self) -> str:
        return "Sas(secret)"


class AgreedSas:
    """What two sides share, and nobody between them unless what people compare differs."""

    __slots__ = ("_established",)

    def __init__(self, established: vodozemac.EstablishedSas) -> None:
        self._established = established

    def show(self, info: str) -> Shown:
        """Return what people compare; ``info`` names all that it is to stand for."""
        derived = self._established.bytes(info)
        decimals = " ".join(str(number) for number in derived.decimals)
        return Shown(tuple(derived.emoji_indices), decimals)

    def mac(self, message: str, info: str) -> bytes:
        """Return the code (`MAC_SIZE_BYTES`) of a message; compare with `compare_digest`."""
        unpadded = self._established.calculate_mac(message, info)
        return b64decode(unpadded + "=" * (-len(unpadded) % 4), validate=True)

    def __repr__(self) -> str:
        return "AgreedSas(secret)"
