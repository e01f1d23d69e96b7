"""The directory with the relay's certificates: what is in it, and how it is read.

=================  ==========================================  =====================
file               what                                        who may read it
=================  ==========================================  =====================
``ca.pem``         the authority's certificate                 everybody; clients trust it
``ca-key.pem``     its key; needed to issue and renew only     its owner, 0600
``server.pem``     the server's certificate, without ca.pem:   everybody
                   clients have that already
``server-key.pem`` its key; never replaced, clients pin it     its owner, 0600
=================  ==========================================  =====================
"""

from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from msgspec import Struct

from securechat.errors import FileProblem
from securechat.identity.types import RelayId
from securechat.transport.addresses import Host
from securechat.transport.certificates import (
    Authority,
    certificate_hosts,
    check_is_authority,
    decode_certificate,
    decode_key,
    decode_own_key,
    is_key_of,
)
from securechat.transport.pins import certificate_relay_id, check_dates
from securechat.transport.private_files import is_there, quote, read_private, read_public

CA = "ca.pem"
CA_KEY = "ca-key.pem"
SERVER = "server.pem"
SERVER_KEY = "server-key.pem"
FILES = (CA, CA_KEY, SERVER, SERVER_KEY)
"""All files, each certificate before its key: the order in which they appear."""


class ServerCertificate(Struct, frozen=True):
    """A server certificate that fits its key: what a listener and a status line need."""

    certificate_path: Path
    key_path: Path
    der: bytes
    relay_id: RelayId
    not_after: datetime
    hosts: tuple[Host, ...]


def load(directory: Path, now: datetime) -> ServerCertificate:
    """Return the server certificate of a directory, fit to listen with at the time `now`.

    Raises `FileProblem` for a file that is missing, damaged, readable by others or not the key of
    the certificate, and `CertificateExpired` outside the certificate's dates.
    """
    certificate = read_server_certificate(directory)
    check_dates(certificate, now)
    return describe(directory, certificate)


def read_server_certificate(directory: Path) -> x509.Certificate:
    """Return the server certificate, whatever its dates, if its key is there and fits.

    Raises `FileProblem` as `load` does.
    """
    path, key_path = directory / SERVER, directory / SERVER_KEY
    renew = gen_certs_command(directory, "--force")
    _expect(path, gen_certs_command(directory))
    certificate = decode_certificate(read_public(path), path, renew)
    _expect(key_path, renew)
    if not is_key_of(decode_key(read_private(key_path), key_path), certificate):
        raise FileProblem(f"{key_path} is not the key of {path}.", renew)
    return certificate


def read_authority(directory: Path) -> Authority:
    """Return the authority, whatever its dates.

    Raises `FileProblem` when one of its two files is missing, damaged, readable by others (the
    key) or not made for the other.
    """
    path, key_path = directory / CA, directory / CA_KEY
    for each, other in ((path, key_path), (key_path, path)):
        _expect(each, f"put it back, or move {quote(other)} away to begin with a new authority")
    certificate = decode_certificate(read_public(path), path)
    check_is_authority(certificate, path)
    key = decode_own_key(read_private(key_path), key_path)
    if not is_key_of(key, certificate):
        raise FileProblem(
            f"{key_path} is not the key of {path}.",
            "put the right one back, or move both away for a new authority",
        )
    return Authority(certificate, key)


def describe(directory: Path, certificate: x509.Certificate) -> ServerCertificate:
    """Return what a listener needs of the server certificate in `directory`."""
    return ServerCertificate(
        certificate_path=directory / SERVER,
        key_path=directory / SERVER_KEY,
        der=certificate.public_bytes(Encoding.DER),
        relay_id=certificate_relay_id(certificate),
        not_after=certificate.not_valid_after_utc,
        hosts=certificate_hosts(certificate),
    )


def gen_certs_command(directory: Path, *flags: str) -> str:
    """Return the command line that issues certificates in `directory`, for `try_next`."""
    return " ".join(("securechat gen-certs --out", quote(directory), *flags))


def _expect(path: Path, try_next: str) -> None:
    if not is_there(path):
        raise FileProblem(f"{path} is not there.", try_next)
