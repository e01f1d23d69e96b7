"""Addresses of relays as people type them."""

import pytest

from securechat.client.connection.handed_over import HandedOver
from securechat.client.connection.relays import KnownRelay, parse_address, registered_at
from securechat.config import DEFAULT_PORT
from securechat.errors import UsageError
from securechat.identity.types import RelayId
from securechat.transport.endpoint import Endpoint
from securechat.wire.frames import Publish

HERE, RELAY, OTHER = Endpoint("relay", 5555), RelayId(b"r" * 32), RelayId(b"o" * 32)


def rows(*relays: KnownRelay, let_in: RelayId | None = None) -> dict[tuple[str, bytes], bytes]:
    """Return what a profile keeps that knows these relays, and handed something to one of them."""
    changes = {row: value for relay in relays for row, value in relay.row.items()}
    if let_in is not None:
        changes |= HandedOver(let_in, {}).add((), (Publish(1, None, ()),))
    return {row: value for row, value in changes.items() if value is not None}


MET = KnownRelay(RELAY, str(HERE), 2)


@pytest.mark.parametrize("pin", [None, RELAY])
def test_a_relay_is_known_that_has_let_the_profile_in(pin: RelayId | None) -> None:
    assert registered_at(rows(MET, let_in=RELAY), HERE, pin) == RELAY


def test_no_other_relay_is() -> None:
    elsewhere = Endpoint("elsewhere", 5555)
    assert registered_at({}, HERE, None) is None
    assert registered_at(rows(MET), HERE, None) is None
    assert registered_at(rows(MET, let_in=OTHER), HERE, None) is None
    assert registered_at(rows(MET, let_in=RELAY), elsewhere, None) is None
    assert registered_at(rows(MET, let_in=RELAY), HERE, OTHER) is None


def test_of_two_at_one_address_the_last_one_is_meant() -> None:
    before = KnownRelay(OTHER, str(HERE), 1)
    assert registered_at(rows(before, MET, let_in=RELAY), HERE, None) == RELAY
    assert registered_at(rows(before, MET, let_in=OTHER), HERE, None) is None


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("192.168.1.20", Endpoint("192.168.1.20", DEFAULT_PORT)),
        (" chat.example.org:1 ", Endpoint("chat.example.org", 1)),
        ("fe80::1%eth0", Endpoint("fe80::1%eth0", DEFAULT_PORT)),
        ("[::1]", Endpoint("::1", DEFAULT_PORT)),
        ("[::1]:65535", Endpoint("::1", 65535)),
        ("b\u00fccher.example", Endpoint("b\u00fccher.example", DEFAULT_PORT)),
    ],
)
def test_what_is_an_address(text: str, endpoint: Endpoint) -> None:
    assert parse_address(text) == endpoint


@pytest.mark.parametrize(
    "text",
    [
        *("", ":5555", "a:65536", "a:x", "a:\u0661", "a:" + "9" * 5000),
        *("a\x1b[2Jb", "[\x1b]:1", "a b", "a\nb", "a\x00", "a\u202eb", "a\u200bb", "a\udcffb"),
        *("http://127.0.0.1:5555", "https://example.org", "a/b", "[::1/64]"),
    ],
)
def test_what_is_none(text: str) -> None:
    with pytest.raises(UsageError, match="is no address of a relay"):
        parse_address(text)
