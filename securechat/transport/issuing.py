"""Issuing and renewing the relay's certificate in its directory.

A certificate names the hosts that somebody asked for first, then ``localhost``, then what the
machine itself is called; a renewal keeps the first part and makes the rest anew. Keys and the
authority's certificate are made when they are missing and never replaced.
"""

import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec import Struct

from securechat.errors import FileProblem, SecureChatError, UsageError
from securechat.transport.addresses import (
    LOCALHOST,
    LOOPBACK,
    Host,
    host_names,
    interface_addresses,
    parse_host,
    unique,
)
from securechat.transport.certificate_directory import (
    CA,
    CA_KEY,
    FILES,
    SERVER,
    SERVER_KEY,
    ServerCertificate,
    describe,
    gen_certs_command,
    load,
    read_authority,
    read_server_certificate,
)
from securechat.transport.certificates import (
    Authority,
    authority_ended,
    certificate_hosts,
    decode_certificate,
    decode_own_key,
    encode_certificate,
    encode_key,
    issue_server_certificate,
    make_authority,
    make_key,
)
from securechat.transport.private_files import (
    PUBLIC_FILE_MODE,
    hold_lock,
    make_private_directory,
    quote,
    read_private,
    read_public,
    translate_os_errors,
)
from securechat.transport.staged_files import NewFile, finish_interrupted, install, interrupted

DEFAULT_LIFETIME = timedelta(days=90)
RENEW_BEFORE_END = timedelta(days=30)

_LOCK = ".lock"


class Issued(Struct, frozen=True):
    """What `issue` left in the directory, and which of the files it wrote."""

    certificate: ServerCertificate
    written: tuple[Path, ...]


class Renewal(Struct, frozen=True):
    """Why a certificate has to be renewed, and the new one or the problem that prevented it."""

    reason: str
    outcome: ServerCertificate | SecureChatError


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
    May ask the DNS for the full name of this machine.

    Raises `UsageError` for a bad host, or when a server certificate is there and `force` is not
    set; `FileProblem` when a file cannot be read or written; `CertificateExpired` when the
    authority has ended; `Busy` when another process issues here.
    """
    wanted = unique(map(parse_host, extra_hosts))
    _refuse_links(directory)
    make_private_directory(directory)
    with hold_lock(directory / _LOCK):
        finished = finish_interrupted(directory, FILES)
        if os.path.lexists(directory / SERVER) and not force:
            return _accept_finished(directory, now, wanted, finished)
        files: dict[str, NewFile] = {}
        authority = _read_or_make_authority(directory, now, files)
        key = _read_or_make_server_key(directory, files)
        hosts = _hosts_to_name((*_asked_hosts(directory), *wanted))
        certificate = issue_server_certificate(authority, key.public_key(), hosts, now, lifetime)
        return _install(directory, certificate, files)


def renew_if_needed(
    directory: Path, now: datetime, extra_hosts: Sequence[str] = ()
) -> Renewal | None:
    """Issue a new server certificate for the same key if the one that is there needs it.

    It does with fewer than 30 days left, or without a name for an interface address of this
    machine or one of `extra_hosts`. Returns None when it is good as it is. Whatever prevents a
    renewal, above all that the authority's key is not there, is its `outcome`. Reads the disk and
    may ask the DNS, so it is nothing for a loop thread.

    Raises `FileProblem` when there is no certificate with its key that could be renewed,
    `UsageError` for a bad host, `SecureChatError` when the addresses cannot be listed.
    """
    wanted = unique(map(parse_host, extra_hosts))
    if interrupted(directory):
        with hold_lock(directory / _LOCK):
            finish_interrupted(directory, FILES)
    old = read_server_certificate(directory)
    named = certificate_hosts(old)
    unnamed = [host for host in (*wanted, *interface_addresses()) if host not in named]
    ends = old.not_valid_after_utc
    if unnamed:
        reason = f"the certificate does not name {', '.join(unnamed)}"
    elif ends - now < RENEW_BEFORE_END:
        reason = f"the certificate ends on {ends:%Y-%m-%d}"
    else:
        return None
    try:
        new = _renew(directory, now, wanted, must_end_after=None if unnamed else ends)
    except SecureChatError as problem:
        return Renewal(reason, problem)
    return Renewal(reason, new)


def _renew(
    directory: Path, now: datetime, wanted: Sequence[Host], must_end_after: datetime | None
) -> ServerCertificate:
    _refuse_links(directory)
    with hold_lock(directory / _LOCK):
        authority = read_authority(directory)
        authority_ends = authority.certificate.not_valid_after_utc
        if must_end_after is not None and authority_ends <= must_end_after:
            raise authority_ended(authority_ends)
        key = decode_own_key(read_private(directory / SERVER_KEY), directory / SERVER_KEY)
        hosts = _hosts_to_name((*_asked_hosts(directory), *wanted))
        certificate = issue_server_certificate(
            authority, key.public_key(), hosts, now, DEFAULT_LIFETIME
        )
        return _install(directory, certificate, {}).certificate


def _accept_finished(
    directory: Path, now: datetime, wanted: Sequence[Host], finished: Sequence[str] | None
) -> Issued:
    """Return what an interrupted run had made, if that is what was asked for now as well."""
    if finished is not None:
        certificate = load(directory, now)
        if set(wanted) <= set(certificate.hosts):
            return Issued(certificate, tuple(directory / name for name in finished))
    raise UsageError(
        f"There is a server certificate in {directory} already.",
        f"to renew it with the same key: {gen_certs_command(directory, '--force')}",
    )


def _install(directory: Path, certificate: x509.Certificate, files: dict[str, NewFile]) -> Issued:
    files[SERVER] = NewFile(encode_certificate(certificate), PUBLIC_FILE_MODE)
    ordered = {name: files[name] for name in FILES if name in files}
    install(directory, ordered)
    written = tuple(directory / name for name in ordered)
    return Issued(describe(directory, certificate), written)


def _read_or_make_authority(directory: Path, now: datetime, files: dict[str, NewFile]) -> Authority:
    if any(os.path.lexists(directory / name) for name in (CA, CA_KEY)):
        return read_authority(directory)
    authority = make_authority(now)
    files[CA] = NewFile(encode_certificate(authority.certificate), PUBLIC_FILE_MODE)
    files[CA_KEY] = NewFile(encode_key(authority.key))
    return authority


def _read_or_make_server_key(
    directory: Path, files: dict[str, NewFile]
) -> ec.EllipticCurvePrivateKey:
    path = directory / SERVER_KEY
    if os.path.lexists(path):
        return decode_own_key(read_private(path), path)
    key = make_key()
    files[SERVER_KEY] = NewFile(encode_key(key))
    return key


def _asked_hosts(directory: Path) -> tuple[Host, ...]:
    """Return the hosts of the certificate that is there which a renewal has to keep."""
    path = directory / SERVER
    if not path.exists():
        return ()
    try:
        named = certificate_hosts(decode_certificate(read_public(path), path))
    except FileProblem:
        return ()
    return named[: named.index(LOCALHOST)] if LOCALHOST in named else named


def _hosts_to_name(asked: Sequence[Host]) -> tuple[Host, ...]:
    return unique((*asked, LOCALHOST, *host_names(), *LOOPBACK, *interface_addresses()))


def _refuse_links(directory: Path) -> None:
    for path in (directory, *(directory / name for name in FILES)):
        with translate_os_errors(path, "look at"):
            is_link = path.is_symlink()
        if is_link:
            raise FileProblem(
                f"{path} is a symbolic link; certificates are written to real files only.",
                f"rm {quote(path)}, or name the place it stands for with --out",
            )
