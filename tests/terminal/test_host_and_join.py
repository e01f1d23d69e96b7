"""From nothing to a verified chat: two machines, two people at terminals, and a spoken code."""

import json
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.namespaces import Machines, two_machines
from tests.processes import run, running
from tests.terminal.seat import CTRL_C, Terminal, sitting_at

MAX_KEYS, MAX_SECONDS = 50, 60
HOST, JOIN = "securechat host\r", "securechat join\r"
"""What the two type in their shells."""

FORGED = """
import socket, sys
from securechat.transport.announcing import Announcement, announce
from securechat.transport.discovery import browse
own, announced = sys.argv[1:]
with announce(Announcement(5555, "lab-pc", "mallory\\x1b[2J"), lambda: [announced], print):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as garbage:
        interface = socket.inet_aton(own)
        garbage.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, interface)
        for size in range(200):
            garbage.sendto(bytes(range(size)), ("224.0.0.251", 5353))
    while not any(found.person.startswith("mallory") for found in browse()):
        pass
    print("announced", flush=True)
    sys.stdin.read()
"""


@contextmanager
def hosting(machines: Machines, home: Path) -> Iterator[Terminal]:
    """Seat alice at the first machine."""
    prefix = machines.inside(0)
    with sitting_at("host", home=home / "alice", prefix=prefix, user="alice") as alice:
        yield alice


@contextmanager
def joining(machines: Machines, home: Path) -> Iterator[Terminal]:
    """Seat bob at the second machine."""
    prefix = machines.inside(1)
    with sitting_at("join", home=home / "bob", prefix=prefix, user="bob") as bob:
        yield bob


def spoken(alice: Terminal) -> str:
    """Return the code on alice's screen, in as few letters as can be."""
    alice.see("There: securechat join")
    found = re.findall(r"(\d+)-([a-z]+)-([a-z]+)-([a-z]+) works once", alice.text)
    number, *words = found[-1]
    return number + "".join(word[:3] for word in words)


def talk(alice: Terminal, bob: Terminal) -> None:
    """Send one message each way, to somebody who is verified."""
    bob.see("alice is verified")
    alice.see("bob is verified: you both used the code")
    bob.see_last("alice ✓ >")
    alice.see_last("bob ✓ >")
    bob.enter("a")
    alice.see("bob: a")
    alice.enter("b")
    bob.see("alice: b")


def check_effort(began: float, *people: Terminal) -> None:
    """Print how many keys it took, and how long, and see that it was no more than it may."""
    seconds = time.monotonic() - began
    keys = len(HOST + JOIN) + sum(person.keys for person in people)
    print(f"{keys} keys, {seconds:.1f} s")
    assert keys <= MAX_KEYS
    assert seconds <= MAX_SECONDS


def test_two_people_are_verified_in_a_minute(tmp_path: Path) -> None:
    with two_machines() as machines:
        began = time.monotonic()
        with hosting(machines, tmp_path) as alice:
            alice.see("Server 10.231.57.1:5555 TLS 1.3, new certificate, renews itself")
            alice.see("You are alice on 127.0.0.1:")
            assert alice.text.count("You are alice") == 1
            code = spoken(alice)
            with joining(machines, tmp_path) as bob:
                bob.see("(alice) 10.231.57.1:5555")
                bob.see("Code:")
                bob.enter(code)
                talk(alice, bob)
                check_effort(began, alice, bob)
                bob.enter("/quit")
                assert bob.finish() == 0
            alice.enter("/quit")
            assert alice.finish() == 0
            alice.see("The relay has stopped with this chat.")


def test_the_same_where_multicast_does_not_get_through(tmp_path: Path) -> None:
    with two_machines(multicast=False) as machines:
        began = time.monotonic()
        with hosting(machines, tmp_path) as alice, joining(machines, tmp_path) as bob:
            code = spoken(alice)
            bob.see("Nothing found on this network in 2 s.")
            bob.see("Address or link (of 10.231.57.…, the last number is enough):")
            bob.enter("1")
            bob.see("Code:")
            bob.enter(code)
            talk(alice, bob)
            check_effort(began, alice, bob)


