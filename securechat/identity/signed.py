"""What all signed objects share: the signature, the bytes under it, the check."""

from typing import ClassVar, Self

import msgspec

from securechat.crypto import signing
from securechat.crypto.signing import SigningKey
from securechat.errors import RemoteProtocolError
from securechat.identity.notation import L
from securechat.identity.types import Signature


class SignedObject(msgspec.Struct, frozen=True, array_like=True):
    """Base of the objects that one key signs and others carry.

    ``signature`` is Ed25519 over ``L(label, *parts)``, whatever encoding carries the object.
    Decoding with msgspec checks types and sizes; ``verify`` of each class checks the rest.
    """

    signature: Signature

    label: ClassVar[str]

    def parts(self) -> tuple[bytes, ...]:
        """Return the signed parts in the order of E2E.md."""
        raise NotImplementedError

    def signed_bytes(self) -> bytes:
        """Return the exact bytes under the signature."""
        return L(self.label, *self.parts())

    def _signed_with(self, key: SigningKey) -> Self:
        return msgspec.structs.replace(self, signature=key.sign(self.signed_bytes()))

    def _verify_under(self, public_key: bytes) -> None:
        signing.verify(public_key, self.signed_bytes(), self.signature)


UNSIGNED = b""
"""Stands in the signature field while the object is being signed."""


def require(condition: bool, what: str) -> None:
    """Raise `RemoteProtocolError` saying ``what`` is wrong unless ``condition`` holds."""
    if not condition:
        raise RemoteProtocolError(what)
