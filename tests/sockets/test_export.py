"""``securechat export`` as a process: alone, beside a running client, and when it fails."""

import json
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from securechat.cli.output_file import check_target
from securechat.client.connection.relays import KnownRelay, known_relays
from securechat.client.names.conversation_keys import person_key
from securechat.client.profiles.profile import Profile
from securechat.errors import FileProblem
from securechat.identity.types import Name, RelayId
from securechat.store.history import Progress
from tests.processes import Relay, chatting, relaying, run, running
from tests.pure.store.entries import entry
from tests.sockets.markers import found_in_files

DONE, FAILED, USAGE, REFUSED = 0, 1, 2, 6
ENOUGH_FOR_A_PIPE = 5000
"""Messages that fill the buffers of any pipe."""


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    with relaying(tmp_path_factory.mktemp("relay")) as relay:
        yield relay


class Alice:
    """A profile that has met the relay, and in which messages with bob are kept."""

    def __init__(self, directory: Path, relay: Relay) -> None:
        self.home = directory / "home"
        self.relay = relay
        self.name = f"alice-{secrets.token_hex(4)}"
        self.profile = self.home / "profiles" / self.name
        self.passphrase = directory / "passphrase"
        with chatting(self.home, *self.flags) as client:
            client.expect("ready")
        self.keep(*("Tea?", "Grüße\n# no heading"), mine="Yes.")

    @property
    def flags(self) -> tuple[str, ...]:
        return ("--name", self.name, *self.relay.flags)

    def keep(
        self, *theirs: str, mine: str, with_whom: str = "bob", elsewhere: KnownRelay | None = None
    ) -> None:
        with Profile(self.home, Name(self.name), lambda: ()) as profile:
            relay = elsewhere or known_relays(profile.state.load())[0]
            profile.state.commit(relay.row)
            entries = [
                entry(
                    text,
                    conversation=person_key(relay.relay_id, with_whom),
                    title=with_whom,
                    message_id=number.to_bytes(16, "big"),
                    sender=with_whom if text is not mine else "",
                    time_ms=1_750_000_000_000 + number,
                    kept_ms=1_750_000_000_000 + number,
                    progress=Progress.DELIVERED if text is mine else None,
                )
                for number, text in enumerate((*theirs, mine))
            ]
            profile.state.commit({}, entries)

    def set_passphrase(self) -> None:
        self.passphrase.touch(0o600)
        self.passphrase.write_text("a good passphrase")
        flags = ("--name", self.name, "--new-passphrase-file", str(self.passphrase))
        assert run("passphrase", "set", *flags, home=self.home)[0] == DONE

    def export(self, *arguments: str | Path, **env: str) -> tuple[int, str, str]:
        words = ("export", *map(str, arguments), "--name", self.name)
        return run(*words, home=self.home, env=env)

    def fails(self, *arguments: str | Path) -> tuple[int, str]:
        """Run an export that has to fail, and to print nothing; return status and what it says."""
        status, stdout, stderr = self.export(*arguments)
        assert (stdout, "Traceback" in stderr, "internal error" in stderr) == ("", False, False)
        assert "\n  try: " in stderr
        return status, stderr


@pytest.fixture
def alice(tmp_path: Path, relay: Relay) -> Alice:
    return Alice(tmp_path, relay)


def texts(document: str) -> list[str]:
    found: dict[str, Any] = json.loads(document)
    return [message["text"] for message in found["messages"]]


ALL = ["Tea?", "Grüße\n# no heading", "Yes."]


def test_a_conversation_as_json_and_as_markdown(alice: Alice) -> None:
    status, stdout, stderr = alice.export("Bob", "--format", "json")
    assert (status, texts(stdout)) == (DONE, ALL)
    assert json.loads(stdout)["relay"] == alice.relay.address
    said = "3 messages with bob, in plain text: whoever can read that reads all of it.\n"
    assert stderr == said
    status, stdout, stderr = alice.export("bob", PYTHONIOENCODING="ascii")
    assert (status, stderr) == (DONE, said)
    assert stdout.startswith(f"# Conversation of {alice.name} with bob\n\n- Relay: ")
    assert "\n    Tea?\n" in stdout
    assert "\n    Grüße\n    # no heading\n" in stdout


def test_beside_a_running_client(alice: Alice) -> None:
    with chatting(alice.home, *alice.flags) as client:
        client.expect("ready")
        before = (alice.profile / "vault-key").read_bytes()
        status, stdout, _ = alice.export("bob", "--format", "json")
        assert (status, texts(stdout)) == (DONE, ALL)
        assert (alice.profile / "vault-key").read_bytes() == before
        client.types("/who")
        client.expect("room-people")
        client.ends_typing()
        assert client.finish() == DONE
    assert [path.name for path in alice.profile.glob("state.db*")] == ["state.db"]


def test_a_passphrase_is_asked_for_as_elsewhere(alice: Alice) -> None:
    alice.set_passphrase()
    known = {"SECURECHAT_PASSPHRASE_FILE": str(alice.passphrase)}
    with chatting(alice.home, *alice.flags, env=known) as client:
        client.expect("ready")
        _check_passphrase(alice)
    _check_passphrase(alice)


