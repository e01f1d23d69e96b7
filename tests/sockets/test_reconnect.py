"""What breaks and comes back: a relay killed and started again, a client killed, a copy of one."""

import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.processes import Client, Relay, chatting, relaying, run

BACK_WITHIN_S = 5.0
"""Clients are this far apart from their next attempt at most, in the first minute."""

IDLE_STOP_S = 2.0


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    with relaying(tmp_path_factory.mktemp("relay")) as relay:
        yield relay


@contextmanager
def talking(relay: Relay, tmp_path: Path) -> Iterator[tuple[Client, Client]]:
    """Run alice and bob, who have written to each other."""
    with ExitStack() as stack:
        alice, bob = (
            stack.enter_context(chatting(tmp_path / me, "--name", me, "--peer", you, *relay.flags))
            for me, you in (("alice", "bob"), ("bob", "alice"))
        )
        for sender, recipient in ((alice, bob), (bob, alice)):
            sender.types("hello")
            recipient.expect("message", text="hello")
        yield alice, bob


def test_a_killed_relay_comes_back_and_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    typed = [f"while it was away {number}" for number in range(5)]
    with relaying(tmp_path) as relay, talking(relay, tmp_path) as (alice, bob):
        relay.process.signal(signal.SIGKILL)
        assert relay.process.finish() == 128 + signal.SIGKILL
        for client in (alice, bob):
            assert client.expect("offline")["retry_ms"] <= BACK_WITHIN_S * 1000
        alice.types(*typed)
        bob.types("from bob")
        with relaying(tmp_path, port=relay.port):
            came_back_by = time.monotonic() + BACK_WITHIN_S
            for client in (alice, bob):
                client.expect("ready", came_back_by - time.monotonic(), again=True)
            alice.expect("message", text="from bob")
            alice.types("after")
            bob.expect("message", text="after")
            for client in (alice, bob):
                client.ends_typing()
                assert client.finish() == 0
            messages = [e["text"] for e in bob.read_rest() if e["event"] == "message"]
            assert messages == typed
            assert [e for e in alice.read_rest() if e["event"] == "message"] == []


def test_a_relay_that_is_told_to_stop_tells_its_clients(tmp_path: Path) -> None:
    with relaying(tmp_path) as relay, talking(relay, tmp_path) as (alice, bob):
        relay.process.signal(signal.SIGTERM)
        assert relay.process.finish(IDLE_STOP_S) == 0
        assert relay.process.stderr == ""
        assert relay.process.read_rest()[-1]["event"] == "stopped"
        for client in (alice, bob):
            offline = client.expect("offline")
            assert "the relay is stopping" in offline["message"]
            assert offline["retry_ms"] > 0
        with relaying(tmp_path, port=relay.port):
            alice.types("are you back?")
            bob.expect("message", text="are you back?")


def test_a_killed_client_finds_what_came_meanwhile(relay: Relay, tmp_path: Path) -> None:
    with talking(relay, tmp_path) as (alice, bob):
        bob.expect("delivered")
        alice.signal(signal.SIGKILL)
        alice.finish()
        bob.expect("presence", name="alice", online=False)
        bob.types("one", "two")
        with chatting(tmp_path / "alice", "--peer", "bob") as alice:
            for text in ("one", "two"):
                assert "missing" not in alice.expect("message", text=text)
            alice.types("I was away")
            bob.expect("message", text="I was away")
            alice.ends_typing()
            assert alice.finish() == 0
            assert [e for e in alice.read_rest() if e["event"] == "message"] == []


def test_a_profile_serves_one_client(relay: Relay, tmp_path: Path) -> None:
    with chatting(tmp_path, "--name", "carol", *relay.flags) as carol:
        carol.expect("ready")
        status, _, stderr = run("client", "--json", "--name", "Carol", *relay.flags, home=tmp_path)
        assert status == 1
        assert "open in another securechat command" in stderr
        assert "try: close that one, or: securechat client --name" in stderr
        assert "Traceback" not in stderr
        carol.types("/who")
        carol.expect("room-people")


def test_a_copied_device_cannot_be_there_twice(relay: Relay, tmp_path: Path) -> None:
    with chatting(tmp_path / "dora", "--name", "dora", *relay.flags) as dora:
        dora.expect("ready")
        sockets = shutil.ignore_patterns("socket")
        shutil.copytree(tmp_path / "dora", tmp_path / "copy", ignore=sockets)
        with chatting(tmp_path / "copy") as copy:
            copy.expect("ready", name="dora")
            assert dora.finish() == 6
            assert "somewhere else" in dora.stderr
            assert "try: close the other client; then" in dora.stderr
