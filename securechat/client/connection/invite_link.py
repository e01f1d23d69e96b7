"""Invitation links: where a relay is, a token that lets a new person in, and who invites them.

::

    securechat://192.168.1.20:5555/j/MFRGGZDFMZTWQ2LKNNWG23TPOA#AB…

The token is secret until it is used. What follows it is public: the beginning of the relay's id, a
hash that stands for the inviter's key on that relay, and the inviter's name. A link of the relay's
operator has zeros in the place of the key, and the name of whoever is to come.
"""

import base64
from dataclasses import dataclass, field
from typing import NewType

from securechat.client.connection.relays import parse_address
from securechat.errors import NameInvalid, UsageError
from securechat.identity.names import parse_name
from securechat.identity.notation import digest
from securechat.identity.types import Name, RelayId, UserKey
from securechat.transport.addresses import parse_host
from securechat.transport.endpoint import Endpoint

InviteToken = NewType("InviteToken", bytes)
"""What a new person shows a relay to be let in: 16 random bytes."""

RelayHint = NewType("RelayHint", bytes)
"""The first 16 bytes of a relay id."""

InviterHint = NewType("InviterHint", bytes)
"""16 bytes that stand for a person's key on one relay; see `inviter_hint`."""

NO_INVITER = InviterHint(bytes(16))
"""What stands there in a link of the relay's operator."""

SCHEME = "securechat://"
TOKEN_BYTES = HINT_BYTES = 16
MAX_LINK_CHARACTERS = 1024
"""A link with the longest host and name is shorter."""


def is_link(text: str) -> bool:
    """Tell whether a text is meant to be a link, though it may be a broken one."""
    return text.strip().lower().startswith(SCHEME)


def relay_hint(relay_id: RelayId) -> RelayHint:
    """Return what a link says of a relay."""
    return RelayHint(relay_id[:HINT_BYTES])


def inviter_hint(relay_id: RelayId, user_key: UserKey) -> InviterHint:
    """Return what a link says of its inviter's key; the same key elsewhere has another hint."""
    return InviterHint(digest("securechat/inviter/v1", relay_id, user_key)[:HINT_BYTES])


@dataclass(frozen=True, slots=True)
class InviteLink:
    """What a link says. Only its text holds the token: a ``repr`` does not show it."""

    address: Endpoint
    token: InviteToken = field(repr=False)
    relay_hint: RelayHint
    inviter_hint: InviterHint
    name: Name
    """The inviter's; or, in a link of the relay's operator, the one name that it is good for."""

    @property
    def has_inviter(self) -> bool:
        """Whether a member has made it; else the relay's operator has, for who lost their key."""
        return self.inviter_hint != NO_INVITER

    @property
    def text(self) -> str:
        """The link as it is sent and typed."""
        return f"{SCHEME}{self.address}/j/{_encode(self.token)}#{self._hints}"

    @property
    def qr_text(self) -> str:
        """The link in characters of which a QR code holds most: upper case, and no ``#``."""
        return f"{SCHEME}{self.address}/j/{_encode(self.token)}/{self._hints}".upper()

    @property
    def _hints(self) -> str:
        return _encode(self.relay_hint + self.inviter_hint + self.name.encode())


def parse_link(text: str) -> InviteLink:
    """Return what a link in either form says; UsageError for every other text."""
    typed = text.strip()
    if not (is_link(typed) and typed.isascii() and len(typed) <= MAX_LINK_CHARACTERS):
        raise _not_a_link()
    authority, _, path = typed[len(SCHEME) :].partition("/")
    try:
        _, token, hints = path.upper().replace("#", "/", 1).split("/")
        address, said = parse_address(authority.lower()), _decode(hints)
        link = InviteLink(
            address._replace(host=parse_host(address.host)),
            InviteToken(_decode(token)),
            RelayHint(said[:HINT_BYTES]),
            InviterHint(said[HINT_BYTES : 2 * HINT_BYTES]),
            parse_name(said[2 * HINT_BYTES :].decode()),
        )
    except (ValueError, UsageError, NameInvalid) as error:
        raise _not_a_link() from error
    is_whole = len(link.token) == TOKEN_BYTES and address.port > 0
    if not (is_whole and typed.upper() in (link.text.upper(), link.qr_text)):
        raise _not_a_link()
    return link


def _encode(data: bytes) -> str:
    """Return bytes in base 32, without padding."""
    return base64.b32encode(data).decode().rstrip("=")


def _decode(text: str) -> bytes:
    """Undo `_encode`; ValueError for what is no base 32."""
    return base64.b32decode(text + "=" * (-len(text) % 8))


def _not_a_link() -> UsageError:
    return UsageError(
        "That is no invitation link, or not all of it",
        "the whole link as it was made: securechat join 'securechat://HOST:PORT/j/…#…'",
    )
