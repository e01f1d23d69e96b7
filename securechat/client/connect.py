"""Everything between a profile and its engine: the address, whom to trust there, the loop."""

import time
from collections.abc import Callable, Sequence
from functools import partial

from securechat.client.access import Access, Confirm, TrustFlags, choose_address, tell_if_new
from securechat.client.engine import Engine
from securechat.client.link import Link, LinkNews
from securechat.client.profile import Profile
from securechat.client.relays import KnownRelay, known_relays, registered_at
from securechat.client.run import Run
from securechat.e2e.seen import SEEN_TABLES
from securechat.errors import Untrusted
from securechat.identity.types import RelayId, fingerprint
from securechat.transport.connection import Handler
from securechat.transport.endpoint import Endpoint
from securechat.transport.loop import Loop
from securechat.transport.pins import pin_text, relay_id
from securechat.transport.probe import probe
from securechat.transport.tls import ClientTls

CLOSE_S = 5.0
"""How long an engine may take for what it has begun."""

_OF_AN_UNUSED_PROFILE = frozenset({"self", "epoch", "relay", "expected"})
"""The tables of one that nobody has used: its keys, and whom it was to meet."""


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


class Connector:
    """An open profile, and its engine with a loop of its own; close it when the engine has ended.

    It is the only way to an engine: `securechat.client.api` is what others use of it.
    """

    def __init__(
        self,
        access: Access,
        *,
        peer: str | None = None,
        lobby: bool = False,
        e2e: bool = True,
        offline: bool = False,
    ) -> None:
        """Open the profile and decide whom to trust; ``offline`` is as for `Session`.

        Raises as `Profile` and `decide_trust`; a profile made for that is gone then.
        """
        self.profile = Profile(access.home, access.me, access.passphrases)
        try:
            self._begin(access, peer, lobby=lobby, e2e=e2e, offline=offline)
        except BaseException:
            self.profile.discard_if_new()
            raise

    def _begin(
        self, access: Access, peer: str | None, *, lobby: bool, e2e: bool, offline: bool
    ) -> None:
        self._address = choose_address(access, self.profile)
        tls = decide_trust(self.profile, self._address, access.trust, access.confirm)
        tell_if_new(access, self.profile)
        run = Run(
            name=self.profile.name,
            relay=str(self._address),
            peer=peer,
            invite=access.invite,
            lobby=lobby and access.settings.presence,
            visible=access.settings.presence,
            unencrypted=None if e2e else peer,
            history_days=access.settings.history_days,
            read_receipts=access.read_receipts,
            typing=access.settings.typing,
            takes_new_keys=access.settings.on_key_change == "notify",
            known_relay=partial(self._known_relay, access.trust) if offline else lambda: None,
            trusts_one_relay=access.trust.ca_file is None,
        )
        self.loop = Loop()
        make_link = self._linking(tls, access.settings.dial_timeout_s)
        self.engine = Engine(run, self.profile.state, make_link, self._pin)
        self.loop.start()

    def _known_relay(self, flags: TrustFlags) -> RelayId | None:
        rows = self.profile.state.load(without=SEEN_TABLES)
        return registered_at(rows, self._address, flags.pin)

    def close(self) -> None:
        """End the engine, flush and close the connection, end the loop, close the profile.

        A profile that was made for this is gone then if it has come to nothing: no relay can know
        its device, and it holds no message.
        """
        with self.profile:
            self.engine.stop()
            self.engine.join(CLOSE_S)
            self.loop.stop()
            if self.profile.is_new and not self._has_come_to_something():
                self.profile.discard_if_new()

    def _has_come_to_something(self) -> bool:
        rows = self.profile.state.load(without=SEEN_TABLES)
        return self.engine.may_be_known or not {table for table, _ in rows} <= _OF_AN_UNUSED_PROFILE

    def _linking(
        self, tls: ClientTls, timeout_s: float
    ) -> Callable[[Callable[[LinkNews], None]], Link]:
        """Return what makes the engine's link: each connection goes to the address, under TLS."""

        def dial(handler: Handler) -> None:
            self.loop.dial(*self._address, tls, handler, timeout_s=timeout_s)

        return lambda inbox: Link(self.loop, dial, inbox)

    def _pin(self, certificate: bytes) -> RelayId:
        """Return the relay's id, and remember it: TLS has accepted the certificate."""
        known = KnownRelay(relay_id(certificate), str(self._address), time.time_ns() // 1_000_000)
        self.engine.keep(known.row)
        return known.relay_id
