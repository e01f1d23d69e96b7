"""Host names and addresses: those that people type, and those that this machine has."""

import re
import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, ip_address
from typing import TYPE_CHECKING, NewType

from securechat.errors import SecureChatError, UsageError
from securechat.transport.endpoint import Endpoint

if TYPE_CHECKING:
    import ifaddr

Host = NewType("Host", str)
"""An IP address or a DNS name in the one form it has in a certificate (lower case, A-labels)."""

LOCALHOST = Host("localhost")
LOOPBACK = (Host("127.0.0.1"), Host("::1"))

_MAX_NAME_LENGTH = 253
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def parse_host(text: str) -> Host:
    """Return a DNS name (also one with letters beyond ASCII) or an IP address in its one form.

    Non-ASCII names become A-labels as Python's own `ssl` and `socket` make them (IDNA 2003).
    Raises `UsageError` for anything that a certificate cannot name or that nobody can connect to:
    wildcards, a scope (``fe80::1%eth0``), the unspecified and multicast addresses.
    """
    try:
        address = ip_address(text)
    except ValueError:
        return _parse_name(text)
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        raise _bad_host(text, "an address in a certificate has no %scope")
    if address.is_unspecified or address.is_multicast:
        raise _bad_host(text, "nobody can connect to that address")
    return Host(str(address))


def host_names() -> tuple[Host, ...]:
    """Return the names of this machine: short, full and ``<short>.local``.

    Names that no certificate can hold are left out. May ask the DNS, and so may take seconds.
    """
    own = socket.gethostname()
    local = f"{own.partition('.')[0]}.local"
    return unique(_valid_hosts([own, socket.getfqdn(), local]))


def interface_addresses() -> tuple[Host, ...]:
    """Return the addresses of the interfaces of this machine, IPv4 first, without loopback.

    IPv6 link-local addresses are left out: they mean something only with a scope, which neither
    a certificate nor a client that compares names has, and they come and go with every container.
    Raises `SecureChatError` when the system does not tell.
    """
    texts = (ip.ip if isinstance(ip.ip, str) else ip.ip[0] for ip in _interface_ips())
    addresses = {ip_address(text.partition("%")[0]) for text in texts}
    usable = sorted(filter(_is_usable, addresses), key=lambda each: (each.version, each.packed))
    return tuple(Host(str(address)) for address in usable)


def reachable_hosts(addresses: Iterable[Endpoint]) -> list[str]:
    """Return the hosts by which other machines reach these listening addresses.

    Of all addresses those for IPv4 are meant (``0.0.0.0``), or for both (``::``). Raises as
    `interface_addresses`.
    """
    hosts: list[str] = []
    for address in addresses:
        ip = ip_address(address.host.partition("%")[0])
        if ip.is_unspecified:
            hosts += [
                host for host in interface_addresses() if ip_address(host).version <= ip.version
            ]
        elif not ip.is_loopback:
            hosts.append(address.host)
    return hosts


def interface_networks() -> tuple[IPv4Interface, ...]:
    """Return the own addresses in private IPv4 networks, each with the length of its prefix.

    Raises `SecureChatError` when the system does not tell.
    """
    found = {
        IPv4Interface(f"{ip.ip}/{ip.network_prefix}")
        for ip in _interface_ips()
        if isinstance(ip.ip, str)
    }
    return tuple(sorted(each for each in found if each.ip.is_private and _is_usable(each.ip)))


def machine_name() -> str:
    """Return what this machine calls itself, without its domain."""
    return socket.gethostname().partition(".")[0]


def unique(hosts: Iterable[Host]) -> tuple[Host, ...]:
    """Return the hosts without repetitions, in the order in which they first come."""
    return tuple(dict.fromkeys(hosts))


def _interface_ips() -> "list[ifaddr.IP]":
    import ifaddr  # 8 ms that a client's start need not pay

    try:
        return [ip for adapter in ifaddr.get_adapters() for ip in adapter.ips]
    except OSError as error:
        raise SecureChatError(
            f"The system does not tell the addresses of this machine: {error.strerror}.",
            "ip address",
        ) from error


def _is_usable(address: IPv4Address | IPv6Address) -> bool:
    link_local = address.version == 6 and address.is_link_local
    return not (address.is_loopback or address.is_unspecified or link_local)


def _valid_hosts(names: Iterable[str]) -> Iterable[Host]:
    for name in names:
        try:
            yield _parse_name(name)
        except UsageError:
            continue


def _parse_name(text: str) -> Host:
    if len(text) > _MAX_NAME_LENGTH:
        raise _bad_host(f"{text[:40]}…", f"a name has at most {_MAX_NAME_LENGTH} characters")
    try:
        name = text.removesuffix(".").encode("idna").decode("ascii").lower()
    except UnicodeError as error:
        raise _bad_host(text, "it is neither an IP address nor a DNS name") from error
    labels = name.split(".")
    if len(name) > _MAX_NAME_LENGTH or not all(map(_LABEL.fullmatch, labels)):
        raise _bad_host(text, "it is neither an IP address nor a DNS name")
    if labels[-1].isdigit():
        raise _bad_host(text, "a name that ends in a number looks like an IP address")
    return Host(name)


def _bad_host(text: str, reason: str) -> UsageError:
    return UsageError(
        f"Not a host for a certificate: {text!r} ({reason}).",
        "--host chat.example.org or --host 192.168.1.20",
    )
