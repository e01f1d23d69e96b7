"""Invitations, as the commands make and use them: on one machine, and between two."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from securechat.client.connection.invite_link import (
    InviteLink,
    InviterHint,
    InviteToken,
    parse_link,
    relay_hint,
)
from securechat.identity.types import Name
from securechat.transport.endpoint import Endpoint
from securechat.transport.pins import parse_pin
from tests.namespaces import Machines, two_machines
from tests.processes import Client, JsonProcess, Relay, chatting, relaying, run

DONE, USAGE, UNTRUSTED, REFUSED = 0, 2, 4, 6


@pytest.fixture(scope="module")
def machines() -> Iterator[Machines]:
    with two_machines() as found:
        yield found


@pytest.fixture(scope="module")
def relay(machines: Machines, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    """A relay on the first machine, for that one and the network, which lets in the invited."""
    directory = tmp_path_factory.mktemp("relay")
    with relaying(directory, "--host", "0.0.0.0", prefix=machines.inside(0)) as relay:
        assert relay.ready["registration"] == "invite"
        yield relay


@dataclass(frozen=True)
class Person:
    """Somebody on a machine, with a home of their own."""

    name: str
    home: Path
    prefix: tuple[str, ...]

    def runs(self, *arguments: str) -> tuple[int, str, str]:
        """Run a command of theirs to its end."""
        return run(*arguments, "--name", self.name, home=self.home, prefix=self.prefix)

    def invites(self, *flags: str) -> str:
        """Make an invitation; return its link."""
        status, stdout, stderr = self.runs("invite", "--json", *flags)
        assert (status, stderr) == (DONE, "")
        link = json.loads(stdout)["link"]
        assert isinstance(link, str)
        return link


@pytest.fixture(scope="module")
def alice(machines: Machines, relay: Relay, tmp_path_factory: pytest.TempPathFactory) -> Person:
    return near("alice", machines, relay, tmp_path_factory.mktemp("alice"))


def near(name: str, machines: Machines, relay: Relay, home: Path) -> Person:
    """Return somebody at the relay's own machine, who needs no invitation."""
    person = Person(name, home, machines.inside(0))
    here = f"127.0.0.1:{relay.port}"
    status, _, stderr = person.runs("client", "--json", "--server", here, "--ca", str(relay.ca))
    assert (status, stderr) == (DONE, "")
    return person


def elsewhere(machines: Machines, directory: Path, name: str) -> Person:
    """Return somebody at the other machine, where nothing is known of the relay."""
    return Person(name, directory / name, machines.inside(1))


def joining(person: Person, link: str) -> JsonProcess:
    """Start ``join LINK --json``."""
    arguments = ("join", link, "--json", "--name", person.name)
    return Client(arguments, person.home, prefix=person.prefix)


def test_somebody_comes_with_a_link_and_they_chat(
    machines: Machines, relay: Relay, alice: Person, tmp_path: Path
) -> None:
    bob = elsewhere(machines, tmp_path, "bob")
    with chatting(
        alice.home, "--name", "alice", "--peer", "bob", "--ca", str(relay.ca), prefix=alice.prefix
    ) as chat:
        chat.expect("ready")
        link = alice.invites()  # beside her running client, which does not show it
        assert parse_link(link).address == (machines.ipv4[0], relay.port)
        joined = joining(bob, link)
        try:
            joined.expect("ready", name="bob")
            joined.expect("peer", name="alice", trust="new")
            joined.types("over the cable")
            assert chat.expect("message")["text"] == "over the cable"
            chat.types("and back")
            assert joined.expect("message")["text"] == "and back"
            joined.ends_typing()
            assert joined.finish() == DONE
        finally:
            joined.close()
        chat.ends_typing()
        assert chat.finish() == DONE
        assert not [event for event in chat.read_rest() if event["event"] == "invite"]
    status, _, stderr = bob.runs("client", "--json")  # who is in stays in
    assert (status, stderr) == (DONE, "")


def test_nobody_comes_without_an_invitation(
    machines: Machines, relay: Relay, alice: Person, tmp_path: Path
) -> None:
    server = ("--server", f"{machines.ipv4[0]}:{relay.port}", "--pin", relay.ready["pin"])
    status, _, stderr = elsewhere(machines, tmp_path, "carol").runs("client", "--json", *server)
    assert status == REFUSED
    assert "by invitation only" in stderr
    assert "try: ask somebody there for: securechat invite" in stderr


def test_an_invitation_is_used_up(machines: Machines, relay: Relay, tmp_path: Path) -> None:
    erin = near("erin", machines, relay, tmp_path / "erin")
    link = erin.invites("--uses", "2")
    for name, status in (("first", DONE), ("second", DONE), ("third", REFUSED)):
        person = elsewhere(machines, tmp_path, name)
        found, _, stderr = person.runs("join", link, "--json")
        assert found == status, stderr
    assert "has expired, or was used or taken back" in stderr
    assert erin.runs("invite", "--list")[1] == "No invitation of yours can be used."


def test_a_link_to_where_the_relay_does_not_listen_is_made_with_a_warning(
    machines: Machines, tmp_path: Path
) -> None:
    inside = machines.inside(0)
    with relaying(tmp_path / "relay", prefix=inside) as relay:
        gus = Person("gus", tmp_path / "gus", inside)
        assert gus.runs("client", "--json", *relay.flags)[0] == DONE
        status, _, stderr = gus.runs("invite", "--json")
        assert (status, "Nobody can use this link now" in stderr) == (DONE, True)
        assert f"securechat server --host 0.0.0.0 --port {relay.port}" in stderr
        status, _, stderr = gus.runs("invite", "--json", "--address", relay.address)
        assert (status, stderr) == (DONE, "")


