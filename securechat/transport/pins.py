"""What clients pin of a relay, and how its certificate is judged by that.

A relay id is the SHA-256 of the server key's SubjectPublicKeyInfo (DER), so a renewed certificate
with the same key keeps it.
"""

import hashlib
import re
from datetime import datetime
from typing import TYPE_CHECKING

from securechat.errors import CertificateExpired, KeyChanged, Untrusted, UsageError
from securechat.identity.types import RelayId, fingerprint

if TYPE_CHECKING:
    from cryptography import x509

PIN_PREFIX = "sha256:"

_PIN_DIGITS = 64


def relay_id(certificate_der: bytes) -> RelayId:
    """Return the 32-byte id of the relay that holds the key of this certificate.

    Raises `Untrusted` when the bytes are no certificate.
    """
    return certificate_relay_id(_decode(certificate_der))


def certificate_relay_id(certificate: "x509.Certificate") -> RelayId:
    """Return the 32-byte relay id of a certificate that is decoded already."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = certificate.public_key()
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return RelayId(hashlib.sha256(spki).digest())


def pin_text(relay: RelayId) -> str:
    """Return the whole id as ``--pin`` takes it: ``sha256:`` and 64 hexadecimal digits."""
    return PIN_PREFIX + relay.hex()


def parse_pin(text: str) -> RelayId:
    """Return the relay id of a pin text; case does not matter.

    Raises `UsageError` for everything but a whole pin: a shorter one could be forged.
    """
    prefix, digits = text[: len(PIN_PREFIX)].lower(), text[len(PIN_PREFIX) :]
    if prefix == PIN_PREFIX and re.fullmatch(rf"[0-9a-fA-F]{{{_PIN_DIGITS}}}", digits):
        return RelayId(bytes.fromhex(digits))
    raise UsageError(
        f"Not a pin: {text[:100]!r}; a pin is sha256: and {_PIN_DIGITS} hexadecimal digits.",
        "the whole line after Pin that gen-certs and server print (a fingerprint is too short)",
    )


def check_dates_and_pin(certificate_der: bytes, pin: RelayId, now: datetime) -> None:
    """Check what a client that has a pin but no CA file asks of a relay's certificate.

    `now` is aware of its time zone. Raises `KeyChanged` when the key is another one, then
    `CertificateExpired` outside the dates, and `Untrusted` when the bytes are no certificate.
    """
    certificate = _decode(certificate_der)
    shown = certificate_relay_id(certificate)
    if shown != pin:
        raise KeyChanged(
            f"The relay shows the key {fingerprint(shown)}, but {fingerprint(pin)} is pinned.",
            f"ask the relay's operator; only if they confirm it: --pin {pin_text(shown)}",
        )
    check_dates(certificate, now)


def check_dates(certificate: "x509.Certificate", now: datetime) -> None:
    """Raise `CertificateExpired` unless `now` (aware) is between the certificate's two dates."""
    starts, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now < starts:
        raise CertificateExpired(
            f"The relay's certificate is not valid before {starts:%Y-%m-%d %H:%M} UTC.",
            "check the clocks of both machines: date -u",
        )
    if now > ends:
        raise CertificateExpired(
            f"The relay's certificate ended on {ends:%Y-%m-%d %H:%M} UTC.",
            "date -u; if this clock is right, on the relay's machine: securechat gen-certs --force",
        )


def _decode(certificate_der: bytes) -> "x509.Certificate":
    from cryptography import x509  # 30 ms that a client's start need not pay
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        certificate = x509.load_der_x509_certificate(certificate_der)
        certificate.public_key()
    except (ValueError, UnsupportedAlgorithm, x509.InvalidVersion) as error:
        raise Untrusted(
            "What the relay shows is not a certificate.", "securechat doctor"
        ) from error
    return certificate
