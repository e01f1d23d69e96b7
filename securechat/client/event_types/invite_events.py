"""What a client engine tells its faces of invitations to the relay."""

from typing import NamedTuple

from msgspec import Struct


class InviteMade(Struct, frozen=True):
    """Whoever has the ``link`` may register with the relay, so often and until then.

    ``qr_text`` is the link in the characters that make the smallest QR code; ``id`` takes it back.
    ``expires_ms`` counts from 1970.
    """

    link: str
    qr_text: str
    id: str
    uses: int
    expires_ms: int
    errand: str | None = None
    """The question of another command that this answers."""


class InviteInfo(NamedTuple):
    """An invitation in a list; ``uses`` are left of it."""

    id: str
    uses: int
    expires_ms: int


class InviteList(Struct, frozen=True):
    """The own invitations that somebody can still use."""

    invites: tuple[InviteInfo, ...]
    errand: str | None = None
