"""``securechat identity``: to another machine and on, as processes."""

import base64
import json
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from securechat.client.backup_file import open_backup
from securechat.client.profile import Profile
from securechat.crypto.passphrase import Passphrase
from securechat.e2e.endpoint import Endpoint
from securechat.identity.names import parse_name
from tests.processes import Client, Relay, chatting, relaying, run

DONE, FAILED, USAGE, REFUSED = 0, 1, 2, 6
VECTORS = Path(__file__).parents[1] / "vectors" / "e2e.json"


@dataclass
class Machines:
    """Alice's machines, the backup that goes from one to the other, and passphrases in files."""

    directory: Path

    @property
    def backup(self) -> Path:
        return self.directory / "alice.backup"

    def home(self, name: str) -> Path:
        return self.directory / name

    def secret(self, text: str) -> str:
        path = self.directory / f"{text.split()[0]}.passphrase"
        path.touch(0o600)
        path.write_text(text)
        return str(path)

    def identity(self, home: str, *words: str) -> tuple[int, str, str]:
        """Run ``securechat identity`` to its end, with nobody at the terminal."""
        return run("identity", *words, home=self.home(home))

    def export(self, home: str, *words: str) -> tuple[int, str, str]:
        new = ("--new-passphrase-file", self.secret("right passphrase"))
        return self.identity(home, "export", str(self.backup), *new, *words)

    def restore(self, home: str, *words: str, passphrase: str = "right passphrase") -> int:
        given = ("--passphrase-file", self.secret(passphrase))
        return self.identity(home, "import", str(self.backup), *given, *words)[0]


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    with relaying(tmp_path_factory.mktemp("relay")) as relay:
        yield relay


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory, relay: Relay) -> Machines:
    """Return machines of which the first, "old", was used, and a backup of it."""
    machines = Machines(tmp_path_factory.mktemp("machines"))
    flags = ("--name", "Zoë", *relay.flags)
    with chatting(machines.home("old"), *flags) as client:
        client.expect("ready")
        status, _, stderr = machines.export("old")
        assert (status, "try: end that one, then the same" in stderr) == (FAILED, True)
        client.ends_typing()
        assert client.finish() == DONE
    status, printed, stderr = machines.export("old")
    assert (status, stderr) == (DONE, "")
    assert "holds the identity of Zoë" in printed
    assert f"securechat identity import {machines.backup}" in printed
    return machines


def seed_of(home: Path, name: str) -> bytes:
    with Profile(home, parse_name(name), tuple) as profile:
        return Endpoint.load(profile.state.load()).user_identity.user_seed


def test_the_file_is_its_owners_alone_and_shows_no_secret(machines: Machines) -> None:
    assert stat.S_IMODE(machines.backup.stat().st_mode) == 0o600
    data = machines.backup.read_bytes()
    seed = seed_of(machines.home("old"), "Zoë")
    forms = [seed, seed[::-1], seed.hex().encode(), seed.hex().upper().encode()]
    forms += [base64.b64encode(b"x" * skipped + seed)[4:-4] for skipped in range(3)]
    forms += ["Zoë".encode(), b"127.0.0.1", b"right passphrase"]
    assert [form for form in forms if form in data] == []


def test_a_file_that_is_there_is_replaced_only_by_force(machines: Machines) -> None:
    before = machines.backup.read_bytes()
    status, printed, stderr = machines.export("old")
    assert (status, printed) == (FAILED, "")
    assert "is there already" in stderr
    assert "--force" in stderr
    assert machines.backup.read_bytes() == before
    assert machines.export("old", "--force")[0] == DONE
    assert machines.backup.read_bytes() != before
    assert list(machines.directory.glob(".*")) == []
    status, _, stderr = machines.identity("old", "export", "--force", str(machines.home("old")))
    assert (status, "a file is replaced with --force" in stderr) == (FAILED, True)


