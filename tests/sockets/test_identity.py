"""``securechat identity``: to another machine and on, as processes."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from securechat.client.backup_file import open_backup
from securechat.crypto.passphrase import Passphrase
from tests.processes import Client, chatting, relaying, run

DONE, REFUSED = 0, 6
VECTORS = Path(__file__).parents[1] / "vectors" / "e2e.json"


def secret(directory: Path) -> str:
    """Return a file with a passphrase."""
    path = directory / "passphrase"
    path.touch(0o600)
    path.write_text("the right passphrase")
    return str(path)


def restore(directory: Path, home: str) -> int:
    """Import Alice's backup in a new home; return the exit status."""
    words = ("import", str(directory / "backup"), "--passphrase-file", secret(directory))
    return run("identity", *words, home=directory / home)[0]


def test_the_vector_opens_with_its_passphrase() -> None:
    vector = json.loads(VECTORS.read_text(encoding="utf-8"))["backup"]
    passphrase = Passphrase(vector["passphrase"])
    opened = open_backup(bytes.fromhex(vector["file"]), lambda: [passphrase], Path("vector"))
    assert opened.encode().hex() == vector["plaintext"]


def test_on_another_machine_the_same_person_goes_on(tmp_path: Path) -> None:
    with met(tmp_path) as bob:
        bob.types("/msg alice written in between")
        bob.expect("accepted")
        assert restore(tmp_path, "new") == DONE
        with chatting(tmp_path / "new") as alice:
            assert alice.expect("ready")["name"] == "alice"
            talk(alice, bob)
            alice.expect("message", text="written in between")
            assert alice.expect("peer", name="bob")["trust"] == "verified"
        for client in (bob, alice):
            client.close()
            assert [event for event in client.read_rest() if event["event"] == "key-changed"] == []


def test_a_person_is_on_the_machine_that_logged_in_last(tmp_path: Path) -> None:
    """The lost one that turns up, and a second one from a backup that has grown old."""
    with met(tmp_path) as bob:
        assert restore(tmp_path, "new") == restore(tmp_path, "newer") == DONE
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
    """Provide Bob after he has talked with Alice, who has verified him and made a backup."""
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
        words = ("export", str(directory / "backup"), "--new-passphrase-file", secret(directory))
        assert run("identity", *words, home=directory / "old")[0] == DONE
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
