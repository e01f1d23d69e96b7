"""Addresses of relays as people type them."""

import pytest

from securechat.client.relays import parse_address
from securechat.config import DEFAULT_PORT
from securechat.errors import UsageError
from securechat.transport.endpoint import Endpoint


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
    ],
)
def test_what_is_none(text: str) -> None:
    with pytest.raises(UsageError, match="is no address of a relay"):
        parse_address(text)
