"""Machines as far as the kernel can tell: network namespaces with cables between them.

Needs Linux, root and iproute2. Elsewhere what asks for them is skipped, but never where CI is set.
"""

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import pytest

from tests.processes import FAILURE_S

FORWARDING = (
    "echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv4/conf/all/proxy_arp"
)


@dataclass(frozen=True)
class Machines:
    """Two namespaces with a cable between them, and the addresses at its ends."""

    names: tuple[str, str]
    ipv4: tuple[str, str]
    ipv6: tuple[str, str]

    def inside(self, machine: int) -> tuple[str, ...]:
        """Return what to put before a command to run it on that machine."""
        return ("ip", "netns", "exec", self.names[machine])


@contextmanager
def two_machines(*, multicast: bool = True) -> Iterator[Machines]:
    """Provide two machines until the block ends.

    Without ``multicast`` there is a third one in the cable, which passes on what is for one of the
    others, and nothing that is for all of them: the two see the same network as otherwise.
    """
    if why := _why_not():
        if os.environ.get("CI"):
            pytest.fail(f"CI has to be able to do this: {why}")
        pytest.skip(why)
    mark = secrets.token_hex(3)
    found = Machines(
        names=(f"sc-{mark}-a", f"sc-{mark}-b"),
        ipv4=("10.231.57.1", "10.231.57.2"),
        ipv6=("fd5c:57::1", "fd5c:57::2"),
    )
    with ExitStack() as stack:
        for name in found.names:
            _add(name, stack)
        if multicast:
            _connect(found, cables=(f"sc{mark}a", f"sc{mark}b"))
        else:
            _add(f"sc-{mark}-m", stack)
            _connect_over(f"sc-{mark}-m", found, mark)
        yield found


def _why_not() -> str | None:
    """Return why this system cannot have the two machines, or None when it can."""
    if shutil.which("ip") is None:
        return "iproute2 is not installed"
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return "network namespaces need root"
    probe = f"sc-{secrets.token_hex(3)}-probe"
    made = subprocess.run(["ip", "netns", "add", probe], capture_output=True, timeout=FAILURE_S)
    if made.returncode != 0:
        return f"no network namespaces here: {made.stderr.decode().strip()}"
    _ip("netns", "delete", probe)
    return None


def _add(name: str, stack: ExitStack) -> None:
    _ip("netns", "add", name)
    stack.callback(_ip, "netns", "delete", name)
    _ip("-n", name, "link", "set", "lo", "up")


def _connect(machines: Machines, cables: tuple[str, str]) -> None:
    _ip("link", "add", cables[0], "type", "veth", "peer", "name", cables[1])
    for number, cable in enumerate(cables):
        _plug_in(machines, number, cable)


def _connect_over(middle: str, machines: Machines, mark: str) -> None:
    for number, end in enumerate("ab"):
        cable, other_end = f"sc{mark}{end}", f"sc{mark}m{end}"
        _ip("link", "add", cable, "type", "veth", "peer", "name", other_end)
        _plug_in(machines, number, cable)
        _ip("link", "set", other_end, "netns", middle)
        _ip("-n", middle, "link", "set", other_end, "up")
        _ip("-n", middle, "route", "add", f"{machines.ipv4[number]}/32", "dev", other_end)
    _ip("netns", "exec", middle, "sh", "-e", "-c", FORWARDING)


def _plug_in(machines: Machines, number: int, cable: str) -> None:
    name = machines.names[number]
    _ip("link", "set", cable, "netns", name)
    _ip("-n", name, "address", "add", f"{machines.ipv4[number]}/24", "dev", cable)
    _ip("-n", name, "address", "add", f"{machines.ipv6[number]}/64", "dev", cable, "nodad")
    _ip("-n", name, "link", "set", cable, "up")


def _ip(*arguments: str) -> None:
    done = subprocess.run(["ip", *arguments], capture_output=True, timeout=FAILURE_S)
    assert done.returncode == 0, (arguments, done.stderr)
