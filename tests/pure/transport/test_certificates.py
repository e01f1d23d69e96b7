"""The profile of both certificates, field by field, and what a strict verifier says of them."""

from base64 import encodebytes
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError
from hypothesis import given
from hypothesis import strategies as st

from securechat.errors import CertificateExpired, FileProblem
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

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
LIFETIME = timedelta(days=90)
HOSTS = ("chat.example.org", "localhost", "lab-pc.local", "127.0.0.1", "::1", "192.168.1.20")
AUTHORITY = make_authority(NOW)
KEY = make_key()
LEAF = issue_server_certificate(AUTHORITY, KEY.public_key(), HOSTS, NOW, LIFETIME)
SOURCE = Path("certs/some file.pem")


def extensions(certificate):
    return {each.oid: (each.value, each.critical) for each in certificate.extensions}


def test_the_authority_has_exactly_the_profile():
    found = extensions(AUTHORITY.certificate)
    key_id = x509.SubjectKeyIdentifier.from_public_key(AUTHORITY.key.public_key())
    usage, usage_critical = found.pop(ExtensionOID.KEY_USAGE)
    assert usage_critical
    assert (usage.key_cert_sign, usage.crl_sign, usage.digital_signature) == (True, True, False)
    assert found == {
        ExtensionOID.BASIC_CONSTRAINTS: (x509.BasicConstraints(True, 0), True),
        ExtensionOID.SUBJECT_KEY_IDENTIFIER: (key_id, False),
    }
    assert isinstance(AUTHORITY.key.curve, ec.SECP256R1)
    assert AUTHORITY.certificate.not_valid_before_utc == NOW - timedelta(hours=1)
    assert AUTHORITY.certificate.not_valid_after_utc == NOW + timedelta(days=3650)


def test_the_server_certificate_has_exactly_the_profile():
    found = extensions(LEAF)
    authority_key_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(
        AUTHORITY.key.public_key()
    )
    usage, usage_critical = found.pop(ExtensionOID.KEY_USAGE)
    names, names_critical = found.pop(ExtensionOID.SUBJECT_ALTERNATIVE_NAME)
    assert usage_critical
    assert usage == x509.KeyUsage(True, *[False] * 8)
    assert not names_critical
    assert names.get_values_for_type(x509.DNSName) == list(HOSTS[:3])
    assert names.get_values_for_type(x509.IPAddress) == list(map(ip_address, HOSTS[3:]))
    assert found == {
        ExtensionOID.BASIC_CONSTRAINTS: (x509.BasicConstraints(False, None), True),
        ExtensionOID.EXTENDED_KEY_USAGE: (
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]),
            False,
        ),
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER: (authority_key_id, False),
    }
    assert LEAF.subject
    assert LEAF.issuer == AUTHORITY.certificate.subject
    assert LEAF.not_valid_before_utc == NOW - timedelta(hours=1)
    assert LEAF.not_valid_after_utc == NOW + LIFETIME


def test_names_keep_their_order_and_read_back():
    assert certificate_hosts(LEAF) == HOSTS
    assert certificate_hosts(AUTHORITY.certificate) == ()


def test_serial_numbers_are_positive_random_128_bit_numbers():
    serials = {
        issue_server_certificate(AUTHORITY, KEY.public_key(), HOSTS, NOW, LIFETIME).serial_number
        for _ in range(64)
    }
    assert len(serials) == 64
    assert all(0 < serial < 2**128 for serial in serials)
    assert max(serial.bit_length() for serial in serials) > 120


def test_two_authorities_do_not_share_a_name():
    assert make_authority(NOW).certificate.subject != AUTHORITY.certificate.subject


def test_a_server_certificate_never_outlasts_the_authority():
    later = NOW + timedelta(days=3649)
    leaf = issue_server_certificate(AUTHORITY, KEY.public_key(), HOSTS, later, LIFETIME)
    assert leaf.not_valid_after_utc == AUTHORITY.certificate.not_valid_after_utc
    with pytest.raises(CertificateExpired) as refusal:
        issue_server_certificate(
            AUTHORITY, KEY.public_key(), HOSTS, NOW + timedelta(days=3650), LIFETIME
        )
    assert refusal.value.try_next


def verify(leaf, host, authority=AUTHORITY, now=NOW):
    store = Store([authority.certificate])
    try:
        subject = x509.IPAddress(ip_address(host))
    except ValueError:
        subject = x509.DNSName(host)
    verifier = PolicyBuilder().store(store).time(now).build_server_verifier(subject)
    return verifier.verify(leaf, [])


