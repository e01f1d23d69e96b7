"""What the local network is told of a relay: between two machines, so that nobody else hears it."""

import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from securechat.errors import SecureChatError
from securechat.transport.addresses import Host
from securechat.transport.announcing import Announcement, announce
from tests.namespaces import Machines, two_machines
from tests.processes import FAILURE_S, Relay, chatting, relaying, running
from tests.terminal.seat import sitting_at

BROWSING = """
from securechat.transport.discovery import browse
for relay in browse():
    print(relay.label, relay.person or "-", relay.address)
print("end", flush=True)
"""
HELD = """
import socket, sys
taken = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
taken.bind(("", 5353))
print("held", flush=True)
sys.stdin.read()
"""
MOVING = """
import sys
from securechat.transport.announcing import Announcement, announce
hosts = [sys.argv[1]]
with announce(Announcement(5555, "l" * 63), lambda: list(hosts), print, look_again_s=0.05):
    print("started", flush=True)
    for line in sys.stdin:
        hosts[:] = line.split()
"""
RELAY = ("--host", "0.0.0.0")
LABEL = re.escape(socket.gethostname().partition(".")[0])


@pytest.fixture
def machines() -> Iterator[Machines]:
    with two_machines() as found:
        yield found


def found_from(machines: Machines, machine: int, home: Path) -> list[str]:
    """Return what is found on a machine: label, person and address."""
    options = {"prefix": machines.inside(machine), "command": (sys.executable,)}
    with running("-c", BROWSING, home=home, **options) as browser:
        return browser.read_until("end").splitlines()[:-1]


def found_in_time(machines: Machines, home: Path, wanted: str) -> None:
    """Look from the second machine until this is all that is found."""
    for _ in range(10):
        if (found := found_from(machines, 1, home)) and re.fullmatch(wanted, found[0]):
            assert len(found) == 1
            return
    pytest.fail(f"no {wanted} in {found}")


def change(machines: Machines, machine: int, *arguments: str) -> None:
    """Change the network of a machine with ``ip``."""
    command = ["ip", "-n", machines.names[machine], *arguments]
    subprocess.run(command, check=True, timeout=FAILURE_S)


def is_served(machines: Machines, relay: Relay, home: Path) -> bool:
    """Return whether somebody on its machine gets in."""
    server = ("--server", f"127.0.0.1:{relay.port}", "--pin", relay.ready["pin"])
    prefix = machines.inside(0)
    with chatting(home, "--name", "alice", *server, prefix=prefix) as alice:
        alice.expect("ready")
        alice.ends_typing()
        return alice.finish() == 0


def test_a_relay_for_the_network_is_found_until_it_ends(machines: Machines, tmp_path: Path) -> None:
    with relaying(tmp_path / "relay", *RELAY, prefix=machines.inside(0)) as relay:
        assert relay.ready["announced"] is True
        found_in_time(machines, tmp_path, f"{LABEL} - {machines.ipv4[0]}:{relay.port}")
        with sitting_at("join", home=tmp_path / "bob", prefix=machines.inside(1)) as bob:
            bob.see(f"{machines.ipv4[0]}:{relay.port} Code:")
            assert re.search(rf"Found {LABEL} {machines.ipv4[0]}:", bob.text)
        relay.process.signal(signal.SIGTERM)
        assert relay.process.finish(timeout_s=5) == 0
        assert not [event for event in relay.process.read_rest() if event["event"] == "error"]
        assert found_from(machines, 1, tmp_path) == []


def test_people_read_that_it_is_announced(machines: Machines, tmp_path: Path) -> None:
    command = ("server", "--port", "0", *RELAY)
    with running(*command, home=tmp_path, prefix=machines.inside(0)) as relay:
        told = relay.read_until("Ctrl-C stops the relay.")
        assert re.search(rf"Announced +as {LABEL} to this network \(--no-announce does not\)", told)


def test_a_signal_during_the_first_announcement_ends_it(machines: Machines, tmp_path: Path) -> None:
    with relaying(tmp_path, *RELAY, prefix=machines.inside(0)) as relay:
        relay.process.signal(signal.SIGTERM)
        assert relay.process.finish(timeout_s=5) == 0
        assert relay.process.stderr == ""


def test_a_relay_that_is_not_to_be_announced_is_not(machines: Machines, tmp_path: Path) -> None:
    silent, shy, own = (tmp_path / name for name in ("silent", "shy", "own"))
    shy.mkdir()
    (shy / "config.toml").write_text("[server]\nannounce = false\n", encoding="utf-8")
    prefix = machines.inside(0)
    with (
        relaying(silent, *RELAY, "--no-announce", prefix=prefix) as first,
        relaying(shy, *RELAY, prefix=prefix) as second,
        relaying(own, prefix=prefix) as third,
    ):
        assert [each.ready["announced"] for each in (first, second, third)] == [False] * 3
        assert found_from(machines, 1, tmp_path) == []


def test_where_there_is_ipv6_only_it_is_found_by_that(machines: Machines, tmp_path: Path) -> None:
    for number, address in enumerate(machines.ipv4):
        cable = f"{machines.names[number].replace('-', '')}"
        change(machines, number, "address", "delete", f"{address}/24", "dev", cable)
    with relaying(tmp_path / "relay", "--host", "::", prefix=machines.inside(0)) as relay:
        found_in_time(machines, tmp_path, rf"{LABEL} - \[{machines.ipv6[0]}\]:{relay.port}")


def test_a_relay_that_cannot_be_announced_says_so_and_serves(
    machines: Machines, tmp_path: Path
) -> None:
    prefix = machines.inside(0)
    holding = running("-c", HELD, home=tmp_path, prefix=prefix, command=(sys.executable,))
    with holding as other, relaying(tmp_path / "relay", *RELAY, prefix=prefix) as relay:
        other.read_until("held")
        told = relay.process.expect("error")["message"]
        assert "The relay cannot be announced on this network (address already in use)." in told
        assert f"try: securechat join HOST:{relay.port} there" in told
        assert is_served(machines, relay, tmp_path / "alice")
        relay.process.signal(signal.SIGTERM)
        assert relay.process.finish() == 0


def test_what_goes_wrong_is_told_once_until_it_works_again() -> None:
    error = SecureChatError("The system does not tell.", "ip address")
    coming: list[SecureChatError | None] = [error, error, None, error, error]
    told: list[SecureChatError] = []
    all_seen = threading.Event()

    def look() -> list[Host]:
        found = coming.pop(0) if coming else None
        if not coming:
            all_seen.set()
        if found is not None:
            raise found
        return []

    with announce(Announcement(5555, "lab-pc"), look, told.append, look_again_s=0.001):
        assert all_seen.wait(FAILURE_S)
    assert told == [error, error]


def test_addresses_that_change_are_announced_anew(machines: Machines, tmp_path: Path) -> None:
    first, second = machines.ipv4[0], "10.231.57.77"
    options = {"prefix": machines.inside(0), "command": (sys.executable,)}
    with running("-c", MOVING, first, home=tmp_path, **options) as announcer:
        announcer.read_until("started")
        found_in_time(machines, tmp_path, f"l+… - {first}:5555")
        announcer.types(second)
        found_in_time(machines, tmp_path, f"l+… - {second}:5555")
        announcer.types("")
        announcer.ends_typing()
        assert announcer.finish() == 0
        assert announcer.stderr == ""
        assert found_from(machines, 1, tmp_path) == []
