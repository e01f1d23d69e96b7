"""What a client with a pin accepts and refuses."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from securechat.errors import CertificateExpired, KeyChanged, Untrusted, UsageError
from securechat.identity.types import RelayId
from securechat.transport.certificates import issue_server_certificate, make_authority, make_key
from securechat.transport.pins import check_dates_and_pin, parse_pin, pin_text, relay_id

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
KEY = make_key()
AUTHORITY = make_authority(NOW)


def certificate_der(key=KEY, now=NOW):
    certificate = issue_server_certificate(
        AUTHORITY, key.public_key(), ["relay.example"], now, timedelta(days=90)
    )
    return certificate.public_bytes(Encoding.DER)


DER = certificate_der()


def test_a_relay_id_is_the_hash_of_the_key_and_survives_renewal():
    spki = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert relay_id(DER) == hashlib.sha256(spki).digest()
    assert relay_id(certificate_der(now=NOW + timedelta(days=60))) == relay_id(DER)
    assert relay_id(certificate_der(make_key())) != relay_id(DER)


@given(st.binary(min_size=32, max_size=32))
def test_a_pin_text_parses_back(identifier):
    text = pin_text(RelayId(identifier))
    assert parse_pin(text) == parse_pin(text.upper()) == identifier


@pytest.mark.parametrize(
    "text",
    [
        "",
        "9f2c-41aa-07be-d310",
        "sha256:",
        "sha256:9f2c41aa07bed310",
        "sha256:" + "a" * 63,
        "sha256:" + "a" * 65,
        "sha256:" + "a" * 64 + "\n",
        "sha256:" + "g" * 64,
        "sha256:" + "\N{ARABIC-INDIC DIGIT ONE}" * 64,
        "sha1:" + "a" * 64,
        "a" * 64,
    ],
)
def test_anything_but_a_whole_pin_is_refused(text):
    with pytest.raises(UsageError) as refusal:
        parse_pin(text)
    assert refusal.value.try_next


@given(st.text())
def test_any_text_is_a_pin_or_a_usage_error(text):
    with pytest.raises(UsageError):
        parse_pin(text)


def test_the_pinned_key_within_its_dates_is_accepted():
    for now in (NOW - timedelta(minutes=59), NOW, NOW + timedelta(days=90)):
        check_dates_and_pin(DER, relay_id(DER), now)


@pytest.mark.parametrize("bit", [0, 7, 100, 255])
def test_another_key_is_refused_even_when_it_is_one_bit_away(bit):
    pin = (int.from_bytes(relay_id(DER)) ^ 1 << bit).to_bytes(32)
    with pytest.raises(KeyChanged) as refusal:
        check_dates_and_pin(DER, RelayId(pin), NOW)
    assert pin_text(relay_id(DER)) in refusal.value.try_next


@pytest.mark.parametrize("offset", [timedelta(hours=-1, seconds=-1), timedelta(days=90, seconds=1)])
def test_a_certificate_outside_its_dates_is_refused(offset):
    with pytest.raises(CertificateExpired) as refusal:
        check_dates_and_pin(DER, relay_id(DER), NOW + offset)
    assert refusal.value.try_next
    assert refusal.value.exit_status == 4


def test_a_changed_key_counts_for_more_than_an_expired_date():
    with pytest.raises(KeyChanged):
        check_dates_and_pin(DER, RelayId(bytes(32)), NOW + timedelta(days=400))


@given(st.binary(max_size=200))
def test_bytes_that_are_no_certificate_are_untrusted(data):
    with pytest.raises(Untrusted):
        relay_id(data)


@pytest.mark.filterwarnings("ignore:Parsed a serial number")
@given(st.data())
def test_a_damaged_certificate_never_raises_anything_undocumented(data):
    position = data.draw(st.integers(0, len(DER) - 1))
    damaged = bytearray(DER)
    damaged[position] ^= 1 << data.draw(st.integers(0, 7))
    try:
        check_dates_and_pin(bytes(damaged), relay_id(DER), NOW)
    except Untrusted:
        pass
    else:
        assert relay_id(bytes(damaged)) == relay_id(DER)
