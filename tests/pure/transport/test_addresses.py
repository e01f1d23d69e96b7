"""Which names and addresses get into a certificate, and in which form."""

import socket
from types import SimpleNamespace

import ifaddr
import pytest
from hypothesis import given
from hypothesis import strategies as st

from securechat.errors import SecureChatError, UsageError
from securechat.transport import addresses
from securechat.transport.addresses import (
    Host,
    host_names,
    interface_addresses,
    interface_networks,
    machine_name,
    parse_host,
    reachable_hosts,
    unique,
)
from securechat.transport.endpoint import Endpoint


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("chat.example.org", "chat.example.org"),
        ("Chat.Example.ORG.", "chat.example.org"),
        ("localhost", "localhost"),
        ("a1", "a1"),
        ("1a.2b", "1a.2b"),
        ("Büro.example", "xn--bro-hoa.example"),
        ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
        ("192.168.1.20", "192.168.1.20"),
        ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
        ("::1", "::1"),
        ("a" * 63 + ".org", "a" * 63 + ".org"),
        (".".join(["a" * 49] * 5)[:253], ".".join(["a" * 49] * 5)[:253]),
    ],
)
def test_a_host_has_one_form(text, host):
    assert parse_host(text) == host


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "a..b",
        ".example.org",
        "*.example.org",
        "under_score.example",
        "-a.example",
        "a-.example",
        "two words",
        "host:5555",
        "[::1]",
        "https://example.org",
        "user@example.org",
        "name\n",
        "nul\0",
        "a\u202eb",
        "999.1.1.1",
        "10.0.0",
        "127.0.0.1/8",
        "fe80::1%eth0",
        "0.0.0.0",
        "::",
        "224.0.0.1",
        "ff02::1",
        "a" * 64,
        "ü" * 63,
        "a." * 127,
        "x" * 10_000,
    ],
)
def test_what_a_certificate_cannot_name_is_refused(text):
    with pytest.raises(UsageError) as refusal:
        parse_host(text)
    assert refusal.value.try_next
    assert len(str(refusal.value)) < 1000


@given(st.text(max_size=300) | st.from_regex(r"[a-z0-9.:%-]{0,40}", fullmatch=True))
def test_any_text_is_a_host_in_its_final_form_or_a_usage_error(text):
    try:
        host = parse_host(text)
    except UsageError:
        return
    assert host.isascii()
    assert parse_host(host) == host


@given(st.ip_addresses())
def test_every_address_one_can_connect_to_is_a_host(address):
    if address.is_multicast or address.is_unspecified:
        with pytest.raises(UsageError):
            parse_host(str(address))
    else:
        assert parse_host(str(address)) == str(address)


def machine(monkeypatch, short, full):
    monkeypatch.setattr(socket, "gethostname", lambda: short)
    monkeypatch.setattr(socket, "getfqdn", lambda: full)


def test_the_names_of_a_machine_are_short_full_and_local(monkeypatch):
    machine(monkeypatch, "Lab-PC", "lab-pc.example.org")
    assert host_names() == ("lab-pc", "lab-pc.example.org", "lab-pc.local")


def test_a_full_host_name_gives_the_short_one_its_local_name(monkeypatch):
    machine(monkeypatch, "lab.example.org", "lab.example.org")
    assert host_names() == ("lab.example.org", "lab.local")


def test_a_machine_is_called_by_the_first_part_of_its_name(monkeypatch):
    machine(monkeypatch, "lab-pc.example.org", "")
    assert machine_name() == "lab-pc"


def test_names_that_no_certificate_can_hold_are_left_out(monkeypatch):
    machine(monkeypatch, "my_pc", "my_pc.example.org")
    assert host_names() == ()


def adapters(*ips):
    return [SimpleNamespace(ips=[SimpleNamespace(ip=ip) for ip in ips])]


def test_interface_addresses_leave_out_loopback_and_scoped_ones(monkeypatch):
    found = adapters(
        ("2001:db8::7", 0, 0),
        ("fe80::1", 0, 4),
        ("::1", 0, 0),
        "127.0.0.1",
        "192.168.1.20",
        "169.254.3.4",
        "10.0.0.2",
        "192.168.1.20",
        ("fd00::2%eth0", 0, 2),
    )
    monkeypatch.setattr(ifaddr, "get_adapters", lambda: found)
    assert interface_addresses() == (
        "10.0.0.2",
        "169.254.3.4",
        "192.168.1.20",
        "2001:db8::7",
        "fd00::2",
    )


def test_a_system_that_does_not_tell_its_addresses_is_an_error_of_ours(monkeypatch):
    def fail():
        raise OSError(13, "Permission denied")

    monkeypatch.setattr(ifaddr, "get_adapters", fail)
    with pytest.raises(SecureChatError, match="Permission denied"):
        interface_addresses()


def test_unique_keeps_the_first_of_each():
    assert unique(["b", "a", "b", "c", "a"]) == ("b", "a", "c")


def test_the_networks_are_the_private_ones_of_ipv4(monkeypatch):
    prefixes = {
        "127.0.0.1": 8,
        "192.168.1.20": 24,
        "10.0.0.2": 16,
        "8.8.4.4": 24,
        ("fd00::2", 0, 2): 64,
    }
    found = [
        SimpleNamespace(
            ips=[SimpleNamespace(ip=ip, network_prefix=prefix) for ip, prefix in prefixes.items()]
        )
    ]
    monkeypatch.setattr(ifaddr, "get_adapters", lambda: found)
    assert list(map(str, interface_networks())) == ["10.0.0.2/16", "192.168.1.20/24"]


@pytest.mark.parametrize(
    ("host", "elsewhere"),
    [
        ("0.0.0.0", ["192.0.2.7"]),
        ("::", ["192.0.2.7", "2001:db8::7"]),
        ("fe80::7%eth0", ["fe80::7%eth0"]),
        ("::1", []),
    ],
)
def test_a_relay_is_reached_at_the_addresses_of_what_it_listens_to(
    host: str, elsewhere: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    own = (Host("192.0.2.7"), Host("2001:db8::7"))
    monkeypatch.setattr(addresses, "interface_addresses", lambda: own)
    assert reachable_hosts([Endpoint(host, 5555)]) == elsewhere
