"""SPAKE2 over Ed25519: two who know the same few words agree on a strong key.

The library computes for some 40 ms when it is imported, so that is done at the first use only.
"""

from collections.abc import Callable

from nacl import bindings

from securechat.crypto.sealing import random_bytes
from securechat.errors import LocalProtocolError, RemoteProtocolError

MESSAGE_SIZE_BYTES = 33
_OPENER_SIDE, _JOINER_SIDE = b"A", b"B"


class Pake:
    """One side of one agreement.

    ``message`` (`MESSAGE_SIZE_BYTES`) goes to the other side, and theirs into `finish`. Whoever
    does not know the password can try one guess with each agreement, and learns nothing else.
    """

    __slots__ = ("_exchange", "_their_side", "message")

    def __init__(
        self,
        *,
        opener: bool,
        password: bytes,
        opener_id: bytes,
        joiner_id: bytes,
        draw: Callable[[int], bytes] = random_bytes,
    ) -> None:
        """Begin; both sides give the same ids, and ``draw`` returns so many secret bytes."""
        from spake2 import SPAKE2_A, SPAKE2_B

        role = SPAKE2_A if opener else SPAKE2_B
        self._exchange = role(password, idA=opener_id, idB=joiner_id, entropy_f=draw)
        self._their_side = _JOINER_SIDE if opener else _OPENER_SIDE
        self.message: bytes = self._exchange.start()

    def finish(self, theirs: bytes) -> bytes:
        """Return the key (32 bytes), the same on both sides if password and ids are.

        Raises `RemoteProtocolError` when ``theirs`` is no message of the other side, and
        `LocalProtocolError` on a second call: each would be another guess.
        """
        from spake2 import SPAKEError

        exchange, self._exchange = self._exchange, None
        if exchange is None:
            raise LocalProtocolError("An agreement on a key finishes once.")
        # The library takes the neutral element in encodings that are not canonical.
        if theirs[:1] != self._their_side or not _is_point(theirs[1:]):
            raise RemoteProtocolError("A message of the pairing is not valid.")
        try:
            key: bytes = exchange.finish(theirs)
        except SPAKEError as error:
            raise RemoteProtocolError("A message of the pairing was sent back.") from error
        return key

    def __repr__(self) -> str:
        return "Pake(secret)"


def _is_point(encoded: bytes) -> bool:
    size = bindings.crypto_core_ed25519_BYTES
    return len(encoded) == size and bindings.crypto_core_ed25519_is_valid_point(encoded)
