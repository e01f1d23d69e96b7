"""The 60 digits that two people compare to be sure that nobody sits between them."""

from securechat.crypto.hashing import sha512_iterated
from securechat.identity.notation import L
from securechat.identity.types import UserKey

_ROUNDS = 5200
_GROUPS_PER_PERSON = 6
_BYTES_PER_GROUP = 5


def safety_number(mine: UserKey, theirs: UserKey) -> str:
    """Return 12 groups of 5 digits, the same text on both sides.

    Each person's half comes from their user key alone; the halves are sorted. The rounds make a
    search for a key with the same digits slow (about 5 ms a call here).
    """
    return " ".join(sorted((_half(mine), _half(theirs))))


def _half(user_key: UserKey) -> str:
    start = L("securechat/safety-number/v1", user_key)
    state = sha512_iterated(start, user_key, _ROUNDS)
    pieces = (
        state[i : i + _BYTES_PER_GROUP]
        for i in range(0, _GROUPS_PER_PERSON * _BYTES_PER_GROUP, _BYTES_PER_GROUP)
    )
    return " ".join(f"{int.from_bytes(piece, 'big') % 100_000:05d}" for piece in pieces)
