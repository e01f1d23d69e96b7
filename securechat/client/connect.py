"""Everything between a profile and its engine: the address, whom to trust there, the loop."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from securechat.client.engine import Engine
from securechat.client.link import Link, LinkNews
from securechat.client.profile import Profile
from securechat.client.relays import KnownRelay, known_relays, parse_address
from securechat.client.run import Run
from securechat.config import ClientConfig
from securechat.errors import Untrusted
from securechat.identity.types import RelayId, fingerprint
from securechat.transport.endpoint import Endpoint
from securechat.transport.loop import Loop
from securechat.transport.pins import pin_text, relay_id
from securechat.transport.probe import probe
from securechat.transport.tls import ClientTls

CLOSE_S = 5.0
"""How long an engine may take for what it has begun."""

Confirm = Callable[[str], bool]
"""Asks a person a yes-or-no question; always False when nobody can be asked."""


@dataclass(frozen=True, slots=True)
class TrustFlags:
    """What the user said about whom to trust: ``--pin``, ``--ca``, and the ca.pem lying around."""

    pin: RelayId | None = None
    ca_file: Path | None = None
    nearby_ca_file: Path | None = None


def remembered_address(profile: Profile) -> Endpoint | None:
    """Return where this profile met its relay the last time."""
    relays = known_relays(profile.state.load())
    return parse_address(relays[0].address) if relays else None


def decide_trust(
    profile: Profile, address: Endpoint, flags: TrustFlags, confirm: Confirm
) -> ClientTls:
    """Return what the relay at an address has to show.

    A pin or a CA file that the user names decides. Otherwise the relay that was met at this
    address before has to be there again; a ca.pem nearby vouches for a new one; then a relay that
    is known from elsewhere is good; and for a stranger ``confirm`` is asked.

    Raises Untrusted when nobody vouches, Unreachable when nobody answers.
    """
    if flags.pin is not None or flags.ca_file is not None:
        return ClientTls(pin=flags.pin, ca_file=flags.ca_file)
    relays = known_relays(profile.state.load())
    for relay in relays:
        if relay.address == str(address):
            return ClientTls(pin=relay.relay_id)
    if flags.nearby_ca_file is not None:
        return ClientTls(ca_file=flags.nearby_ca_file)
    shown = relay_id(probe(*address))
    if shown in {relay.relay_id for relay in relays}:
        return ClientTls(pin=shown)
    question = f"The relay at {address} is new. Its fingerprint is {fingerprint(shown)}."
    if not confirm(f"{question}\nTrust it?"):
        raise Untrusted(
            f"The relay at {address} is not known here; it shows {fingerprint(shown)}",
            "compare that with the relay's own screen, then:"
            f" securechat client --server {address} --pin {pin_text(shown)}",
        )
    return ClientTls(pin=shown)


class Connector:
    """An engine with a loop of its own; close it when the engine has ended."""

    def __init__(
        self,
        profile: Profile,
        address: Endpoint,
        tls: ClientTls,
        *,
        peer: str | None,
        e2e: bool = True,
        read_receipts: bool = False,
        lobby: bool = False,
        settings: ClientConfig,
    ) -> None:
        self._profile = profile
        self._address = address
        self.loop = Loop()

        def make_link(inbox: Callable[[LinkNews], None]) -> Link:
            timeout_s = settings.dial_timeout_s
            return Link(
                self.loop,
                lambda handler: self.loop.dial(*address, tls, handler, timeout_s=timeout_s),
                inbox,
            )

        run = Run(
            name=profile.name,
            relay=str(address),
            peer=peer,
            unencrypted=None if e2e else peer,
            history_days=settings.history_days,
            read_receipts=read_receipts,
            lobby=lobby and settings.presence,
            visible=settings.presence,
        )
        self.engine = Engine(run, profile.state, make_link, self._pin)
        self.loop.start()

    def close(self) -> None:
        """End the engine, flush and close the connection, and end the loop."""
        self.engine.stop()
        self.engine.join(CLOSE_S)
        self.loop.stop()

    def _pin(self, certificate: bytes) -> RelayId:
        """Return the relay's id, and remember it: TLS has accepted the certificate."""
        known = KnownRelay(relay_id(certificate), str(self._address), time.time_ns() // 1_000_000)
        self._profile.state.commit(known.row)
        return known.relay_id
