"""What an announcement can make of the list that is offered: anybody can send one."""

from ipaddress import IPv4Interface, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securechat.text import safe_text
from securechat.transport.discovery import (
    MAX_SHOWN,
    PERSON,
    SERVICE,
    VERSION,
    FoundRelay,
    read_announcement,
)
from securechat.transport.endpoint import Endpoint

NETWORKS = (IPv4Interface("192.168.1.5/24"),)
NAME = f"lab-pc-0a1f.{SERVICE}"
PROPERTIES: dict[bytes, bytes | None] = {VERSION: b"1", PERSON: b"alice"}


def test_an_announcement_is_read() -> None:
    assert read_announcement(NAME, ["192.168.1.20"], 5555, PROPERTIES, NETWORKS) == FoundRelay(
        Endpoint("192.168.1.20", 5555), "lab-pc", "alice"
    )


def test_the_address_on_the_own_network_is_taken() -> None:
    addresses = ["172.17.0.1", "fd00::1", "192.168.1.20"]
    found = read_announcement(NAME, addresses, 5555, PROPERTIES, NETWORKS)
    assert found is not None
    assert found.address.host == "192.168.1.20"
    elsewhere = read_announcement(NAME, addresses, 5555, PROPERTIES, ())
    assert elsewhere is not None
    assert elsewhere.address.host == "172.17.0.1"


@pytest.mark.parametrize(
    ("addresses", "port", "properties"),
    [
        ([], 5555, PROPERTIES),
        (["127.0.0.1", "0.0.0.0", "224.0.0.1", "fe80::1%eth0", "ff02::1", "::"], 5555, PROPERTIES),
        (["lab-pc", "192.168.1.20\x1b[2J", "1.2.3"], 5555, PROPERTIES),
        (["192.168.1.20"], 0, PROPERTIES),
        (["192.168.1.20"], 65536, PROPERTIES),
        (["192.168.1.20"], None, PROPERTIES),
        (["192.168.1.20"], 5555, {}),
        (["192.168.1.20"], 5555, {**PROPERTIES, VERSION: b"2"}),
        (["192.168.1.20"], 5555, {**PROPERTIES, VERSION: None}),
    ],
)
def test_what_makes_no_sense_is_not_offered(
    addresses: list[str], port: int | None, properties: dict[bytes, bytes | None]
) -> None:
    assert read_announcement(NAME, addresses, port, properties, NETWORKS) is None


def test_what_is_shown_does_nothing_to_a_terminal() -> None:
    properties = {
        **PROPERTIES,
        PERSON: "\x1b]0;root\x07\u202eecila".encode() + b"\xff" + b"x" * 200,
    }
    name = f"\x1b[2Jlab{'y' * 200}-0a1f.{SERVICE}"
    found = read_announcement(name, ["192.168.1.20"], 5555, properties, NETWORKS)
    assert found is not None
    for text in (found.label, found.person):
        assert "\x1b" not in text
        assert len(text) == MAX_SHOWN


@given(
    name=st.text(max_size=100),
    addresses=st.lists(st.text(max_size=20) | st.ip_addresses().map(str), max_size=20),
    port=st.none() | st.integers(-1, 2**17),
    by=st.none() | st.binary(max_size=100),
)
def test_garbage_is_offered_safely_or_not_at_all(
    name: str, addresses: list[str], port: int | None, by: bytes | None
) -> None:
    found = read_announcement(name, addresses, port, {VERSION: b"1", PERSON: by}, NETWORKS)
    if found is not None:
        assert not ip_address(found.address.host).is_loopback
        assert found.address.port == port
        for text in (found.label, found.person):
            assert safe_text(text) == text
            assert text.isprintable() or not text.isascii()
