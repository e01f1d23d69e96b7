"""A name on a relay, claimed by the key of its owner."""

from typing import Annotated, ClassVar, Self

import msgspec

from securechat.crypto.signing import SigningKey
from securechat.identity.names import MAX_RAW_CHARACTERS, parse_name
from securechat.identity.notation import u64
from securechat.identity.signed import UNSIGNED, SignedObject, require
from securechat.identity.types import SIZE_32, Name, Number, RelayId, UserKey


class Registration(SignedObject, frozen=True, array_like=True):
    """A person's statement "on this relay I am called so", signed by their user key.

    It keeps a relay from putting a name on another person's key.
    """

    label: ClassVar[str] = "securechat/registration/v1"

    relay_id: Annotated[RelayId, SIZE_32]
    name: Annotated[Name, msgspec.Meta(max_length=MAX_RAW_CHARACTERS)]
    user_key: Annotated[UserKey, SIZE_32]
    time_ms: Number

    @classmethod
    def sign(cls, key: SigningKey, *, relay_id: RelayId, name: Name, time_ms: int) -> Self:
        """Sign a registration with the user key's secret half."""
        return cls(
            signature=UNSIGNED,
            relay_id=relay_id,
            name=name,
            user_key=UserKey(key.public),
            time_ms=time_ms,
        )._signed_with(key)

    def parts(self) -> tuple[bytes, ...]:
        """Return relay id, name (UTF-8), user key, time."""
        return (self.relay_id, self.name.encode(), self.user_key, u64(self.time_ms))

    def verify(self, relay_id: RelayId) -> None:
        """Check that this is for ``relay_id``, holds a proper name and is signed by its user key.

        Raises `NameInvalid`, `RemoteProtocolError` or `InvalidSignature`.
        """
        require(self.relay_id == relay_id, "A registration is for another relay.")
        require(parse_name(self.name) == self.name, "A registered name is not normalised.")
        self._verify_under(self.user_key)
