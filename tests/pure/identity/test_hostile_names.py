"""Names by which a hostile peer, or a relay, would pass for another or command a terminal."""

import msgspec
import pytest

from securechat.errors import NameInvalid, RemoteProtocolError
from securechat.identity.chain import PublishedDevice, PublishedUser, verify_published
from securechat.identity.names import parse_name
from securechat.identity.registration import Registration
from securechat.identity.types import Name
from tests.pure.identity.objects import RELAY, make_person

MALLORY = make_person("Mallory", seed=2)


def refuse(name: str) -> None:
    """Check that a name is refused when typed, and when its holder has signed and shown it."""
    with pytest.raises(NameInvalid):
        parse_name(name)
    signed = Registration.sign(MALLORY.user, relay_id=RELAY, name=Name(name), time_ms=1)
    with pytest.raises(NameInvalid):
        verify(signed)
    verify(MALLORY.registration)


def verify(registration: Registration) -> None:
    device = PublishedDevice(MALLORY.certificate, MALLORY.bundle)
    published = PublishedUser(registration, MALLORY.device_list, (device,))
    verify_published(published, pin=MALLORY.user_key, relay_id=RELAY, highest=None)


@pytest.mark.parametrize(
    "name", ["\u0430lice", "\u0391lice", "alic\u0435", "b\u03bfb", "\u0410\u0392C"]
)
def test_a_confusable_name_of_mixed_scripts_is_refused(name: str) -> None:
    refuse(name)


@pytest.mark.parametrize(
    "control",
    [*"\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"],
    ids=ascii,
)
def test_a_name_with_a_bidi_control_is_refused(control: str) -> None:
    refuse(f"bob{control}ecila")
    refuse(f"alice{control}")


@pytest.mark.parametrize(
    "name",
    ["\x1b[2J", "a\x1b[2J", "a\x1b]0;title\x07", "a\x1b]52;c;eA==\x07", "a\x9b2J", "a\rb", "a\bb"],
)
def test_a_name_with_an_escape_sequence_is_refused(name: str) -> None:
    refuse(name)


@pytest.mark.timeout(5)
@pytest.mark.parametrize("letter", ["a", "\ufdfa", "\u0301"], ids=["plain", "grows", "mark"])
def test_a_name_of_10_mb_is_refused(letter: str) -> None:
    """Before it is normalised or its signature checked; off the wire it does not even come."""
    name = Name(letter * (10_000_000 // len(letter.encode())))
    with pytest.raises(NameInvalid):
        parse_name(name)
    registration = msgspec.structs.replace(MALLORY.registration, name=name)
    with pytest.raises(NameInvalid):
        verify(registration)
    with pytest.raises(msgspec.ValidationError):
        msgspec.msgpack.decode(msgspec.msgpack.encode(registration), type=Registration)


@pytest.mark.parametrize(
    "name", [b"\xffallory", b"Mallor\xc3", b"Ma\xed\xa0\x80ry", b"Mallo\xc0\x80"]
)
def test_a_name_that_is_not_utf_8_is_no_registration(name: bytes) -> None:
    encoded = msgspec.msgpack.encode(MALLORY.registration)
    assert encoded.count(b"Mallory") == 1
    with pytest.raises((UnicodeDecodeError, msgspec.DecodeError)):
        msgspec.msgpack.decode(encoded.replace(b"Mallory", name), type=Registration)


def test_a_name_in_another_form_is_refused() -> None:
    """What looks the same and is written otherwise would be two names on a screen."""
    signed = Registration.sign(MALLORY.user, relay_id=RELAY, name=Name("\uff21lice"), time_ms=1)
    with pytest.raises(RemoteProtocolError):
        signed.verify(RELAY)
