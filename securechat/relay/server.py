"""A relay on the network: its loop, its certificate, its listener, from start to drain."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from securechat.config import ServerConfig
from securechat.errors import CertificateExpired
from securechat.relay.entry import takes_anybody
from securechat.relay.events import CertificateProblem, CertificateRenewed, RelayEvent
from securechat.relay.own_store import opening_store
from securechat.relay.relay import Relay
from securechat.relay.session import Session
from securechat.store.store_thread import StoreThread
from securechat.transport.admission import Limits
from securechat.transport.certificate_directory import SERVER, ServerCertificate, load
from securechat.transport.endpoint import Endpoint
from securechat.transport.issuing import issue, renew_if_needed
from securechat.transport.loop import Loop
from securechat.transport.private_files import is_there
from securechat.transport.tls import ServerTls

ANY_ADDRESS = ("", "0.0.0.0", "::")  # noqa: S104 (these are compared, not bound)

RETRY_AFTER_MS = 2_000
"""When a drained client should come back; it adds jitter of its own."""


class RelayServer:
    """One relay process's network side; ``on_event`` is called in the loop's thread.

    ``data`` is the directory of its store, which one relay at a time uses. ``make_session`` makes
    the session of each connection: a place for an observer.

    Use: `prepare_certificate`, `start`, then `check_certificate` once a day, then `stop`.
    """

    def __init__(
        self,
        config: ServerConfig,
        certs: Path,
        data: Path,
        on_event: Callable[[RelayEvent], None],
        make_session: Callable[[Relay], Session] = Session,
    ) -> None:
        self._config = config
        self._certs = certs
        self._data = data
        self._on_event = on_event
        self._make_session = make_session
        self._loop = Loop()
        self._closing = ExitStack()

    def prepare_certificate(self) -> bool:
        """Make certificates when there are none and return True; renew them when it is time.

        Raises FileProblem, CertificateExpired and what else `issue` raises.
        """
        made = not is_there(self._certs / SERVER)
        if made:
            issue(self._certs, datetime.now(UTC), self._named_host())
        self.certificate = self._renew_and_load()
        return made

    @property
    def takes_anybody(self) -> bool:
        """Whether nobody needs an invitation."""
        return takes_anybody(self._config)

    def start(self) -> list[Endpoint]:
        """Open the store and listen; return the addresses bound.

        Raises Busy and FileProblem for the store, PortInUse and what else `listen` raises.
        """
        with ExitStack() as stack:
            store = stack.enter_context(
                opening_store(self._data, self.certificate, self._loop.call_soon, self._on_event)
            )
            addresses = self._listen(store)
            self._closing = stack.pop_all()
        store.start()
        self._loop.start()
        return addresses

    def _listen(self, store: StoreThread) -> list[Endpoint]:
        config = self._config
        self._relay = Relay(
            self.certificate.relay_id,
            store,
            config,
            clock=self._loop.clock,
            now_ms=lambda: time.time_ns() // 1_000_000,
            call_later=self._loop.call_later,
            on_event=self._on_event,
        )
        self._loop.after_tick.append(self._relay.dispatch.after_tick)
        self._listener = self._loop.listen(
            config.host,
            config.port,
            self._load_tls(),
            lambda _remote: self._make_session(self._relay),
            limits=Limits(
                max_connections=config.max_connections,
                max_unauthenticated=config.max_unauthenticated,
                max_per_address=config.max_per_address,
                handshake_s=config.handshake_timeout_s,
            ),
        )
        return self._listener.addresses

    def check_certificate(self) -> None:
        """Renew the certificate when it is time, and show the one on disk to new connections."""
        self.certificate = self._renew_and_load()
        self._listener.tls = self._load_tls()

    def stop(self) -> None:
        """Tell clients to come back a little later, keep what they have not got, close all."""
        self._loop.call_soon(self._listener.close)
        self._loop.call_soon(lambda: self._relay.drain(RETRY_AFTER_MS))
        self._loop.stop(self._config.drain_timeout_s)
        self._closing.close()

    def _renew_and_load(self) -> ServerCertificate:
        """Return the certificate to show, a new one when it is time for that.

        An expired one raises what kept it from being renewed.
        """
        now = datetime.now(UTC)
        renewal = renew_if_needed(self._certs, now, self._named_host())
        if renewal is None:
            return load(self._certs, now)
        if isinstance(renewal.outcome, ServerCertificate):
            self._on_event(CertificateRenewed(renewal.reason, renewal.outcome.not_after))
            return load(self._certs, now)
        try:
            certificate = load(self._certs, now)
        except CertificateExpired as expired:
            problem = renewal.outcome
            what = f"{expired.what} It cannot be renewed: {problem.what}"
            raise CertificateExpired(what, problem.try_next) from problem
        self._on_event(CertificateProblem(renewal.reason, renewal.outcome))
        return certificate

    def _named_host(self) -> tuple[str, ...]:
        """Return the host to listen on if it is a name or an address that clients can dial."""
        host = self._config.host
        return () if host in ANY_ADDRESS else (host,)

    def _load_tls(self) -> ServerTls:
        return ServerTls(self.certificate.certificate_path, self.certificate.key_path)
