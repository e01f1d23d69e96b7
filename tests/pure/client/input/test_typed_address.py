"""Addresses of which the last number is enough."""

from ipaddress import IPv4Address, IPv4Interface

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securechat.client.input.typed_address import beginning, complete_address
from securechat.errors import UsageError

HOME = IPv4Interface("192.168.1.5/24")
OFFICE = IPv4Interface("10.20.30.40/16")


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("20", "192.168.1.20:5555"),
        (" 1.20 ", "192.168.1.20:5555"),
        ("168.1.20", "192.168.1.20:5555"),
        ("20:6000", "192.168.1.20:6000"),
        ("20:", "192.168.1.20:5555"),
        ("31.7", "10.20.31.7:5555"),
        ("20.31.7", "10.20.31.7:5555"),
        ("10.9.9.9", "10.9.9.9:5555"),
        ("lab-pc", "lab-pc:5555"),
        ("lab-pc.local:6000", "lab-pc.local:6000"),
        ("[fd00::1]:6000", "[fd00::1]:6000"),
    ],
)
def test_what_is_typed_becomes_an_address(typed: str, address: str) -> None:
    assert str(complete_address(typed, (HOME, OFFICE))) == address


@pytest.mark.parametrize("typed", ["256", "999", "1.2.999", "9.9.9", "20:70000", "", "a b", ":20"])
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(UsageError) as refused:
        complete_address(typed, (HOME, OFFICE))
    assert "securechat join 192.168.1.20:5555" in refused.value.try_next


def test_a_number_alone_is_no_address_without_a_network() -> None:
    with pytest.raises(UsageError, match="20 is no address on a network of this machine"):
        complete_address("20", ())


def test_the_first_network_that_fits_is_meant() -> None:
    assert complete_address("7", (OFFICE, HOME)).host == "10.20.30.7"
    assert complete_address("1.7", (IPv4Interface("10.0.0.2/24"), HOME)).host == "192.168.1.7"


@given(own=st.ip_addresses(v=4), prefix=st.integers(1, 32), last=st.integers(0, 255))
def test_a_completed_address_lies_in_the_network(own: IPv4Address, prefix: int, last: int) -> None:
    network = IPv4Interface(f"{own}/{prefix}")
    try:
        host = complete_address(str(last), (network,)).host
    except UsageError:
        return
    assert IPv4Address(host) in network.network
    assert host == f"{beginning(network)}{last}"


@given(typed=st.text(max_size=30))
def test_nothing_else_comes_out_than_an_address_or_a_refusal(typed: str) -> None:
    try:
        address = complete_address(typed, (HOME,))
    except UsageError:
        return
    assert address.host
    assert 0 <= address.port < 2**16
