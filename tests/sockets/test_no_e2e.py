"""``--no-e2e`` between real processes: it takes both sides, and never comes after encryption."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.processes import Client, Relay, chatting, relaying, run


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    with relaying(tmp_path_factory.mktemp("relay")) as relay:
        yield relay


def begin(stack: ExitStack, relay: Relay, home: Path, me: str, you: str, *flags: str) -> Client:
    return stack.enter_context(
        chatting(home / me, "--name", me, "--peer", you, *flags, *relay.flags)
    )


def test_both_want_it(relay: Relay, tmp_path: Path) -> None:
    with ExitStack() as stack:
        alice = begin(stack, relay, tmp_path, "alice", "bob", "--no-e2e")
        bob = begin(stack, relay, tmp_path, "bob", "alice", "--no-e2e")
        for client in (alice, bob):
            assert client.expect("encryption")["e2e"] is False
        message_id = alice.send("for all to see")["id"]
        assert bob.expect("message", text="for all to see")["e2e"] is False
        alice.expect("delivered", id=message_id)


def test_one_of_them_wants_it_and_later_the_other_too(relay: Relay, tmp_path: Path) -> None:
    with ExitStack() as stack:
        carol = begin(stack, relay, tmp_path, "carol", "dave", "--no-e2e")
        dave = begin(stack, relay, tmp_path, "dave", "carol")
        assert carol.expect("encryption") == {
            "v": 1,
            "event": "encryption",
            "name": "dave",
            "e2e": True,
            "once": False,
        }
        carol.send("secret")
        assert dave.expect("message", text="secret")["e2e"] is True
    with ExitStack() as stack:
        carol = begin(stack, relay, tmp_path, "carol", "dave", "--no-e2e")
        dave = begin(stack, relay, tmp_path, "dave", "carol", "--no-e2e")
        for client, other in ((carol, dave), (dave, carol)):
            found = client.expect("encryption")
            assert (found["e2e"], found["once"]) == (True, True)
            client.send("still secret")
            assert other.expect("message", text="still secret")["e2e"] is True


def test_it_is_for_one_person(relay: Relay, tmp_path: Path) -> None:
    status, _, err = run("client", "--name", "erin", "--no-e2e", *relay.flags, home=tmp_path)
    assert status == 2
    assert "try: securechat client --no-e2e --peer NAME" in err
