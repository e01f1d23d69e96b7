"""The directory with the relay's certificates: made, loaded and renewed.

=================  ==========================================  =====================
file               what                                        who may read it
=================  ==========================================  =====================
``ca.pem``         the authority's certificate                 everybody; clients trust it
``ca-key.pem``     its key; needed to issue and renew only     its owner, 0600
``server.pem``     the server's certificate, without ca.pem:   everybody
                   clients have that already
``server-key.pem`` its key; never replaced, clients pin it     its owner, 0600
=================  ==========================================  =====================

A certificate names the hosts that somebody asked for first, then ``localhost``, then what the
machine itself is called; a renewal keeps the first part and makes the rest anew.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from securechat.errors import FileProblem, SecureChatError, UsageError
from securechat.identity.types import RelayId
from securechat.transport.addresses import (
    LOCALHOST,
    LOOPBACK,
    Host,
    host_names,
    interface_addresses,
    parse_host,
    unique,
)
from securechat.transport.certificates import (
    Authority,
    certificate_hosts,
    check_is_authority,
    decode_certificate,
    decode_key,
    decode_own_key,
    encode_certificate,
    encode_key,
    is_key_of,
    issue_server_certificate,
    make_authority,
    make_key,
)
from securechat.transport.pins import certificate_relay_id, check_dates
from securechat.transport.private_files import (
    PUBLIC_FILE_MODE,
    hold_lock,
    make_private_directory,
    quote,
    read_private,
    read_public,
)
from securechat.transport.staged_files import NewFile, finish_interrupted, install, interrupted

CA = "ca.pem"
CA_KEY = "ca-key.pem"
SERVER = "server.pem"
SERVER_KEY = "server-key.pem"
FILES = (CA, CA_KEY, SERVER, SERVER_KEY)
"""All files, each certificate before its key: the order in which they appear."""

DEFAULT_LIFETIME = timedelta(days=90)
RENEW_BEFORE_END = timedelta(days=30)

_LOCK = ".lock"


@dataclass(frozen=True, slots=True)
class ServerCertificate:
    """A server certificate that fits its key: what a listener and a status line need."""

    certificate_path: Path
    key_path: Path
    der: bytes
    relay_id: RelayId
    not_after: datetime
    hosts: tuple[Host, ...]


@dataclass(frozen=True, slots=True)
class Issued:
    """What `issue` left in the directory, and which of the files it wrote."""

    certificate: ServerCertificate
    written: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Renewal:
    """Why the certificate has to be renewed, and the new one or the problem that prevented it."""

    reason: str
    outcome: ServerCertificate | SecureChatError


def load(directory: Path, now: datetime) -> ServerCertificate:
    """Return the server certificate of a directory, fit to listen with at the time `now`.

    Raises `FileProblem` for a file that is missing, damaged, readable by others or not the key of
    the certificate, and `CertificateExpired` outside the certificate's dates.
    """
    certificate, _ = _read_server(directory)
    check_dates(certificate, now)
    return _describe(directory, certificate)


def issue(
    directory: Path,
    now: datetime,
    extra_hosts: Sequence[str] = (),
    *,
    lifetime: timedelta = DEFAULT_LIFETIME,
    force: bool = False,
) -> Issued:
    """Make what is missing in a directory: authority, server key and server certificate.

    With `force` a server certificate that is there is replaced; keys and the authority never are.
    Hosts asked for earlier stay in the certificate. An interrupted earlier run is finished first.
    May ask the DNS for the name of this machine.

    Raises `UsageError` for a bad host, or when a server certificate is there and `force` is not
    set; `FileProblem` when a file cannot be read or written; `Busy`; `CertificateExpired` when the
    authority has ended.
    """
    wanted = unique(map(parse_host, extra_hosts))
    make_private_directory(directory)
    _refuse_links(directory)
    with hold_lock(directory / _LOCK):
        finished = finish_interrupted(directory, FILES)
        kept = _asked_hosts(directory) if force else ()
        if (directory / SERVER).exists() and not force:
            done = load(directory, now) if finished else None
            if done is None or not set(wanted) <= set(done.hosts):
                raise _already_there(directory)
            return Issued(done, tuple(directory / name for name in finished))
        files: dict[str, NewFile] = {}
        authority = _authority(directory, now, files)
        key = _server_key(directory, files)
        return _install_certificate(
            directory, authority, key, (*kept, *wanted), now, lifetime, files
        )


def renew_if_needed(
    directory: Path, now: datetime, extra_hosts: Sequence[str] = ()
) -> Renewal | None:
    """Issue a new server certificate for the same key if the one that is there needs it.

    It does with fewer than 30 days left (or none), or without a name for an interface address of
    this machine or for one of `extra_hosts`. Returns None when it is good as it is. Whatever
    prevents the renewal, above all a missing authority key, is in the result. Raises `FileProblem`
    when there is no certificate with its key to renew, and `UsageError` for a bad host. Reads the
    disk and may ask the DNS: not for a loop thread.
    """
    wanted = unique(map(parse_host, extra_hosts))
    if interrupted(directory):
        with hold_lock(directory / _LOCK):
            finish_interrupted(directory, FILES)
    certificate, _ = _read_server(directory)
    reason = _reason_to_renew(certificate, (*wanted, *interface_addresses()), now)
    if not reason:
        return None
    try:
        return Renewal(reason, _renew(directory, certificate, wanted, now))
    except SecureChatError as problem:
        return Renewal(reason, problem)


def _renew(
    directory: Path, old: x509.Certificate, wanted: Sequence[Host], now: datetime
) -> ServerCertificate:
    with hold_lock(directory / _LOCK):
        ...
