"""``securechat identity``: to another machine and on, as processes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from securechat.cli.identity import export_identity, import_identity
from tests.processes import Client, chatting, relaying, run
from tests.pure.crypto.cheap_keys import make_keys_cheap

DONE, REFUSED = 0, 6


def secret(directory: Path) -> Path:
    """Return a file with a passphrase."""
    path = directory / "passphrase"
    path.touch(0o600)
    path.write_text("the right passphrase")
    return path


def test_on_another_machine_the_same_person_goes_on(tmp_path: Path) -> None:
    backup, passphrase = str(tmp_path / "backup"), str(secret(tmp_path))
    with met(tmp_path) as bob:
        words = ("export", backup, "--new-passphrase-file", passphrase)
        assert run("identity", *words, home=tmp_path / "old")[0] == DONE
        bob.types("/msg alice written in between")
        bob.expect("accepted")
        words = ("import", backup, "--passphrase-file", passphrase)
        assert run("identity", *words, home=tmp_path / "new")[0] == DONE
        with chatting(tmp_path / "new") as alice:
            assert alice.expect("ready")["name"] == "alice"
            talk(alice, bob)
            alice.expect("message", text="written in between")
            assert alice.expect("peer", name="bob")["trust"] == "verified"
        for client in (bob, alice):
            client.close()
            assert [event for event in client.read_rest() if event["event"] == "key-changed"] == []


def test_a_person_is_on_the_machine_that_logged_in_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lost one that turns up, and a second one from a backup that has grown old."""
    make_keys_cheap(monkeypatch)
    backup, passphrase = tmp_path / "backup", secret(tmp_path)
    with met(tmp_path) as bob:
        export_identity(backup, "alice", tmp_path / "old", None, passphrase)
        for home in ("new", "newer"):
            import_identity(backup, None, tmp_path / home, passphrase)
        with chatting(tmp_path / "new") as alice:
            talk(alice, bob)
            with chatting(tmp_path / "old") as again:
                again.expect("device-renewed")
                talk(again, bob)
                assert "somewhere else" in alice.expect("error", code="login-refused")["message"]
                assert alice.finish() == REFUSED
        with chatting(tmp_path / "newer") as alice:
            alice.expect("device-renewed")
            talk(alice, bob)


@contextmanager
def met(directory: Path) -> Iterator[Client]:
    """Provide Bob after he has talked with Alice, who has verified him."""
    with (
        relaying(directory / "relay") as relay,
        chatting(directory / "bob", "--name", "bob", *relay.flags) as bob,
    ):
        bob.expect("ready")
        with chatting(directory / "old", "--name", "alice", "--peer", "bob", *relay.flags) as alice:
            alice.types("hello")
            bob.expect("message", text="hello")
            bob.types("/msg alice hello yourself")
            alice.expect("message", text="hello yourself")
            bob.expect("delivered")
            alice.types("/verify", "/trust")
            alice.expect("trust", trust="verified")
            alice.ends_typing()
            assert alice.finish() == DONE
        bob.expect("accepted")
        yield bob


def talk(alice: Client, bob: Client) -> None:
    """Let both write to one another; Bob hears of Alice's new device first."""
    alice.types("/msg bob from the new device")
    assert bob.expect("devices-changed")["trust"] == "new"
    message = bob.expect("message", text="from the new device")
    assert (message["from"], message["e2e"]) == ("alice", True)
    bob.types("/msg alice welcome back")
    assert alice.expect("message", text="welcome back")["verified"]
    bob.expect("delivered")
