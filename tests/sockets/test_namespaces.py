"""Two machines, as far as the kernel can tell: clients in two network namespaces, one relay.

Needs Linux, root and iproute2. Elsewhere it is skipped, but never where CI is set.
"""

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from securechat.transport.issuing import issue
from tests.processes import FAILURE_S, Relay, chatting, relaying, run

UNTRUSTED = 4


@dataclass(frozen=True)
class Machines:
    """Two namespaces with a cable between them, and the addresses at its ends."""

    names: tuple[str, str]
    ipv4: tuple[str, str]
    ipv6: tuple[str, str]

    def inside(self, machine: int) -> tuple[str, ...]:
        """Return what to put before a command to run it on that machine."""
        return ("ip", "netns", "exec", self.names[machine])


@pytest.fixture(scope="module")
def machines() -> Iterator[Machines]:
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
            _ip("netns", "add", name)
            stack.callback(_ip, "netns", "delete", name)
        _connect(found, cables=(f"sc{mark}a", f"sc{mark}b"))
        yield found


@pytest.fixture(scope="module", params=["ipv4", "ipv6"])
def relay(
    request: pytest.FixtureRequest, machines: Machines, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Relay]:
    """A relay on the first machine, on its address of one family."""
    host = getattr(machines, request.param)[0]
    directory = tmp_path_factory.mktemp(request.param)
    with relaying(directory, "--host", host, prefix=machines.inside(0)) as relay:
        assert relay.ready["host"] == host
        yield relay


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


def _connect(machines: Machines, cables: tuple[str, str]) -> None:
    _ip("link", "add", cables[0], "type", "veth", "peer", "name", cables[1])
    for number, cable in enumerate(cables):
        name = machines.names[number]
        _ip("link", "set", cable, "netns", name)
        _ip("-n", name, "address", "add", f"{machines.ipv4[number]}/24", "dev", cable)
        _ip("-n", name, "address", "add", f"{machines.ipv6[number]}/64", "dev", cable, "nodad")
        _ip("-n", name, "link", "set", "lo", "up")
        _ip("-n", name, "link", "set", cable, "up")


def _ip(*arguments: str) -> None:
    done = subprocess.run(["ip", *arguments], capture_output=True, timeout=FAILURE_S)
    assert done.returncode == 0, (arguments, done.stderr)


def _machine_with_ca(directory: Path, ca: Path) -> Path:
    """Return a directory as another machine's user has it: ca.pem was copied over, nothing else."""
    (directory / "certs").mkdir(parents=True)
    shutil.copy(ca, directory / "certs" / "ca.pem")
    return directory


def test_two_machines_chat(machines: Machines, relay: Relay, tmp_path: Path) -> None:
    here, there = (_machine_with_ca(tmp_path / where, relay.ca) for where in ("here", "there"))
    server = ("--server", relay.address)
    with (
        chatting(
            here, "--name", "alice", "--peer", "bob", *server, prefix=machines.inside(0)
        ) as alice,
        chatting(
            there, "--name", "bob", "--peer", "alice", *server, prefix=machines.inside(1)
        ) as bob,
    ):
        alice.types("over the cable")
        assert bob.expect("message")["text"] == "over the cable"
        bob.types("and back")
        assert alice.expect("message")["text"] == "and back"
        for client in (alice, bob):
            client.expect("delivered")
            client.ends_typing()
            assert client.finish() == 0
    assert [path.name for path in (there / "certs").iterdir()] == ["ca.pem"]


def test_a_machine_with_another_ca_is_refused(
    machines: Machines, relay: Relay, tmp_path: Path
) -> None:
    issue(tmp_path / "other", datetime.now(UTC))
    home = _machine_with_ca(tmp_path / "third", tmp_path / "other" / "ca.pem")
    command = ("client", "--json", "--name", "carol", "--server", relay.address)
    status, _, stderr = run(*command, home=home, prefix=machines.inside(1), stdin="hello\n")
    assert status == UNTRUSTED
    assert "is not signed by" in stderr
    assert "try: copy ca.pem" in stderr


def test_a_machine_without_any_ca_is_told_the_pin(
    machines: Machines, relay: Relay, tmp_path: Path
) -> None:
    command = ("client", "--json", "--name", "dave", "--server", relay.address)
    status, _, stderr = run(*command, home=tmp_path, prefix=machines.inside(1))
    assert status == UNTRUSTED
    assert relay.ready["pin"] in stderr
