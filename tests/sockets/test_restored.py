"""Bob's home is copied aside, used on, and the copy put back: an older state over a newer one."""

import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.processes import Client, Relay, chatting, relaying, run


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[Relay]:
    with relaying(tmp_path) as relay:
        yield relay


@contextmanager
def bob_at(relay: Relay, directory: Path) -> Iterator[Client]:
    flags = ("--name", "bob", "--peer", "alice", *relay.flags)
    with chatting(directory / "bob", *flags) as bob:
        yield bob


@contextmanager
def alice_at(relay: Relay, directory: Path) -> Iterator[Client]:
    flags = ("--name", "alice", "--peer", "bob", *relay.flags)
    with chatting(directory / "alice", *flags) as alice:
        yield alice


def leave(client: Client) -> None:
    """Let a client end in order."""
    client.ends_typing()
    assert client.finish() == 0


def copy_aside(directory: Path) -> None:
    is_left = shutil.ignore_patterns("socket")
    shutil.copytree(directory / "bob", directory / "copy", ignore=is_left)


def put_back(directory: Path) -> None:
    shutil.rmtree(directory / "bob")
    shutil.copytree(directory / "copy", directory / "bob")


def say(sender: Client, recipient: Client, text: str, answer: str | None = None) -> None:
    """Let a text be written and read, and maybe answered, and the receipts come."""
    said = [(sender, recipient, text)]
    if answer is not None:
        said.append((recipient, sender, answer))
    for author, reader, words in said:
        author.types(words)
        reader.expect("message", text=words)
    for author, _, _ in said:
        author.expect("delivered")


def texts_of(client: Client) -> list[str]:
    """Return the texts that a client has printed and that nobody has used up."""
    return [event["text"] for event in client.read_rest() if event["event"] == "message"]


def test_a_copy_put_back_is_noticed_and_the_chat_goes_on(relay: Relay, tmp_path: Path) -> None:
    with alice_at(relay, tmp_path) as alice:
        with bob_at(relay, tmp_path) as bob:
            say(alice, bob, "before the copy", "yes")
            leave(bob)
        copy_aside(tmp_path)
        with bob_at(relay, tmp_path) as bob:
            say(bob, alice, "after the copy", "yes, after it")
            leave(bob)
        alice.types("while you were away")
        alice.expect("accepted")
        put_back(tmp_path)
        with bob_at(relay, tmp_path) as bob:
            renewed = bob.expect("device-renewed")
            bob.expect("ready")
            assert alice.expect("devices-changed") == {
                "v": 1,
                "event": "devices-changed",
                "name": "bob",
                "trust": "new",
            }
            bob.expect("message", text="while you were away")
            say(bob, alice, "from the new device", "to the new device")
            leave(bob)
            assert texts_of(bob) == []
        with bob_at(relay, tmp_path) as bob:
            bob.expect("ready")
            say(alice, bob, "for good")
            leave(bob)
            kinds = {event["event"] for event in bob.read_rest()}
            assert not kinds & {"device-renewed", "message", "error"}
        leave(alice)
        rest = alice.read_rest()
        kinds = {event["event"] for event in rest}
        assert not kinds & {"devices-changed", "message", "error", "key-changed"}
    assert len(renewed["device"]) == 32


def test_send_from_a_copy_says_so_and_sends(relay: Relay, tmp_path: Path) -> None:
    send = ("send", "alice", "--name", "bob", "--wait", "delivered", *relay.flags)
    with alice_at(relay, tmp_path) as alice:
        with bob_at(relay, tmp_path) as bob:
            say(alice, bob, "hello")
            leave(bob)
        copy_aside(tmp_path)
        assert run(*send, "-m", "from the newer state", home=tmp_path / "bob") == (0, "", "")
        put_back(tmp_path)
        status, stdout, stderr = run(*send, "-m", "from the copy", home=tmp_path / "bob")
        assert (status, stdout) == (0, "")
        assert "goes on as a new device" in stderr
        leave(alice)
        assert texts_of(alice) == ["from the newer state", "from the copy"]


def test_a_copy_that_is_used_beside_the_other_sends_it_away(relay: Relay, tmp_path: Path) -> None:
    with alice_at(relay, tmp_path) as alice, bob_at(relay, tmp_path) as bob:
        say(bob, alice, "hello")
        leave(bob)
        copy_aside(tmp_path)
        with bob_at(relay, tmp_path) as used:
            say(used, alice, "from the one")
            with chatting(tmp_path / "copy", "--name", "bob", *relay.flags) as copy:
                copy.expect("device-renewed")
                copy.expect("ready")
                refused = used.expect("error", code="login-refused")
                assert "logged in somewhere else" in refused["message"]
                copy.types("/msg alice from the other")
                alice.expect("message", text="from the other")
                leave(copy)


def test_what_the_copy_had_sealed_is_sent_once(relay: Relay, tmp_path: Path) -> None:
    """The relay is held while Bob seals a text, so that his state waits for its answer."""
    with alice_at(relay, tmp_path) as alice:
        with bob_at(relay, tmp_path) as bob:
            say(alice, bob, "hello")
            relay.process.signal(signal.SIGSTOP)
            sealed = bob.send("sealed")
            bob.signal(signal.SIGKILL)
            bob.finish()
        copy_aside(tmp_path)
        relay.process.signal(signal.SIGCONT)
        with bob_at(relay, tmp_path) as bob:
            alice.expect("message", text="sealed", id=sealed["id"])
            say(bob, alice, "and more")
            leave(bob)
        put_back(tmp_path)
        with bob_at(relay, tmp_path) as bob:
            bob.expect("device-renewed")
            bob.expect("delivered", id=sealed["id"])
            say(bob, alice, "at last")
            leave(bob)
        leave(alice)
        rest = alice.read_rest()
        assert [event for event in rest if event["event"] in {"message", "error"}] == []
