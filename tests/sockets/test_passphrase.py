"""``securechat passphrase`` and the profiles that it has changed, as processes."""

import re
import secrets
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from securechat.cli.passphrase_input import read_new_passphrase
from securechat.errors import UsageError
from tests.processes import Relay, chatting, relaying, run, running
from tests.sockets.fake_keyring import PLACE

DONE, FAILED, USAGE, REFUSED = 0, 1, 2, 6

SENTENCE = re.compile(
    r"The key to what securechat keeps for (?P<name>\S+) is in a file that only you can read;"
    r" to put it under a passphrase: securechat passphrase set --name (?P=name)( --home \S+)?\n"
)


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    with relaying(tmp_path_factory.mktemp("relay")) as relay:
        yield relay


class Alice:
    """A home with a name of its own, and files beside it with passphrases."""

    def __init__(self, directory: Path) -> None:
        self.home = directory / "home"
        self.name = f"alice-{secrets.token_hex(4)}"
        self.key = self.home / "profiles" / self.name / "vault-key"
        self.old = self._write(directory / "old", "the old passphrase")
        self.new = self._write(directory / "new", "Grüße an alle\r\nand a second line")
        self.ring = directory / "keyring"

    def passphrase(self, *arguments: str | Path, **env: str) -> tuple[int, str, str]:
        """Run ``securechat passphrase`` to its end, with nobody at the terminal."""
        words = map(str, arguments)
        return run("passphrase", *words, "--name", self.name, home=self.home, env=env)

    def flags(self, relay: Relay, *more: str | Path) -> tuple[str, ...]:
        return ("--name", self.name, *relay.flags, *map(str, more))

    @property
    def keyring(self) -> dict[str, str]:
        backend = "tests.sockets.fake_keyring.FileKeyring"
        return {"PYTHON_KEYRING_BACKEND": backend, PLACE: str(self.ring)}

    @staticmethod
    def _write(path: Path, text: str) -> Path:
        path.touch(0o600)
        path.write_text(text, newline="")
        return path


@pytest.fixture
def alice(tmp_path: Path) -> Alice:
    return Alice(tmp_path)


def test_the_first_start_says_once_where_the_key_is(relay: Relay, alice: Alice) -> None:
    flags = alice.flags(relay)
    for command, times in (("client", 1), ("client", 0), ("send", 0)):
        words = (command, "nobody", "-m", "x", "--timeout", "0.1")
        with running(
            *(words if command == "send" else (command, "--json")), *flags, home=alice.home
        ) as process:
            process.ends_typing()
            process.finish()
            assert len(SENTENCE.findall(process.whole_stderr)) == times
    assert alice.key.stat().st_mode & 0o777 == 0o600


def test_a_passphrase_is_set_changed_and_removed(relay: Relay, alice: Alice) -> None:
    with chatting(alice.home, *alice.flags(relay)) as client:
        fingerprint = client.expect("ready")
    open_key = alice.key.read_bytes()

    status, printed, stderr = alice.passphrase("set", "--new-passphrase-file", alice.old)
    assert (status, stderr) == (DONE, "")
    assert f"{alice.name} opens with this passphrase from now on" in printed
    assert b'"kept":"passphrase"' in alice.key.read_bytes()

    both = ("--passphrase-file", alice.old, "--new-passphrase-file", alice.new)
    assert alice.passphrase("set", *both)[0] == DONE
    with chatting(alice.home, *alice.flags(relay, "--passphrase-file", alice.new)) as client:
        again = client.expect("ready")
        assert client.whole_stderr == ""
    assert {**again, "name": 0} == {**fingerprint, "name": 0}

    status, printed, _ = alice.passphrase("remove", SECURECHAT_PASSPHRASE_FILE=str(alice.new))
    assert (status, str(alice.key) in printed) == (DONE, True)
    assert alice.key.read_bytes() == open_key
    with chatting(alice.home, *alice.flags(relay)) as client:
        client.expect("ready")


