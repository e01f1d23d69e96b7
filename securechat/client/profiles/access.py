"""Who one is, which relay is meant, and whom to trust there: what a client begins with."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from msgspec import Struct

from securechat.client.connection.invite_link import InviteToken
from securechat.client.connection.relays import known_relays, parse_address
from securechat.client.profiles.profile import Profile
from securechat.client.profiles.surroundings import certs_directory
from securechat.client.profiles.vault import Passphrases
from securechat.config import ClientConfig
from securechat.e2e.seen import SEEN_TABLES
from securechat.identity.types import Name, RelayId
from securechat.transport.endpoint import Endpoint
from securechat.transport.pins import parse_pin
from securechat.transport.private_files import is_there

Confirm = Callable[[str], bool]
"""Asks a person a yes-or-no question; always False when nobody can be asked."""


class TrustFlags(Struct, frozen=True):
    """What the user said about whom to trust: ``--pin``, ``--ca``, and the ca.pem lying around."""

    pin: RelayId | None = None
    ca_file: Path | None = None
    nearby_ca_file: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Whose profile it is, the relay's address if one was given, and whom to trust there.

    ``passphrases`` gives what may open the profile, ``confirm`` asks whether a relay that nobody
    vouches for is to be trusted, and ``tell_new_key`` hears of a profile that was made just now,
    with its key in a file. With an ``invite`` somebody who is new there may register.
    """

    me: Name
    home: Path
    address: Endpoint | None = None
    trust: TrustFlags = field(default_factory=TrustFlags)
    invite: InviteToken | None = field(default=None, repr=False)
    settings: ClientConfig = field(default_factory=ClientConfig)
    read_receipts: bool = False
    passphrases: Passphrases = tuple
    confirm: Confirm = lambda _question: False
    tell_new_key: Callable[[Name, Path], None] = lambda _name, _home: None


def read_trust(
    pin: str | None, ca_file: Path | None, home: Path | None, certs: str | None
) -> TrustFlags:
    """Return what was said about whom to trust, and what a ca.pem lying around says.

    ``certs`` is where the settings say that certificates are. Raises UsageError for what is no pin.
    """
    nearby = certs_directory(home, None, certs) / "ca.pem"
    return TrustFlags(
        pin=parse_pin(pin) if pin else None,
        ca_file=ca_file,
        nearby_ca_file=nearby if is_there(nearby) else None,
    )


def open_profile(access: Access) -> Profile:
    """Open the profile, and tell of one that is new; the caller closes it.

    Raises Busy when another client has it open, PassphraseRefused, and FileProblem.
    """
    profile = Profile(access.home, access.me, access.passphrases)
    tell_if_new(access, profile)
    return profile


def tell_if_new(access: Access, profile: Profile) -> None:
    """Tell of a profile whose key was made just now."""
    if profile.has_new_key:
        access.tell_new_key(access.me, access.home)


def choose_address(access: Access, profile: Profile) -> Endpoint:
    """Return where the relay is: as given, else where it was met last, else as the settings say."""
    if access.address is not None:
        return access.address
    relays = known_relays(profile.state.load(without=SEEN_TABLES))
    return parse_address(relays[0].address if relays else access.settings.server)
