"""X.509 in memory: a private authority and the server certificates that it signs.

Both keys are ECDSA P-256. The profile is the one that strict verifiers accept: RFC 5280, OpenSSL's
``-x509_strict``, Python's ``VERIFY_X509_STRICT`` and `cryptography.x509.verification`.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from securechat.errors import CertificateExpired, FileProblem
from securechat.transport.addresses import Host
from securechat.transport.private_files import quote

AUTHORITY_LIFETIME = timedelta(days=3650)
BACK_DATED = timedelta(hours=1)
"""How far before its making a certificate begins, for machines whose clock is behind."""

_UNREADABLE = (
    ValueError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""What cryptography raises for a certificate that it cannot make sense of."""


@dataclass(frozen=True, slots=True)
class Authority:
    """A private certificate authority; its key signs server certificates and nothing else."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)


def make_key() -> ec.EllipticCurvePrivateKey:
    """Draw a new ECDSA P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


def make_authority(now: datetime) -> Authority:
    """Make a certificate authority that lasts ten years from `now` (aware of its time zone)."""
    key = make_key()
    key_id = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    # Two authorities must not share a name: verifiers would try the wrong one first.
    name = _name(f"securechat authority {key_id.digest[:8].hex()}")
    certificate = (
        _builder(name, name, now, now + AUTHORITY_LIFETIME)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(authority=True), critical=True)
        .add_extension(key_id, critical=False)
        .sign(key, SHA256())
    )
    return Authority(certificate, key)


def issue_server_certificate(
    authority: Authority,
    key: ec.EllipticCurvePublicKey,
    hosts: Sequence[Host],
    now: datetime,
    lifetime: timedelta,
) -> x509.Certificate:
    """Sign a certificate for a server's key that names `hosts`, in their order.

    It never outlasts the authority. Raises `CertificateExpired` when the authority has ended.
    """
    authority_ends = authority.certificate.not_valid_after_utc
    if now >= authority_ends:
        raise authority_ended(authority_ends)
    subject = _name("securechat server")
    ends = min(now + lifetime, authority_ends)
    return (
        _builder(subject, authority.certificate.subject, now, ends)
        .public_key(key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(_authority_key_id(authority.certificate), critical=False)
        .add_extension(x509.SubjectAlternativeName(map(_general_name, hosts)), critical=False)
        .sign(authority.key, SHA256())
    )


def encode_certificate(certificate: x509.Certificate) -> bytes:
    """Return a certificate as PEM."""
    return certificate.public_bytes(Encoding.PEM)


def encode_key(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return a private key as PEM (PKCS #8, not encrypted)."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def decode_certificate(pem: bytes, source: Path, mend: str = "") -> x509.Certificate:
    """Return the first certificate of a PEM file; raise `FileProblem` naming `source`.

    Its next step is the command `mend`; without one, to look at the file.
    """
    try:
        certificate = x509.load_pem_x509_certificates(pem)[0]
        certificate.public_key()
        certificate_hosts(certificate)
    except _UNREADABLE as error:
        raise FileProblem(
            f"{source} holds no certificate that can be read.",
            mend or f"openssl x509 -in {quote(source)} -noout -text",
        ) from error
    return certificate


def certificate_hosts(certificate: x509.Certificate) -> tuple[Host, ...]:
    """Return the DNS names and IP addresses that a certificate names, in its order."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    kinds = (x509.DNSName, x509.IPAddress)
    return tuple(Host(str(name.value)) for name in names if isinstance(name, kinds))


def is_key_of(key: PrivateKeyTypes, certificate: x509.Certificate) -> bool:
    """Return whether the certificate is for this key."""
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return key.public_key().public_bytes(*form) == certificate.public_key().public_bytes(*form)


def decode_key(pem: bytes, source: Path) -> PrivateKeyTypes:
    """Return the private key of a PEM file; raise `FileProblem` naming `source`."""
    try:
        return load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise FileProblem(
            f"{source} holds no private key that can be read without a password.",
            f"openssl pkey -in {quote(source)} -noout",
        ) from error


def decode_own_key(pem: bytes, source: Path) -> ec.EllipticCurvePrivateKey:
    """Return a key of the kind that is made here; raise `FileProblem` for any other."""
    key = decode_key(pem, source)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key
    raise FileProblem(
        f"{source} is not an elliptic curve key, so certificates for it are not made here.",
        f"move {quote(source)} and its certificate away, then: securechat gen-certs",
    )


def check_is_authority(certificate: x509.Certificate, source: Path) -> None:
    """Raise `FileProblem` unless the certificate may sign others, as those made here may."""
    extensions = certificate.extensions
    try:
        basic = extensions.get_extension_for_class(x509.BasicConstraints).value
        extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    except x509.ExtensionNotFound:
        basic = None
    if basic is None or not basic.ca:
        raise FileProblem(
            f"{source} is not a certificate authority.",
            f"move {quote(source)} and its key away, then: securechat gen-certs --force",
        )


def authority_ended(ends: datetime) -> CertificateExpired:
    """Return the error that says that no (longer) certificate can come from an authority."""
    return CertificateExpired(
        f"The certificate authority allows nothing after {ends:%Y-%m-%d}, its own end.",
        "move ca.pem and ca-key.pem away, then: securechat gen-certs --force",
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, now: datetime, ends: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .serial_number(secrets.randbelow(2**128 - 1) + 1)
        .not_valid_before(now - BACK_DATED)
        .not_valid_after(ends)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _authority_key_id(authority: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    key_id = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(key_id)


def _general_name(host: Host) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)
