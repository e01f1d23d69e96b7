"""Whom ``securechat listen`` lets know that a message was read."""

import json

import pytest

from tests.processes import running
from tests.sockets.scripting.person import DONE, TIMED_OUT, Person, kinds, unread


def get_acquainted(alice: Person, bob: Person) -> None:
    """Let Bob have keys on the relay, and know Alice, who writes to him."""
    with bob.listening("--from", alice.name, "--count", "1") as listening:
        assert alice.send(bob.name, "-m", "first", "--wait", "delivered")[0] == DONE
        assert listening.finish() == DONE  # who is stopped at the message may show it once more


def test_read_is_said_when_the_reader_wants_that(alice: Person, bob: Person) -> None:
    with bob.listening("--from", alice.name, "--read-receipts") as listening:
        status, stdout, stderr = alice.send(bob.name, "-m", "hello", "--wait", "read", "--json")
        assert (status, stderr) == (DONE, "")
        assert kinds(stdout) == ["sent", "accepted", "delivered", "read"]
        assert listening.expect("message")["id"] == json.loads(stdout.splitlines()[-1])["id"]


@pytest.mark.parametrize("flags", [(), ("--no-read-receipts",)])
def test_nobody_hears_what_was_read_otherwise(
    alice: Person, bob: Person, flags: tuple[str, ...]
) -> None:
    if flags:
        bob.home.mkdir()
        (bob.home / "config.toml").write_text("[client]\nread_receipts = true\n")
    get_acquainted(alice, bob)
    with bob.listening(*flags) as listening:
        status, stdout, stderr = alice.send(
            bob.name, "-m", "hello", "--wait", "read", "--timeout", "3", "--json"
        )
        assert listening.expect("message")["text"] == "hello"
    assert status == TIMED_OUT
    assert kinds(stdout) == ["sent", "accepted", "delivered", "error"]
    assert "not confirmed as read within 3 s" in stderr


def test_the_settings_can_want_it_too(alice: Person, bob: Person) -> None:
    bob.home.mkdir()
    (bob.home / "config.toml").write_text("[client]\nread_receipts = true\n")
    with bob.chatting("--peer", alice.name):
        assert alice.send(bob.name, "-m", "hello", "--wait", "read")[0] == DONE


def test_a_listen_that_ends_at_once_has_said_what_it_has_printed(
    alice: Person, bob: Person
) -> None:
    get_acquainted(alice, bob)
    with running(
        *("listen", "--count", "1", "--read-receipts"), *bob.flags, home=bob.home
    ) as listening:
        assert alice.send(bob.name, "-m", "hello", "--wait", "read")[0] == DONE
        assert listening.finish() == DONE


def test_what_was_kept_unread_is_said_when_it_is_shown(alice: Person, bob: Person) -> None:
    get_acquainted(alice, bob)
    with alice.listening():
        pass  # she has been here, and can be written to
    with alice.sending(bob.name, "-m", "are you there?", "--wait", "read") as sending:
        while not unread(bob):  # it comes while he sends
            assert bob.send(alice.name, "-m", "busy")[0] == DONE
        assert sending.running
        listened = bob.listen("--count", "1", "--read-receipts")
        assert listened[:2] == (DONE, f"{alice.name}: are you there?")
        assert sending.finish() == DONE


def test_a_listener_beside_a_client_says_what_it_has_printed(alice: Person, bob: Person) -> None:
    get_acquainted(alice, bob)
    with bob.chatting(), bob.listening("--read-receipts"):
        assert alice.send(bob.name, "-m", "hello", "--wait", "read")[0] == DONE