def test_a_passphrase_before_the_first_start_and_the_commands_that_need_it(
    relay: Relay, alice: Alice
) -> None:
    assert alice.passphrase("set", "--new-passphrase-file", alice.old)[0] == DONE
    name = alice.name.replace("alice", "bob")
    with chatting(alice.home.with_name("bob"), "--name", name, *relay.flags) as bob:
        bob.expect("ready")
        env = {"SECURECHAT_PASSPHRASE_FILE": str(alice.old)}
        send = ("send", name, "-m", "hello", *alice.flags(relay))
        assert run(*send, home=alice.home, env=env) == (DONE, "", "")
        with chatting(alice.home, *alice.flags(relay), env=env) as client:
            client.expect("ready")
            client.types("/who")
            client.expect("room-people")
            assert run(*send, home=alice.home)[0] == DONE  # the running client has it open
        listen = ("listen", "--timeout", "0.3", *alice.flags(relay))
        assert run(*listen, home=alice.home, env=env)[0] == 7
        for command in (send, ("client", "--json", *alice.flags(relay))):
            status, _, stderr = run(*command, home=alice.home)
            assert status == REFUSED
            assert "nobody is there to be asked" in stderr
            assert "try: the same command with --passphrase-file FILE" in stderr


def test_a_wrong_passphrase(relay: Relay, alice: Alice) -> None:
    assert alice.passphrase("set", "--new-passphrase-file", alice.old)[0] == DONE
    before = alice.key.read_bytes()
    flags = alice.flags(relay, "--passphrase-file", alice.new)
    status, printed, stderr = run("client", "--json", *flags, home=alice.home)
    assert status == REFUSED
    assert '"code":"passphrase"' in printed
    assert f"That is not the passphrase of {alice.name}" in stderr
    assert alice.passphrase("remove", "--passphrase-file", alice.new)[0] == REFUSED
    assert alice.key.read_bytes() == before


def test_what_is_no_passphrase(alice: Alice) -> None:
    cases = {b"": "has no passphrase", b"\nx": "has no passphrase", b"short": "at least 8"}
    for data, said in {**cases, b"\xff\xfe" * 9: "not UTF-8"}.items():
        alice.new.write_bytes(data)
        with pytest.raises(UsageError, match=said):
            read_new_passphrase("alice", alice.new)
    alice.old.chmod(0o644)
    status, _, stderr = alice.passphrase("set", "--new-passphrase-file", alice.old)
    assert (status, f"chmod 600 {alice.old}" in stderr) == (FAILED, True)
    status, _, stderr = alice.passphrase("set")
    assert (status, "--new-passphrase-file FILE" in stderr) == (USAGE, True)
    assert not alice.key.exists()


def test_nothing_is_changed_while_a_client_has_the_profile_open(relay: Relay, alice: Alice) -> None:
    with chatting(alice.home, *alice.flags(relay)) as client:
        client.expect("ready")
        before = alice.key.read_bytes()
        for command in (("set", "--new-passphrase-file", alice.old), ("remove",), ("keyring",)):
            status, _, stderr = alice.passphrase(*command)
            assert status == FAILED
            assert f"{alice.name} is open in another securechat command" in stderr
            assert "try: end that one, then the same command again" in stderr
        assert alice.key.read_bytes() == before
        assert client.running


def test_removing_from_nobody_makes_nobody(alice: Alice) -> None:
    status, _, stderr = alice.passphrase("remove")
    assert (status, f"There is no profile of {alice.name}" in stderr) == (USAGE, True)
    assert not (alice.home / "profiles").exists()


def test_the_keyring_opens_a_profile(relay: Relay, alice: Alice) -> None:
    status, printed, stderr = alice.passphrase("keyring", **alice.keyring)
    assert (status, stderr) == (DONE, "")
    assert "opens with the keyring of your session" in printed
    with chatting(alice.home, *alice.flags(relay), env=alice.keyring) as client:
        client.expect("ready")
    status, _, stderr = run(
        *("client", "--json", *alice.flags(relay)),
        home=alice.home,
        env={"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"},
    )
    assert (status, "keyring of the system cannot be used" in stderr) == (FAILED, True)
    assert alice.passphrase("remove", **alice.keyring)[0] == DONE
    assert alice.ring.read_text() == "{}"


def test_a_client_leaves_no_core_dump(relay: Relay, alice: Alice) -> None:
    resource = pytest.importorskip("resource", reason="limits are a matter of POSIX")
    if not hasattr(resource, "prlimit"):
        pytest.skip("no limits of another process on this system")
    with chatting(alice.home, *alice.flags(relay)) as client:
        client.expect("ready")
        assert resource.prlimit(client.pid, resource.RLIMIT_CORE) == (0, 0)
        client.signal(signal.SIGQUIT)
        assert client.finish() == 128 + signal.SIGQUIT
    assert list(alice.home.glob("core*")) == []
