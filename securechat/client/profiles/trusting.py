"""Which relay is the right one at an address: what its certificate has to show."""

from collections.abc import Sequence

from securechat.client.connection.relays import KnownRelay, known_relays
from securechat.client.profiles.access import Confirm, TrustFlags
from securechat.client.profiles.profile import Profile
from securechat.e2e.seen import SEEN_TABLES
from securechat.errors import Untrusted
from securechat.identity.types import RelayId, fingerprint
from securechat.transport.endpoint import Endpoint
from securechat.transport.pins import pin_text, relay_id
from securechat.transport.tls import ClientTls


def decide_trust(
    profile: Profile, address: Endpoint, flags: TrustFlags, confirm: Confirm
) -> ClientTls:
    """Return what the relay at an address has to show.

    A pin or a CA file that the user names decides. Otherwise the relay that was met at this
    address before has to be there again; a ca.pem nearby vouches for a new one; then a relay that
    is known from elsewhere is good; and for a stranger ``confirm`` is asked.

    Raises Untrusted when nobody vouches, Unreachable when nobody answers.
    """
    relays = known_relays(profile.state.load(without=SEEN_TABLES))
    vouched = trusted_by(relays, address, flags)
    if vouched is not None:
        return vouched
    from securechat.transport.probe import probe  # for strangers only

    shown = relay_id(probe(*address))
    known = trusted_by(relays, address, flags, shown)
    if known is not None:
        return known
    question = f"The relay at {address} is new. Its fingerprint is {fingerprint(shown)}."
    if not confirm(f"{question}\nTrust it?"):
        raise Untrusted(
            f"The relay at {address} is not known here; it shows {fingerprint(shown)}",
            "compare that with the relay's own screen, then:"
            f" securechat client --name {profile.name} --server {address} --pin {pin_text(shown)}",
        )
    return ClientTls(pin=shown)


def trusted_by(
    relays: Sequence[KnownRelay],
    address: Endpoint,
    flags: TrustFlags,
    shown: RelayId | None = None,
) -> ClientTls | None:
    """Return what vouches for the relay at an address, in the order of `decide_trust`, or None.

    ``shown`` is the relay that answers there, if somebody has looked.
    """
    if flags.pin is not None or flags.ca_file is not None:
        return ClientTls(pin=flags.pin, ca_file=flags.ca_file)
    for relay in relays:
        if relay.address == str(address):
            return ClientTls(pin=relay.relay_id)
    if flags.nearby_ca_file is not None:
        return ClientTls(ca_file=flags.nearby_ca_file)
    is_known = any(relay.relay_id == shown for relay in relays)
    return ClientTls(pin=shown) if is_known else None