def _check_passphrase(alice: Alice) -> None:
    status, stderr = alice.fails("bob")
    assert (status, "nobody is there to be asked" in stderr) == (REFUSED, True)
    flags = ("--format", "json", "--passphrase-file", alice.passphrase)
    status, stdout, _ = alice.export("bob", *flags)
    assert (status, texts(stdout)) == (DONE, ALL)


@pytest.mark.parametrize("form", ["md", "json"])
def test_an_export_to_standard_output_leaves_nothing_in_any_file(
    alice: Alice, tmp_path: Path, form: str
) -> None:
    marker = f"the eagle lands at {secrets.token_hex(8)}"
    alice.keep(*[f"{number}: {marker}" for number in range(700)], mine=marker)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with chatting(alice.home, *alice.flags) as client:
        client.expect("ready")
        for _ in range(2):
            status, stdout, _ = alice.export("bob", "--format", form, TMPDIR=str(temporary))
            assert (status, stdout.count(marker)) == (DONE, 701)
            assert found_in_files(tmp_path, marker) == set()
            client.close()
    out = tmp_path / "out"
    assert alice.export("bob", "--format", form, "--out", out)[0] == DONE
    assert "raw" in found_in_files(tmp_path, marker)
    out.unlink()
    assert found_in_files(tmp_path, marker) == set()


def test_a_file_is_the_user_s_own_and_replaced_only_when_told(alice: Alice, tmp_path: Path) -> None:
    out = tmp_path / "a file"
    status, stdout, stderr = alice.export("bob", "--format", "json", "--out", out)
    assert (status, stdout, texts(out.read_text())) == (DONE, "", ALL)
    assert f"3 messages with bob in {out}, in plain text:" in stderr
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    out.write_text("mine")
    status, stderr = alice.fails("bob", "--out", out)
    assert (status, f"{out} is there already" in stderr) == (FAILED, True)
    assert out.read_text() == "mine"
    assert alice.export("bob", "--out", out, "--force")[0] == DONE
    assert out.read_text().startswith("# Conversation")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a file", "home"]


@pytest.mark.parametrize("may_replace", [True, False])
def test_what_is_no_file_is_never_replaced(tmp_path: Path, may_replace: bool) -> None:
    link = tmp_path / "link"
    link.symlink_to("nowhere")
    for path in (tmp_path, link, Path("/dev/null"), Path("/"), Path()):
        with pytest.raises(FileProblem, match="is not a file"):
            check_target(path, may_replace=may_replace)


def test_who_is_not_there_is_said(alice: Alice) -> None:
    alice.keep(mine="hello", with_whom="carol")
    for arguments, cause in {
        (): "No PEER is given; kept here: bob, carol",
        ("bob", "--server", "127.0.0.1:1"): "with bob on 127.0.0.1:1; kept here: bob, carol",
        (alice.name,): "is your own name",
    }.items():
        status, stderr = alice.fails(*arguments)
        assert (status, cause in stderr) == (USAGE, True), stderr


def test_of_several_relays_one_is_taken_and_the_others_are_said(alice: Alice) -> None:
    alice.keep(mine="hello", elsewhere=KnownRelay(RelayId(b"r" * 32), "10.0.0.1:5555", 1))
    status, stdout, stderr = alice.export("bob", "--format", "json")
    assert (status, texts(stdout)) == (DONE, ALL)
    assert stderr.startswith(
        f"bob on {alice.relay.address}, the one used last; for another one:"
        " --server 10.0.0.1:5555\n3 messages"
    )
    status, stdout, stderr = alice.export("bob", "--format", "json", "--server", "10.0.0.1")
    assert (status, texts(stdout)) == (DONE, ["hello"])
    assert stderr.startswith("1 message with bob")


def test_nobody_is_made(tmp_path: Path) -> None:
    home = tmp_path / "a home"
    status, stdout, stderr = run("export", "bob", "--name", "alice", home=home)
    assert (status, stdout) == (USAGE, "")
    assert f"There is no profile of alice in {home}\n  try: ls '{home}/profiles'\n" in stderr
    assert list(home.iterdir()) == []


def test_a_reader_that_goes_away_ends_it(alice: Alice) -> None:
    alice.keep(*("x" * 100 for _ in range(ENOUGH_FOR_A_PIPE)), mine="last")
    reading, writing = os.pipe()
    words = ("export", "bob", "--name", alice.name)
    with running(*words, home=alice.home, stdout=writing) as process:
        os.close(writing)
        assert os.read(reading, 10).startswith(b"# ")
        os.close(reading)
        assert process.finish() == FAILED
        assert process.whole_stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_said(alice: Alice) -> None:
    with Path("/dev/full").open("wb") as full:
        words = ("export", "bob", "--name", alice.name)
        with running(*words, home=alice.home, stdout=full.fileno()) as process:
            assert process.finish() == FAILED
            assert "Cannot write the output: No space left on device" in process.stderr
            assert "in plain text" not in process.stderr