@pytest.mark.parametrize("host", HOSTS)
def test_the_strict_verifier_accepts_every_name(host):
    assert verify(LEAF, host) == [LEAF, AUTHORITY.certificate]


@pytest.mark.parametrize(
    ("host", "authority", "now"),
    [
        ("other.example.org", AUTHORITY, NOW),
        ("192.168.1.21", AUTHORITY, NOW),
        ("localhost", make_authority(NOW), NOW),
        ("localhost", AUTHORITY, NOW + timedelta(days=91)),
        ("localhost", AUTHORITY, NOW - timedelta(hours=2)),
    ],
)
def test_the_strict_verifier_refuses_other_names_authorities_and_dates(host, authority, now):
    with pytest.raises(VerificationError):
        verify(LEAF, host, authority, now)


def test_a_certificate_signed_by_another_key_is_refused():
    forged = issue_server_certificate(
        Authority(AUTHORITY.certificate, KEY), KEY.public_key(), HOSTS, NOW, LIFETIME
    )
    with pytest.raises(VerificationError):
        verify(forged, "localhost")


def test_what_is_encoded_decodes_to_the_same():
    assert decode_certificate(encode_certificate(LEAF), SOURCE) == LEAF
    key = decode_own_key(encode_key(KEY), SOURCE)
    assert key.private_numbers() == KEY.private_numbers()


def test_the_first_certificate_of_a_chain_is_the_servers():
    chain = encode_certificate(LEAF) + encode_certificate(AUTHORITY.certificate)
    assert decode_certificate(chain, SOURCE) == LEAF


def test_a_key_fits_its_own_certificate_only():
    assert is_key_of(KEY, LEAF)
    assert not is_key_of(AUTHORITY.key, LEAF)


def pem_of(key, protection=None):
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection or NoEncryption())


def test_keys_of_another_kind_load_but_are_not_ours():
    pem = pem_of(rsa.generate_private_key(65537, 1024))
    decode_key(pem, SOURCE)
    with pytest.raises(FileProblem):
        decode_own_key(pem, SOURCE)


def test_a_key_with_a_password_is_a_file_problem():
    with pytest.raises(FileProblem, match="password"):
        decode_key(pem_of(KEY, BestAvailableEncryption(b"secret")), SOURCE)


@given(st.binary(max_size=200))
def test_garbage_is_a_file_problem_with_a_next_step(data):
    for decode in (decode_certificate, decode_key, decode_own_key):
        with pytest.raises(FileProblem) as problem:
            decode(data, SOURCE)
        assert "'certs/some file.pem'" in problem.value.try_next


@pytest.mark.filterwarnings("ignore:Parsed a serial number")
@given(st.data())
def test_a_damaged_file_is_readable_or_a_file_problem(data):
    for decode, pem in (
        (decode_certificate, encode_certificate(LEAF)),
        (decode_own_key, encode_key(KEY)),
    ):
        damaged = bytearray(pem)
        damaged[data.draw(st.integers(0, len(pem) - 1))] = data.draw(st.integers(0, 255))
        try:
            decode(bytes(damaged), SOURCE)
        except FileProblem as problem:
            assert problem.try_next  # noqa: PT017


def test_an_extension_given_twice_is_a_file_problem():
    der = LEAF.public_bytes(Encoding.DER)
    constraints, alternative_names = b"\x55\x1d\x13", b"\x55\x1d\x11"
    doubled = der.replace(constraints, alternative_names)
    pem = b"-----BEGIN CERTIFICATE-----\n%b-----END CERTIFICATE-----\n" % encodebytes(doubled)
    with pytest.raises(FileProblem):
        decode_certificate(pem, SOURCE)


def test_only_an_authority_passes_for_one():
    check_is_authority(AUTHORITY.certificate, SOURCE)
    with pytest.raises(FileProblem):
        check_is_authority(LEAF, SOURCE)
    bare = x509.CertificateBuilder(
        issuer_name=LEAF.subject,
        subject_name=LEAF.subject,
        public_key=KEY.public_key(),
        serial_number=1,
        not_valid_before=NOW,
        not_valid_after=NOW + LIFETIME,
    ).sign(KEY, SHA256())
    with pytest.raises(FileProblem):
        check_is_authority(bare, SOURCE)


def test_the_repr_of_an_authority_shows_no_key():
    assert repr(AUTHORITY) == f"Authority(certificate={AUTHORITY.certificate!r})"
