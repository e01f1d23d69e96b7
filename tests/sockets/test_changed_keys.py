"""Somebody comes with another key: the chat stays open, and the user decides."""

import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.processes import Client, chatting, relaying, run

UNTRUSTED = 4


@contextmanager
def changed(
    directory: Path, *before: str, env: Mapping[str, str] | None = None
) -> Iterator[tuple[Client, Client]]:
    """Provide Alice and a Bob who has begun anew; ``before`` is what she typed to the old one.

    The relay has forgotten everybody in between.
    """
    peer = ("--name", "alice", "--peer", "bob")
    with relaying(directory) as relay:
        with (
            chatting(directory / "alice", *peer, *relay.flags) as alice,
            chatting(directory / "bob", "--name", "bob", *relay.flags) as bob,
        ):
            bob.expect("ready")
            alice.expect("peer")
            alice.types(*before, "/who")
            alice.expect("people")
            alice.ends_typing()
            assert alice.finish() == 0
        port = relay.port
    with (
        relaying(directory, "--data", str(directory / "emptied"), port=port) as relay,
        chatting(directory / "mallory", "--name", "bob", *relay.flags) as bob,
    ):
        bob.expect("ready")
        with chatting(directory / "alice", *peer, *relay.flags, env=env) as alice:
            alice.expect("key-changed", accepted=bool(env))
            yield alice, bob


def test_a_new_key_is_accepted_and_the_chat_goes_on(tmp_path: Path) -> None:
    with changed(tmp_path) as (alice, bob):
        bob.types("/msg alice it is me, on a new device")
        refused = alice.expect("error", code="key-changed")
        assert "set aside until you accept it" in refused["message"]
        alice.types("/accept-key")
        trust = alice.expect("trust", name="bob", trust="new", reason="accepted")
        message = alice.expect("message", text="it is me, on a new device")
        assert (message["trust"], message["verified"]) == ("new", False)
        assert alice.expect("peer")["fingerprint"] == trust["fingerprint"]
        alice.types("welcome back")
        assert bob.expect("message")["text"] == "welcome back"
        alice.expect("accepted")
        alice.ends_typing()
        assert alice.finish() == 0


@pytest.mark.parametrize("is_killed", [False, True])
def test_what_a_new_key_has_written_waits_for_the_next_session(
    is_killed: bool, tmp_path: Path
) -> None:
    with changed(tmp_path) as (alice, bob):
        bob.types("/msg alice it is me", "on a new device")
        bob.expect("accepted")
        bob.expect("accepted")
        alice.expect("error", code="key-changed")
        if is_killed:
            alice.signal(signal.SIGKILL)
            alice.finish()
        else:
            alice.ends_typing()
            assert "from the new key of bob: set aside" in str(alice.read_rest())
            assert alice.finish() == UNTRUSTED
        with chatting(tmp_path / "alice", "--name", "alice", "--peer", "bob") as again:
            again.expect("ready")
            again.types("/accept-key")
            again.expect("message", text="it is me")
            again.expect("message", text="on a new device")
            bob.expect("delivered")


def test_a_new_key_of_somebody_verified_has_to_be_compared(tmp_path: Path) -> None:
    with changed(tmp_path, "/verify", "/trust") as (alice, bob):
        alice.types("/accept-key", "/trust", "/verify")
        assert "only comparing them again" in alice.expect("error")["message"]
        assert "were not shown yet" in alice.expect("error", code="usage")["message"]
        digits = alice.expect("safety-number", trust="CHANGED")["digits"]
        bob.types("/verify alice")
        assert bob.expect("safety-number")["digits"] == digits
        alice.types("/trust")
        alice.expect("trust", trust="verified", reason="compared")
        alice.expect("peer", trust="verified")
        alice.types("good to have compared")
        assert bob.expect("message")["text"] == "good to have compared"


def test_a_plain_chat_stays_open_too_and_says_it_with_its_exit_status(tmp_path: Path) -> None:
    with changed(tmp_path) as (alice, _):
        alice.ends_typing()
        assert alice.finish() == UNTRUSTED
        command = ("client", "--plain", "--name", "alice", "--peer", "bob")
        status, stdout, stderr = run(*command, home=tmp_path / "alice", stdin="hello\n/contacts")
        assert status == UNTRUSTED
        assert "[WARNING] THE KEY OF bob HAS CHANGED." in stdout
        assert "bob (CHANGED), key " in stdout
        assert "[Problem] The key of bob has CHANGED; not sent: hello. Try: ask bob" in stderr
        assert "try: securechat client --peer bob" in stderr


def test_who_runs_unattended_takes_a_new_key_and_says_so(tmp_path: Path) -> None:
    notify = {"SECURECHAT_ON_KEY_CHANGE": "notify"}
    with changed(tmp_path, env=notify) as (alice, bob):
        trust = alice.expect("trust", name="bob", reason="accepted", by_itself=True)
        assert alice.expect("peer", fingerprint=trust["fingerprint"])
        alice.types("to whoever bob is now")
        assert bob.expect("message")["text"] == "to whoever bob is now"
        alice.expect("accepted")
        alice.ends_typing()
        assert alice.finish() == 0


def test_what_else_it_could_be_set_to_is_said(tmp_path: Path) -> None:
    command = ("client", "--json", "--name", "alice", "--on-key-change", "sometimes")
    status, _, stderr = run(*command, home=tmp_path)
    assert status == 2
    assert "'sometimes' is not one of 'block', 'notify'" in stderr
