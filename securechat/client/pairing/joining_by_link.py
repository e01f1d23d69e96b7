"""What the link of an invitation decides before a chat: which relay, who is there, and one's name.

A link may have been forwarded, or changed by whoever passed it on. So it never overrules what is
known here already, and nobody is verified by it.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from securechat.client.connection.faults import NOT_REGISTERED
from securechat.client.connection.handed_over import HandedOver
from securechat.client.connection.invite_link import InviteLink, inviter_hint, relay_hint
from securechat.client.connection.login import Login
from securechat.client.connection.relays import known_relays
from securechat.client.connection.short_visit import Visit
from securechat.client.keys.expected import expected_row
from securechat.client.names.contacts import ContactBook
from securechat.client.profiles.profile import Profile
from securechat.client.state.opening import open_endpoint
from securechat.e2e.seen import SEEN_TABLES
from securechat.errors import InviteRefused, KeyChanged, NameTaken, Untrusted
from securechat.identity.names import name_key
from securechat.identity.types import RelayId, fingerprint
from securechat.transport.connection import Connection
from securechat.transport.loop import Loop
from securechat.transport.pins import pin_text, relay_id
from securechat.transport.probe import probe
from securechat.transport.tls import ClientTls
from securechat.wire import frames as f

DIAL_S = 10.0
REFUSAL_S = 10.0
"""More than the delay of a relay that has refused several names."""

Rows = Mapping[tuple[str, bytes], bytes]


def accept_link(profile: Profile, link: InviteLink) -> RelayId:
    """Look at the relay that a link names; return the id of the only one to trust there.

    From then on the profile takes nobody but the link's inviter under their name there. A link of
    the relay's operator has none.

    Blocks while the relay is looked at. Raises Unreachable, Untrusted when another relay is at the
    address, and KeyChanged when the relay or the inviter is known here with another key.
    """
    shown = relay_id(probe(*link.address))
    if relay_hint(shown) != link.relay_hint:
        raise Untrusted(
            f"The relay at {link.address} is not the one of the link; it shows"
            f" {fingerprint(shown)}",
            f"ask {link.name} for a new link: securechat invite"
            if link.has_inviter
            else "ask the relay's operator for a new link",
        )
    rows = profile.state.load(without=SEEN_TABLES)
    _check_known_relay(link, shown, rows)
    if link.has_inviter and not _is_known(link, shown, rows):
        open_endpoint(profile.state, time.time_ns() // 1_000_000)  # first: a device begins empty
        profile.state.commit(expected_row(shown, link.name, link.inviter_hint))
    return shown


def register_by_link(profile: Profile, link: InviteLink, relay: RelayId) -> None:
    """Register under the profile's name at the relay of a link, and leave again.

    Does nothing where this person is registered already. Raises NameTaken and NameInvalid, which
    use up nothing of the invitation, InviteRefused, LimitExceeded, Untrusted when another relay is
    there by now, Unreachable and TimedOut. A link of the operator is good for a new key and one
    name: it is InviteRefused for the key that the relay has forgotten, for another name, and where
    that name is somebody's by now, or another link's.
    """
    _check_own_name(profile, link)
    now_ms = time.time_ns() // 1_000_000
    endpoint = open_endpoint(profile.state, now_ms)
    rows = profile.state.load(without=SEEN_TABLES)
    handed_over = HandedOver(relay, rows).count
    with _visiting(link, relay) as visit:
        certificate = visit.wait_for(Connection, DIAL_S).remote_certificate or b""
        login = Login(endpoint, profile.name, relay, certificate, link.token)
        visit.say(login.hello())
        challenge = visit.wait_for(f.Challenge)
        frames = login.answer(challenge, now_ms, handed_over)
        if not challenge.registered and challenge.device_list is None:
            _check_new_key(profile, link, relay, rows)
            with _explaining(link):
                _register(visit, login, frames, profile)
        visit.leave()


def _check_own_name(profile: Profile, link: InviteLink) -> None:
    """Raise InviteRefused for a link of the operator that is for another name than the profile's.

    An open relay would take the name all the same, once it knows nothing of the link any more.
    """
    if not link.has_inviter and name_key(profile.name) != name_key(link.name):
        raise InviteRefused(
            f"This link is for the name {link.name} only",
            f"the same command with --name {link.name}",
        )


def _check_new_key(profile: Profile, link: InviteLink, relay: RelayId, rows: Rows) -> None:
    """Raise InviteRefused for a link of the operator with a key that the relay has forgotten.

    That key may be a stolen one: to bring it back by oversight would undo the operator's work.
    """
    if not link.has_inviter and any(known.relay_id == relay for known in known_relays(rows)):
        raise InviteRefused(
            f"This link is for a new key; the profile of {profile.name} in {profile.home} has the"
            " old one",
            "the same command with --home NEW-DIRECTORY",
        )


@contextmanager
def _explaining(link: InviteLink) -> Iterator[None]:
    """Raise InviteRefused for what says that a link of the operator serves no more."""
    try:
        yield
    except (NameTaken, InviteRefused) as error:
        if link.has_inviter:
            raise
        raise InviteRefused(
            f"This link for the name {link.name} is used up, has expired, or a newer one has"
            " replaced it",
            "use the newest; or ask the relay's operator for another one:"
            f" securechat server reset-identity {link.name}",
        ) from error


def _register(
    visit: Visit, login: Login, frames: Iterable[f.ClientFrame], profile: Profile
) -> None:
    """Register; unless that is refused, the relay may have entered the profile from now on."""
    may_be_known = True
    try:
        for frame in frames:
            visit.say(frame)
        login.check(visit.wait_for(f.Welcome, REFUSAL_S))
    except NOT_REGISTERED:
        may_be_known = False
        raise
    finally:
        if may_be_known:
            profile.keep()


@contextmanager
def _visiting(link: InviteLink, relay: RelayId) -> Iterator[Visit]:
    """Dial the relay of a link, which has to be this one; the block is for one visit there."""
    loop = Loop()
    loop.start()
    try:
        visit = Visit(loop)
        loop.dial(*link.address, ClientTls(pin=relay), visit, timeout_s=DIAL_S)
        yield visit
    finally:
        loop.stop()


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