def test_a_profile_that_is_there_is_never_replaced(machines: Machines) -> None:
    before = (machines.home("old") / "profiles" / "zoë" / "state.db").read_bytes()
    given = ("--passphrase-file", machines.secret("right passphrase"))
    status, _, stderr = machines.identity("old", "import", str(machines.backup), *given)
    assert status == FAILED
    assert "There is a profile of Zoë" in stderr
    assert "securechat client --name Zoë, which uses it" in stderr
    assert (machines.home("old") / "profiles" / "zoë" / "state.db").read_bytes() == before


def test_another_name_and_a_passphrase_from_the_first_moment(machines: Machines) -> None:
    flags = ("--passphrase-file", machines.secret("right passphrase"), "--name", "zora")
    new = ("--new-passphrase-file", machines.secret("new passphrase"))
    words = ("import", str(machines.backup), *flags, *new)
    status, printed, stderr = machines.identity("third", *words)
    assert (status, stderr) == (DONE, "")
    assert "knows this identity as Zoë takes no other name" in printed
    assert f"securechat client --name zora --home {machines.home('third')}" in printed
    kept = (machines.home("third") / "profiles" / "zora" / "vault-key").read_bytes()
    assert b'"kept":"passphrase"' in kept
    assert (machines.home("third") / "last-name").read_text() == "zora\n"


def test_what_does_not_open_makes_nothing(machines: Machines) -> None:
    assert machines.restore("fresh", passphrase="wrong passphrase") == REFUSED
    status, _, stderr = machines.identity("fresh", "import", str(machines.backup))
    assert status == REFUSED
    assert "alice.backup opens with a passphrase, and nobody is there to be asked" in stderr
    assert not (machines.home("fresh") / "profiles").exists()


def test_nobody_has_no_backup(machines: Machines) -> None:
    status, _, stderr = machines.export("fresh", "--name", "nobody", "--force")
    assert (status, "There is no profile of nobody" in stderr) == (USAGE, True)
    Profile(machines.home("unused"), parse_name("nobody"), tuple).close()
    status, _, stderr = machines.export("unused", "--name", "nobody", "--force")
    assert (status, "nobody has no identity yet" in stderr) == (USAGE, True)


def test_the_vector_opens_with_its_passphrase() -> None:
    vector = json.loads(VECTORS.read_text(encoding="utf-8"))["backup"]
    passphrase = Passphrase(vector["passphrase"])
    opened = open_backup(bytes.fromhex(vector["file"]), lambda: [passphrase], Path("vector"))
    assert opened.encode().hex() == vector["plaintext"]


def test_on_another_machine_the_same_person_goes_on(relay: Relay, tmp_path: Path) -> None:
    machines = Machines(tmp_path)
    with chatting(tmp_path / "bob", "--name", "bob", *relay.flags) as bob:
        bob.expect("ready")
        with chatting(
            machines.home("old"), "--name", "alice", "--peer", "bob", *relay.flags
        ) as alice:
            alice.types("hello")
            bob.expect("message", text="hello")
            bob.types("/msg alice hello yourself")
            alice.expect("message", text="hello yourself")
            alice.types("/verify", "/trust")
            alice.expect("trust", trust="verified")
            alice.ends_typing()
            assert alice.finish() == DONE
        fingerprint = bob.expect("peer", name="alice")["fingerprint"]
        assert machines.export("old")[0] == DONE
        assert machines.restore("new") == DONE
        with chatting(machines.home("new")) as alice:
            assert alice.expect("ready")["name"] == "alice"
            talk(alice, bob)
            assert alice.expect("peer", name="bob")["trust"] == "verified"
        for client in (bob, alice):
            client.close()
            assert [event for event in client.read_rest() if event["event"] == "key-changed"] == []
    with chatting(tmp_path / "bob", "--name", "bob", "--peer", "alice") as bob:
        assert bob.expect("peer", name="alice")["fingerprint"] == fingerprint


def talk(alice: Client, bob: Client) -> None:
    alice.types("/msg bob from the new device")
    message = bob.expect("message", text="from the new device")
    assert (message["from"], message["e2e"]) == ("alice", True)
    bob.types("/msg alice welcome back")
    assert alice.expect("message", text="welcome back")["verified"]
    bob.expect("delivered")
