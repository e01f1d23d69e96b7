"""The token that lets a new key register, and the hash by which a relay knows it before."""

from securechat.identity.notation import digest
from securechat.identity.types import Digest


def token_hash(token: bytes) -> Digest:
    """Return the hash of a token (16 random bytes): whoever knows it cannot use the invite."""
    return Digest(digest("securechat/invite/v1", token))