def test_a_name_that_is_taken_leaves_the_invitation(
    machines: Machines, relay: Relay, alice: Person, tmp_path: Path
) -> None:
    link = alice.invites("--uses", "2")
    assert elsewhere(machines, tmp_path, "frank").runs("join", link, "--json")[0] == DONE
    other = Person("frank", tmp_path / "other", machines.inside(1))
    status, _, stderr = other.runs("join", link, "--json")
    assert status == REFUSED
    assert "--name ANOTHER-NAME" in stderr
    assert Person("frankie", other.home, other.prefix).runs("join", link, "--json")[0] == DONE


def test_an_invitation_is_taken_back(machines: Machines, relay: Relay, tmp_path: Path) -> None:
    grace = near("grace", machines, relay, tmp_path / "grace")
    link = grace.invites("--expires", "30m")
    (listed,) = json.loads(grace.runs("invite", "--list", "--json")[1])["invites"]
    assert listed["uses"] == 1
    status, stdout, _ = grace.runs("invite", "--revoke", listed["id"])
    assert (status, stdout) == (DONE, "No invitation of yours can be used.")
    assert elsewhere(machines, tmp_path, "late").runs("join", link, "--json")[0] == REFUSED
    status, _, stderr = grace.runs("invite", "--revoke", listed["id"])
    assert status == USAGE
    assert "try: securechat invite --list" in stderr


def test_another_relay_at_the_address_of_a_link_is_not_trusted(
    machines: Machines, alice: Person, tmp_path: Path
) -> None:
    flags = ("--host", machines.ipv4[0])
    with relaying(tmp_path / "mallory", *flags, prefix=machines.inside(0)) as mallory:
        link = alice.invites("--address", mallory.address)
        status, _, stderr = elsewhere(machines, tmp_path, "dan").runs("join", link, "--json")
        assert status == UNTRUSTED
        assert f"it shows {mallory.ready['fingerprint']}" in stderr
        assert "try: ask alice for a new link" in stderr
        assert not [event for event in mallory.process.unread if event["event"] == "joined"]


def test_a_link_does_not_overrule_who_is_known(
    machines: Machines, relay: Relay, alice: Person, tmp_path: Path
) -> None:
    heidi = elsewhere(machines, tmp_path, "heidi")
    link = parse_link(alice.invites())
    joined = joining(heidi, link.text)
    try:
        joined.expect("peer", name="alice")
    finally:
        joined.close()
    status, _, stderr = heidi.runs(
        "join", replace(link, inviter_hint=InviterHint(b"m" * 16)).text, "--json"
    )
    assert status == UNTRUSTED
    assert "alice is known here with another key than the link says" in stderr
    assert "/verify alice" in stderr


def test_a_link_does_not_overrule_which_relay_is_known(machines: Machines, tmp_path: Path) -> None:
    ivan, host = elsewhere(machines, tmp_path, "ivan"), machines.ipv4[0]
    flags = ("--host", host, "--registration", "open")
    with relaying(tmp_path / "first", *flags, prefix=machines.inside(0)) as first:
        server = ("--server", first.address, "--pin", first.ready["pin"])
        assert ivan.runs("client", "--json", *server)[0] == DONE
    with relaying(
        tmp_path / "second", *flags, port=first.port, prefix=machines.inside(0)
    ) as second:
        link = InviteLink(
            Endpoint(host, second.port),
            InviteToken(bytes(16)),
            relay_hint(parse_pin(second.ready["pin"])),
            InviterHint(bytes(16)),
            Name("alice"),
        )
        status, _, stderr = ivan.runs("join", link.text, "--json")
    assert status == UNTRUSTED
    assert f"was {first.ready['fingerprint']} before" in stderr
    assert f"--pin {second.ready['pin']}" in stderr


def test_the_link_for_people_is_the_first_line(alice: Person) -> None:
    status, stdout, stderr = alice.runs("invite")
    link, works, back = stdout.splitlines()
    assert (status, stderr) == (DONE, "")
    assert parse_link(link).name == "alice"
    assert works.startswith("It works once, until ")
    assert works.endswith("There: securechat join LINK")
    assert back.startswith("To take it back: securechat invite --revoke ")


@pytest.mark.parametrize(
    ("arguments", "cause"),
    [
        (("invite", "--expires", "soon"), "'soon' is no time of at most 30 days"),
        (("invite", "--expires", "31d"), "'31d' is no time"),
        (("invite", "--expires", "0m"), "'0m' is no time"),
        (("invite", "--address", "fe80::1%eth0"), "Not a host for a certificate"),
        (("invite", "--list", "--uses", "2"), "--uses is for a new invitation"),
        (("invite", "--list", "--revoke", "00000000"), "--revoke and --list are two things"),
        (("join", "securechat://10.231.57.1:5555/j/AA#BB"), "no invitation link"),
    ],
)
def test_what_is_wrong_is_said(alice: Person, arguments: tuple[str, ...], cause: str) -> None:
    status, _, stderr = alice.runs(*arguments)
    assert status == USAGE
    assert cause in stderr
    assert "  try: " in stderr
