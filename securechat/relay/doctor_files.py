"""The relay's doctor looks at files: the certificate and its keys, the data, the disk below.

Each check takes what those before it found out, in the order of `securechat.relay.doctor`.
"""

import os
import stat
import sys
from datetime import datetime
from pathlib import Path

from securechat.errors import Busy, CertificateExpired, FileProblem
from securechat.findings import Level, Outcome
from securechat.identity.types import fingerprint
from securechat.relay.doctor_case import Examination
from securechat.relay.own_store import LOCK, STORE
from securechat.relay.server import ANY_ADDRESS
from securechat.store.relay_schema import refuse_newer
from securechat.transport.addresses import host_names, interface_addresses, parse_host, unique
from securechat.transport.certificate_directory import (
    CA_KEY,
    SERVER,
    ServerCertificate,
    describe,
    gen_certs_command,
    read_authority,
    read_server_certificate,
)
from securechat.transport.certificates import authority_ended
from securechat.transport.issuing import RENEW_BEFORE_END
from securechat.transport.pins import check_dates
from securechat.transport.private_files import hold_lock, is_there, quote, translate_os_errors

MIB = 1024 * 1024


def check_certificate(examination: Examination) -> Outcome:
    """See whether there is a certificate with its key, until when, and what comes then."""
    certs, now = examination.setup.certs, examination.case.now()
    if not is_there(certs / SERVER):
        return Outcome(
            f"there is no certificate in {certs} yet",
            Level.WARN,
            f"{gen_certs_command(certs)}; or securechat server, which makes one as well",
        )
    certificate = read_server_certificate(certs)
    found = examination.certificate = describe(certs, certificate)
    ends = f"{found.not_after:%Y-%m-%d}"
    if now > found.not_after:
        _check_renewable(certs, found, now)
        return Outcome(
            f"it ended on {ends}; the relay makes a new one when it starts",
            Level.WARN,
            f"securechat server; or: {gen_certs_command(certs, '--force')}",
        )
    check_dates(certificate, now)
    if is_there(certs / CA_KEY):
        read_authority(certs)
        return Outcome(f"valid until {ends}, renews itself: {fingerprint(found.relay_id)}")
    what = f"valid until {ends}; it does not renew itself without {CA_KEY}"
    if found.not_after - now >= RENEW_BEFORE_END:
        return Outcome(what)
    return Outcome(what, Level.WARN, f"put {CA_KEY} back into {certs}")


def _check_renewable(certs: Path, ended: ServerCertificate, now: datetime) -> None:
    """Raise CertificateExpired when the relay cannot renew what has ended."""
    try:
        authority_ends = read_authority(certs).certificate.not_valid_after_utc
        if authority_ends <= now:
            raise authority_ended(authority_ends)
    except (FileProblem, CertificateExpired) as problem:
        raise CertificateExpired(
            f"The certificate in {certs} ended on {ended.not_after:%Y-%m-%d}."
            f" It cannot be renewed: {problem.what}",
            problem.try_next,
        ) from problem


def check_names(examination: Examination) -> Outcome:
    """Hold the names in the certificate against those of this machine and its addresses."""
    certificate, host = examination.certificate, examination.setup.config.host
    if certificate is None:
        return Outcome("not looked at: there is no certificate that can be used")
    wanted = () if host in ANY_ADDRESS else (parse_host(host),)
    names = unique((*wanted, *host_names(), *interface_addresses()))
    unnamed = [name for name in names if name not in certificate.hosts]
    if not unnamed:
        return Outcome(f"the certificate names {', '.join(names)}")
    return Outcome(
        f"the certificate does not name {', '.join(unnamed)}",
        Level.WARN,
        gen_certs_command(
            examination.setup.certs, "--force", *(f"--host {name}" for name in wanted)
        ),
    )


def check_data(examination: Examination) -> Outcome:
    """See whether the relay's data can be read and written here, and by nobody else."""
    data = examination.setup.data
    if not is_there(data):
        _check_writable(_nearest(data))
        return Outcome(f"{data} is not there yet; the relay makes it")
    _check_writable(data)
    examination.is_data_in_use = _is_in_use(data)
    if examination.is_data_in_use:
        what = f"a relay that runs now uses {data}"
    else:
        _check_version(data / STORE)
        what = f"{data} is ready, and no relay uses it now"
    exposed = [path for path in (data, data / STORE) if _is_open_to_others(path)]
    if not exposed:
        return Outcome(what)
    paths = " ".join(map(quote, exposed))
    return Outcome(f"{what}; others can reach it", Level.WARN, f"chmod go= {paths}")


def check_disk(examination: Examination) -> Outcome:
    """Hold the free space against what the store may still come to."""
    data, limit_bytes = examination.setup.data, examination.setup.config.store_bytes
    directory = _nearest(data)
    free_bytes = examination.case.free_bytes(directory)
    missing_bytes = limit_bytes - _size_bytes(data / STORE)
    free = f"{free_bytes // MIB} MiB are free for {data}"
    if free_bytes >= missing_bytes:
        return Outcome(free)
    return Outcome(
        f"{free}; what waits for people may take {missing_bytes // MIB} MiB more",
        Level.WARN,
        f"df -h {quote(directory)}; or a smaller store_bytes in config.toml",
    )


def _nearest(path: Path) -> Path:
    """Return the path, or the nearest of the directories above that is there."""
    return next(each for each in (path, *path.absolute().parents) if is_there(each))


def _check_writable(directory: Path) -> None:
    """Raise FileProblem unless this account can make files in a directory."""
    with translate_os_errors(directory, "look at"):
        is_directory = directory.is_dir()
    if not is_directory:
        raise FileProblem(f"{directory} is not a directory.", f"ls -ld {quote(directory)}")
    effective = os.access in os.supports_effective_ids
    if not os.access(directory, os.W_OK | os.X_OK, effective_ids=effective):
        raise FileProblem(
            f"This account cannot write in {directory}.",
            f"ls -ld {quote(directory)}; or: securechat server --data ANOTHER-DIRECTORY",
        )


def _is_in_use(data: Path) -> bool:
    """Tell whether a relay has its lock on a directory."""
    if not is_there(data / LOCK):
        return False
    try:
        with hold_lock(data / LOCK):
            return False
    except Busy:
        return True


def _check_version(store: Path) -> None:
    """Raise FileProblem when there is a store that cannot be read, or is of a later version."""
    if is_there(store):
        with translate_os_errors(store, "read"):
            refuse_newer(store)


def _size_bytes(store: Path) -> int:
    with translate_os_errors(store, "look at"):
        return store.stat().st_size if is_there(store) else 0


def _is_open_to_others(path: Path) -> bool:
    if sys.platform == "win32" or not is_there(path):
        return False
    with translate_os_errors(path, "look at"):
        return bool(stat.S_IMODE(path.stat().st_mode) & 0o077)
