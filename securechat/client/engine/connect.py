"""An engine for an open profile: its loop, and the connections to the relay's address."""

import time
from collections.abc import Callable

from securechat.client.connection.link import Link, LinkNews
from securechat.client.connection.relays import KnownRelay, registered_at
from securechat.client.engine.audience import Audience
from securechat.client.engine.engine import Engine
from securechat.client.profiles.opened import Opened
from securechat.client.state.run import Run
from securechat.e2e.seen import SEEN_TABLES
from securechat.identity.types import RelayId
from securechat.transport.connection import Handler
from securechat.transport.loop import Loop
from securechat.transport.pins import relay_id

CLOSE_S = 5.0
"""How long an engine may take for what it has begun."""


class Connector:
    """An engine with a loop of its own; close it when the engine has ended.

    It is the only way to an engine: `securechat.client.api` is what others use of it.
    """

    def __init__(
        self,
        opened: Opened,
        audience: Audience,
        *,
        peer: str | None,
        lobby: bool,
        e2e: bool,
        offline: bool,
    ) -> None:
        """Prepare the engine, which tells the ``audience``; for the rest see `Session`."""
        self._opened = opened
        access, profile = opened.access, opened.profile
        run = Run(
            name=profile.name,
            relay=str(opened.address),
            peer=peer,
            invite=access.invite,
            lobby=lobby and access.settings.presence,
            visible=access.settings.presence,
            unencrypted=None if e2e else peer,
            history_days=access.settings.history_days,
            read_receipts=access.read_receipts,
            typing=access.settings.typing,
            takes_new_keys=access.settings.on_key_change == "notify",
            known_relay=self._known_relay if offline else lambda: None,
            trusts_one_relay=access.trust.ca_file is None,
        )
        self.loop = Loop()
        self.engine = Engine(run, profile.state, audience, self._make_link, self._pin)
        self.loop.start()

    def close(self) -> None:
        """End the engine, flush and close the connection, end the loop, close the profile."""
        try:
            self.engine.stop()
            self.engine.join(CLOSE_S)
            self.loop.stop()
        finally:
            self._opened.close(may_be_known=self.engine.may_be_known)

    def _known_relay(self) -> RelayId | None:
        rows = self._opened.profile.state.load(without=SEEN_TABLES)
        return registered_at(rows, self._opened.address, self._opened.access.trust.pin)

    def _make_link(self, inbox: Callable[[LinkNews], None]) -> Link:
        """Return the engine's link: each connection goes to the address, under TLS."""
        opened, timeout_s = self._opened, self._opened.access.settings.dial_timeout_s

        def dial(handler: Handler) -> None:
            self.loop.dial(*opened.address, opened.tls, handler, timeout_s=timeout_s)

        return Link(self.loop, dial, inbox)

    def _pin(self, certificate: bytes) -> RelayId:
        """Return the relay's id, and remember it: TLS has accepted the certificate."""
        now_ms = time.time_ns() // 1_000_000
        known = KnownRelay(relay_id(certificate), str(self._opened.address), now_ms)
        self.engine.keep(known.row)
        return known.relay_id