def test_a_forged_announcement_changes_nothing_but_what_is_offered(tmp_path: Path) -> None:
    with two_machines() as machines, hosting(machines, tmp_path) as alice:
        code = spoken(alice)
        mallory = ("-c", FORGED, *machines.ipv4)
        command = (sys.executable,)
        with running(
            *mallory, home=tmp_path / "mallory", prefix=machines.inside(0), command=command
        ) as forger:
            forger.read_until("announced")
            with joining(machines, tmp_path) as bob:
                bob.see("Which one? [1]:")
                assert "\x1b[2J" not in bob.raw.decode()
                offered = dict(re.findall(r"(\d)\s+\S+ \((\w+)\S*\)", bob.text))
                assert sorted(offered.values()) == ["alice", "mallory"]
                number = next(number for number, who in offered.items() if who == "alice")
                bob.enter(number)
                bob.see("Code:")
                bob.enter(code)
                talk(alice, bob)


def test_a_typo_is_told_before_anything_is_sent(tmp_path: Path) -> None:
    with sitting_at("host", "--host", "127.0.0.1", "--port", "0", home=tmp_path / "alice") as alice:
        code = spoken(alice)
        address = re.findall(r"Server\s+(127\.0\.0\.1:\d+)", alice.text)[0]
        with sitting_at("join", address, "--name", "bob", home=tmp_path / "bob") as bob:
            bob.see("Code:")
            bob.enter("7-xylophon-lime-sofa")
            bob.see('There is no word "xylophon" in a code')
            bob.enter("hello")
            bob.see("A code is a number and three words; like 7-otter-lime-sofa")
            bob.enter(code)
            bob.see("pat is verified (you both used the code)")
            alice.see("bob is verified: you both used the code")


def test_tab_types_the_words_to_their_end(tmp_path: Path) -> None:
    with sitting_at("join", "127.0.0.1:1", home=tmp_path) as guest:
        guest.see("Code:")
        guest.press("7-ott\t-lim\t-sof\t")
        guest.see_last("Code: 7-otter-lime-sofa")
        guest.enter("")
        guest.see("Cannot reach 127.0.0.1:1")
        assert guest.finish() == 3


def test_a_name_that_is_taken_leaves_the_code_unspent(tmp_path: Path) -> None:
    with sitting_at("host", "--host", "127.0.0.1", "--port", "0", home=tmp_path / "one") as host:
        code = spoken(host)
        address = re.findall(r"Server\s+(127\.0\.0\.1:\d+)", host.text)[0]
        with sitting_at("join", address, home=tmp_path / "two") as guest:
            guest.see("Code:")
            guest.enter(code)
            guest.see("Enter your nickname [pat-2]:")
            guest.enter("")
            guest.see("pat is verified (you both used the code)")
            host.see("pat-2 is verified: you both used the code")


def test_a_name_that_is_taken_leaves_the_invitation(tmp_path: Path) -> None:
    with sitting_at("host", "--host", "127.0.0.1", "--port", "0", home=tmp_path / "one") as host:
        spoken(host)
        address = re.findall(r"Server\s+(127\.0\.0\.1:\d+)", host.text)[0]
        invite = ("invite", "--json", "--name", "pat")
        _, made, _ = run(*invite, "--address", address, home=tmp_path / "one")
        link = json.loads(made)["link"]
        with sitting_at("join", link, home=tmp_path / "two") as guest:
            guest.see("The name pat is taken on this relay")
            guest.enter("Pat")
            guest.see("Enter your nickname [Pat-2]:")
            _, listed, _ = run(*invite, "--list", home=tmp_path / "one")
            assert [each["uses"] for each in json.loads(listed)["invites"]] == [1]
            guest.enter("")
            guest.see_last("pat >")
            guest.enter("hello")
            host.see("Pat-2 (new, asks to talk): hello")
        _, listed, _ = run(*invite, "--list", home=tmp_path / "one")
        assert json.loads(listed)["invites"] == []
        assert [path.name for path in (tmp_path / "two" / "profiles").iterdir()] == ["pat-2"]


def test_leaving_at_the_code_ends_the_command(tmp_path: Path) -> None:
    with sitting_at("join", "127.0.0.1:1", home=tmp_path) as guest:
        guest.see("Code:")
        guest.press(CTRL_C)
        assert guest.finish() == 130


@pytest.mark.parametrize("code", ["7-otter-lime-sofa", "7-ottre-lime", "7ottlimsof"])
def test_a_code_does_not_stand_on_the_command_line(tmp_path: Path, code: str) -> None:
    with sitting_at("join", code, home=tmp_path) as guest:
        guest.see("A code is typed at the prompt, not on the command line")
        assert guest.finish() == 2
