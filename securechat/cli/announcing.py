"""Telling the local network where the relay of this process is, while it runs."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from ipaddress import ip_address
from typing import TYPE_CHECKING

from securechat.cli.relay_log import bare_host

if TYPE_CHECKING:
    from securechat.errors import SecureChatError
    from securechat.transport.addresses import Host
    from securechat.transport.endpoint import Endpoint


def announcing(
    addresses: "Sequence[Endpoint]", person: str, tell: "Callable[[SecureChatError], None]"
) -> AbstractContextManager[None]:
    """Return what announces a relay that listens on ``addresses``, until the block ends.

    ``person`` is whose it is, or empty; ``tell`` gets, in another thread, what goes wrong.
    """
    from securechat.transport.addresses import machine_name
    from securechat.transport.announcing import Announcement, announce

    relay = Announcement(addresses[0].port, machine_name(), person)
    return announce(relay, lambda: _announced_hosts(addresses), tell)


def is_for_others(addresses: "Sequence[Endpoint]") -> bool:
    """Return whether a relay listens beyond loopback: no other one is announced."""
    return not all(ip_address(bare_host(each.host)).is_loopback for each in addresses)


def _announced_hosts(addresses: "Sequence[Endpoint]") -> "list[Host]":
    """Return where others reach the relay by now; what needs a scope says nothing to them."""
    from securechat.transport.addresses import Host, reachable_hosts

    return [Host(host) for host in reachable_hosts(addresses) if "%" not in host]
