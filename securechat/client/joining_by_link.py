"""What the link of an invitation decides before its holder connects: which relay, and who is there.

A link may have been forwarded, or changed by whoever passed it on. So it never overrules what is
known here already, and nobody is verified by it.
"""

import time

from securechat.client.contacts import ContactBook
from securechat.client.expected import expected_row
from securechat.client.invite_link import InviteLink, inviter_hint, relay_hint
from securechat.client.opening import open_endpoint
from securechat.client.profile import Profile
from securechat.client.relays import known_relays
from securechat.e2e.seen import SEEN_TABLES
from securechat.errors import KeyChanged, Untrusted
from securechat.identity.types import RelayId, fingerprint
from securechat.transport.pins import pin_text, relay_id
from securechat.transport.probe import probe

Rows = dict[tuple[str, bytes], bytes]


def accept_link(profile: Profile, link: InviteLink) -> RelayId:
    """Look at the relay that a link names; return the id of the only one to trust there.

    From then on the profile takes nobody but the link's inviter under their name there.

    Blocks while the relay is looked at. Raises Unreachable, Untrusted when another relay is at the
    address, and KeyChanged when the relay or the inviter is known here with another key.
    """
    shown = relay_id(probe(*link.address))
    if relay_hint(shown) != link.relay_hint:
        raise Untrusted(
            f"The relay at {link.address} is not the one of the link; it shows"
            f" {fingerprint(shown)}",
            f"ask {link.name} for a new link: securechat invite",
        )
    rows = profile.state.load(without=SEEN_TABLES)
    _check_known_relay(link, shown, rows)
    if not _is_known(link, shown, rows):
        open_endpoint(profile.state, time.time_ns() // 1_000_000)  # first: a device begins empty
        profile.state.commit(expected_row(shown, link.name, link.inviter_hint))
    return shown


def _check_known_relay(link: InviteLink, shown: RelayId, rows: Rows) -> None:
    """Raise KeyChanged when the relay that was met at this address last was another one."""
    for relay in known_relays(rows):
        if relay.address == str(link.address):
            if relay.relay_id == shown:
                return
            raise KeyChanged(
                f"The relay at {link.address} was {fingerprint(relay.relay_id)} before; it and the"
                f" link say {fingerprint(shown)} now",
                "ask the relay's operator; only if they confirm it: securechat client"
                f" --server {link.address} --pin {pin_text(shown)}",
            )


def _is_known(link: InviteLink, shown: RelayId, rows: Rows) -> bool:
    """Tell whether the user has accepted the inviter before; KeyChanged if with another key."""
    contact = ContactBook(shown, rows).by_name(link.name)
    if contact is None or not contact.accepted:
        return False
    if inviter_hint(shown, contact.user_key) != link.inviter_hint:
        raise KeyChanged(
            f"{link.name} is known here with another key than the link says",
            f"securechat client --peer {link.name}, and there: /verify {link.name}",
        )
    return True
