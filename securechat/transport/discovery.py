"""Relays on the local network, found by multicast DNS (``_securechat._tcp``).

Anybody on the network can announce anything. What is found is only offered: that a relay is the
right one is for a code, a link or a pin to say. Nothing here is an error for the user either;
where multicast does not get through, nothing is found.

zeroconf is imported inside the functions: importing it takes longer than all else at the start.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, ip_address
from typing import TYPE_CHECKING

from msgspec import Struct

from securechat.errors import SecureChatError
from securechat.text import clip, safe_text
from securechat.transport.addresses import interface_addresses, interface_networks
from securechat.transport.endpoint import Endpoint

if TYPE_CHECKING:
    from zeroconf import Zeroconf
    from zeroconf.asyncio import AsyncZeroconf

SERVICE = "_securechat._tcp.local."
VERSION, PERSON = b"v", b"by"
"""The names of what an announcement says beside the address; the version is 1."""

MAX_RELAYS = 16
MAX_ADDRESSES = 8
"""How many addresses of one announcement are looked at."""

MAX_SHOWN = 40
"""Columns of a label or a person that a screen gets."""

BROWSE_S, SETTLE_S = 2.0, 0.4
_MARK = re.compile(r"-[0-9a-f]{4}\Z")

logger = logging.getLogger("securechat.discovery")


class FoundRelay(Struct, frozen=True):
    """What an announcement says: somebody's machine, whose relay it is, and where.

    All of it is a stranger's word; ``label`` and ``person`` are safe to show.
    """

    address: Endpoint
    label: str
    person: str
    """Empty for a relay of nobody: one without a chat."""


def read_announcement(
    name: str,
    addresses: Sequence[str],
    port: int | None,
    properties: Mapping[bytes, bytes | None],
    networks: Sequence[IPv4Interface],
) -> FoundRelay | None:
    """Return the relay of an announcement, or None when it makes no sense.

    Of several addresses that is taken which lies in one of the own ``networks``, else the first.
    """
    if properties.get(VERSION) != b"1" or port is None or not 0 < port < 2**16:
        return None
    hosts = list(filter(None, map(_read_host, addresses[:MAX_ADDRESSES])))
    if not hosts:
        return None
    near = [host for host in hosts if any(host in each.network for each in networks)]
    label = _MARK.sub("", name.removesuffix(f".{SERVICE}"))
    person = (properties.get(PERSON) or b"").decode("utf-8", "replace")
    return FoundRelay(Endpoint(str((near or hosts)[0]), port), _shown(label), _shown(person))


def browse() -> list[FoundRelay]:
    """Return the relays that are announced, at most `MAX_RELAYS`; none where nothing works.

    Blocks for `BROWSE_S`, but ends `SETTLE_S` after the first one was found.
    """
    from zeroconf import Error

    try:
        return asyncio.run(_browse(interface_networks()))
    except (Error, OSError, RuntimeError, SecureChatError) as error:
        logger.info("nothing can be found on this network: %r", error)
        return []


def open_multicast() -> "Zeroconf":
    """Open the sockets of multicast DNS: IPv6 too on a machine that others reach by it.

    Raises OSError, or RuntimeError when there is no network at all.
    """
    from zeroconf import IPVersion, Zeroconf

    if any(ip_address(host).version == 6 for host in interface_addresses()):
        with suppress(OSError):  # a system that has no socket for both families
            return Zeroconf(ip_version=IPVersion.All)
    return Zeroconf(ip_version=IPVersion.V4Only)


async def _browse(networks: Sequence[IPv4Interface]) -> list[FoundRelay]:
    from zeroconf.asyncio import AsyncServiceBrowser, AsyncZeroconf

    asyncio.get_running_loop().set_exception_handler(_log_exception)
    search = _Search(networks)
    zeroconf = AsyncZeroconf(zc=open_multicast())
    try:
        browser = AsyncServiceBrowser(
            zeroconf.zeroconf, SERVICE, handlers=[search.handler(zeroconf)]
        )
        with suppress(TimeoutError):
            await asyncio.wait_for(search.first.wait(), BROWSE_S)
            await asyncio.sleep(SETTLE_S)
        await browser.async_cancel()
    finally:
        search.cancel()
        await zeroconf.async_close()
    return search.found


class _Search:
    """What was found so far, and the questions under way: one for each announced name."""

    def __init__(self, networks: Sequence[IPv4Interface]) -> None:
        self.found: list[FoundRelay] = []
        self.first = asyncio.Event()
        self._networks = networks
        self._asked: dict[str, asyncio.Task[None]] = {}

    def handler(self, zeroconf: "AsyncZeroconf") -> Callable[..., None]:
        """Return what a browser calls for each change; it asks once for each new name."""

        def hear(name: str, **_change: object) -> None:
            if name not in self._asked and len(self._asked) < MAX_RELAYS:
                asking = self._ask(zeroconf, name)
                self._asked[name] = asyncio.get_running_loop().create_task(asking)

        return hear

    def cancel(self) -> None:
        """Give up what has no answer yet."""
        for task in self._asked.values():
            task.cancel()

    async def _ask(self, zeroconf: "AsyncZeroconf", name: str) -> None:
        from zeroconf import IPVersion
        from zeroconf.asyncio import AsyncServiceInfo

        service = AsyncServiceInfo(SERVICE, name)
        if not await service.async_request(zeroconf.zeroconf, BROWSE_S * 1000):
            return
        relay = read_announcement(
            name,
            service.parsed_addresses(IPVersion.All),
            service.port,
            service.properties,
            self._networks,
        )
        if relay is not None and relay.address not in [each.address for each in self.found]:
            self.found.append(relay)
            self.first.set()


def _read_host(text: str) -> IPv4Address | IPv6Address | None:
    """Return an address that another machine can have, without needing a scope."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    nowhere = address.is_multicast or address.is_unspecified or address.is_loopback
    return None if nowhere or (address.version == 6 and address.is_link_local) else address


def _shown(text: str) -> str:
    return clip(safe_text(text), MAX_SHOWN)


def _log_exception(_loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    logger.info("multicast: %s", context.get("message"))
