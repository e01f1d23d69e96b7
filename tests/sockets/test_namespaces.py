"""Two machines, as far as the kernel can tell: clients in two network namespaces, one relay."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from securechat.transport.issuing import issue
from tests.namespaces import Machines, two_machines
from tests.processes import Relay, chatting, relaying, run

UNTRUSTED = 4


@pytest.fixture(scope="module")
def machines() -> Iterator[Machines]:
    with two_machines() as found:
        yield found


@pytest.fixture(scope="module", params=["ipv4", "ipv6"])
def relay(
    request: pytest.FixtureRequest, machines: Machines, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Relay]:
    """A relay on the first machine, on its address of one family."""
    host = getattr(machines, request.param)[0]
    directory = tmp_path_factory.mktemp(request.param)
    with relaying(
        directory, "--host", host, "--registration", "open", prefix=machines.inside(0)
    ) as relay:
        assert relay.ready["host"] == host
        yield relay


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
