"""TLS settings of both sides: TLS 1.3 only, no session tickets, one private CA or one pinned key.

Python's ssl cannot order the TLS 1.3 cipher suites before 3.15, so OpenSSL's order stays
(AES-256-GCM first). On OpenSSL 3.5 and later the default groups stay too, whose first is the
hybrid X25519MLKEM768; before that only X25519 is used.
"""

import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from securechat.errors import FileProblem, Untrusted
from securechat.identity.types import RelayId
from securechat.transport.endpoint import Endpoint
from securechat.transport.pins import check_dates_and_pin
from securechat.transport.private_files import quote, read_private, read_public
from securechat.transport.tls_session import TlsSession

_HYBRID_GROUPS_SINCE = (3, 5)


class ServerTls:
    """What a listening side shows; make a new one to reload, live connections keep theirs.

    Raises FileProblem when a file is missing, unreadable, encrypted or does not fit the other.
    """

    def __init__(self, certificate_file: Path, key_file: Path) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.num_tickets = 0
        context.options |= ssl.OP_NO_RENEGOTIATION
        if ssl.OPENSSL_VERSION_INFO < _HYBRID_GROUPS_SINCE:
            context.set_ecdh_curve("X25519")
        _load_chain(context, certificate_file, key_file)
        self._context = context
        self.certificate: bytes = _shown_certificate(context)
        """The certificate that clients see, DER."""

    def session(self, remote: Endpoint) -> TlsSession:
        """Return the TLS state for one accepted connection."""
        return TlsSession(self._context, remote, local_certificate=self.certificate)


class ClientTls:
    """Whom a dialling side trusts: a CA file, a pinned relay id, or both at once.

    With a CA file the certificate must be signed by it and made out to the host that was dialled
    (public CAs count for nothing). With a pin the key must be the pinned one and the dates right;
    that is checked when the handshake is done, before the first byte of ours is sent.
    """

    def __init__(
        self,
        *,
        ca_file: Path | None = None,
        pin: RelayId | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        if ca_file is None and pin is None:
            raise Untrusted(
                "There is nothing to tell the right relay from a wrong one",
                "securechat client --ca ca.pem",
            )
        self._context = _client_context(ca_file)
        self._ca_file = ca_file
        self._pin = pin
        self._clock = clock

    def session(self, remote: Endpoint) -> TlsSession:
        """Return the TLS state for one connection to `remote`, as the user wrote it."""
        return TlsSession(
            self._context,
            remote,
            server_hostname=_name_in_certificate(remote),
            ca_file=self._ca_file,
            check=self._check,
        )

    def _check(self, certificate: bytes) -> None:
        if self._pin is not None:
            check_dates_and_pin(certificate, self._pin, self._clock())


class AnyServerTls:
    """Trusts whoever answers: to look at a certificate, or to pair, where a code decides."""

    def session(self, remote: Endpoint) -> TlsSession:
        """Return the TLS state for one connection on which nothing that matters is sent."""
        name = _name_in_certificate(remote)
        return TlsSession(_client_context(None), remote, server_hostname=name)


def _client_context(ca_file: Path | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    if ca_file is None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        _load_ca(context, ca_file)
    return context


def _name_in_certificate(remote: Endpoint) -> str:
    return remote.host.partition("%")[0]  # it names no interface


def _load_ca(context: ssl.SSLContext, ca_file: Path) -> None:
    read_public(ca_file)
    try:
        context.load_verify_locations(cafile=ca_file)
    except (OSError, ValueError) as error:
        raise FileProblem(
            f"{ca_file} is not a PEM certificate.",
            f"copy the relay's ca.pem again, then: securechat client --ca {quote(ca_file)}",
        ) from error


def _load_chain(context: ssl.SSLContext, certificate_file: Path, key_file: Path) -> None:
    read_public(certificate_file)
    read_private(key_file)
    try:
        context.load_cert_chain(certificate_file, key_file, password=lambda: "")
    except (OSError, ValueError) as error:
        raise FileProblem(
            f"{certificate_file} and {key_file} are not a PEM certificate and its unencrypted key.",
            "securechat gen-certs --force",
        ) from error


def _shown_certificate(context: ssl.SSLContext) -> bytes:
    """Return what a client of `context` sees, so that a file that changes meanwhile cannot lie."""
    nobody = Endpoint("localhost", 0)
    server = TlsSession(context, nobody)
    client = AnyServerTls().session(nobody)
    client.handshake()
    server.handshake(client.output())
    client.handshake(server.output())
    return client.remote_certificate or b""
