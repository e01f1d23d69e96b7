"""What goes wrong is said: the cause, the next step, the documented exit status; no traceback."""

import json
import os
import shutil
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from securechat.cli import app
from securechat.errors import SecureChatError
from securechat.transport.issuing import issue
from securechat.transport.pins import pin_text, relay_id
from securechat.transport.probe import probe
from tests.processes import Relay, chatting, relaying, run, running
from tests.sockets.loop_world import DAY, Server, make_files, running_loop

FAILED, USAGE, UNREACHABLE, UNTRUSTED, REFUSED = 1, 2, 3, 4, 6


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    with relaying(tmp_path_factory.mktemp("relay")) as relay:
        yield relay


@pytest.fixture(scope="module")
def other_certs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificates of somebody else."""
    directory = tmp_path_factory.mktemp("other") / "certs"
    issue(directory, datetime.now(UTC))
    return directory


def fails(status: int, cause: str, try_next: str, *arguments: str, home: Path) -> str:
    """Run a command that has to fail in this way; return what it says."""
    found, stdout, stderr = run(*arguments, home=home)
    assert (found, cause in stderr) == (status, True), (found, stderr)
    assert f"try: {try_next}" in stderr, stderr
    assert "Traceback" not in stderr
    assert "internal error" not in stderr
    if stdout:
        last = json.loads(stdout.splitlines()[-1])
        assert (last["v"], last["event"]) == (1, "error")
        assert last["message"] in stderr
    return stderr


def as_client(*flags: str) -> tuple[str, ...]:
    return ("client", "--json", "--name", "alice", *flags)


# The relay ------------------------------------------------------------------------------------


def test_nobody_listens(tmp_path: Path) -> None:
    command = as_client("--pin", f"sha256:{'0' * 64}", "--server", "127.0.0.1:1")
    fails(UNREACHABLE, "127.0.0.1:1 (connection refused", "on the relay's", *command, home=tmp_path)


def test_the_host_is_unknown(tmp_path: Path) -> None:
    command = as_client("--pin", f"sha256:{'0' * 64}", "--server", "nobody.invalid")
    fails(UNREACHABLE, "nobody.invalid:5555", "check the spelling", *command, home=tmp_path)
    command = ("client", "--quit-mode", "nobody.invalid")
    fails(UNREACHABLE, "nobody.invalid:12345", "check the spelling", *command, home=tmp_path)


def test_a_stranger_s_certificate(relay: Relay, other_certs: Path, tmp_path: Path) -> None:
    command = as_client("--server", relay.address, "--ca", str(other_certs / "ca.pem"))
    fails(UNTRUSTED, "is not signed by", "copy ca.pem from that relay", *command, home=tmp_path)


def test_the_ca_lying_around_is_another_one(
    relay: Relay, other_certs: Path, tmp_path: Path
) -> None:
    shutil.copytree(other_certs, tmp_path / "certs")
    command = as_client("--server", relay.address)
    fails(UNTRUSTED, "is not signed by certs/ca.pem", "copy ca.pem", *command, home=tmp_path)


def test_a_wrong_pin(relay: Relay, tmp_path: Path) -> None:
    command = as_client("--server", relay.address, "--pin", f"sha256:{'0' * 64}")
    fails(UNTRUSTED, relay.ready["fingerprint"], "", *command, home=tmp_path)


@pytest.mark.parametrize(("flag", "cause"), [("--ca", "has expired"), ("--pin", "ended on")])
def test_an_expired_certificate(flag: str, cause: str, tmp_path: Path) -> None:
    files = make_files(tmp_path / "files", age=40 * DAY, lifetime=30 * DAY)
    with running_loop() as loop:
        server = Server(loop, files)
        address = f"{server.host}:{server.port}"
        trust = str(files.ca)
        if flag == "--pin":
            trust = pin_text(relay_id(probe(server.host, server.port)))
        command = as_client("--server", address, flag, trust)
        fails(UNTRUSTED, cause, "date -u; if this clock is right", *command, home=tmp_path)


def test_a_relay_with_an_expired_certificate_renews_it(tmp_path: Path) -> None:
    issue(tmp_path / "certs", datetime.now(UTC) - 40 * DAY, lifetime=30 * DAY)
    with relaying(tmp_path) as relay:
        assert "the certificate ends on" in relay.process.expect("certificate")["reason"]
        with chatting(tmp_path / "home", "--name", "alice", *relay.flags) as alice:
            alice.expect("ready")


def test_a_relay_that_cannot_renew_its_certificate_does_not_start(tmp_path: Path) -> None:
    issue(tmp_path / "certs", datetime.now(UTC) - 40 * DAY, lifetime=30 * DAY)
    (tmp_path / "certs" / "ca-key.pem").unlink()
    command = ("server", "--port", "0")
    said = fails(UNTRUSTED, "ended on", "put it back", *command, home=tmp_path)
    assert "It cannot be renewed: certs/ca-key.pem is not there." in said


def test_an_unknown_relay_and_nobody_to_ask(relay: Relay, tmp_path: Path) -> None:
    """The pin that is named then works, and from then on nothing has to be said."""
    next_step = f"securechat client --name vera --server {relay.address} --pin {relay.ready['pin']}"
    command = ("client", "--json", "--name", "vera", "--server", relay.address)
    said = fails(UNTRUSTED, "is not known here", "compare", *command, home=tmp_path)
    assert next_step in said
    for works in ((*command, *next_step.split()[-2:]), ("client", "--json")):
        status, stdout, _ = run(*works, home=tmp_path)
        assert status == 0
        assert json.loads(stdout)["event"] == "ready"


def test_another_relay_at_a_known_address(tmp_path: Path) -> None:
    with relaying(tmp_path / "one") as one:
        assert run(*as_client(*one.flags), home=tmp_path / "home")[0] == 0
    with relaying(tmp_path / "two", port=one.port) as two:
        shutil.copytree(two.directory / "certs", tmp_path / "home" / "certs")
        said = fails(UNTRUSTED, "", "", "client", "--json", home=tmp_path / "home")
        for relay in (one, two):
            assert relay.ready["fingerprint"] in said
    assert two.process.unread == []  # nobody tried to log in


def test_the_port_is_taken(relay: Relay, tmp_path: Path) -> None:
    port = str(relay.port)
    cause = f"listens on 127.0.0.1:{port} already"
    fails(FAILED, cause, "securechat server --port ", "server", "--port", port, home=tmp_path)


def test_an_address_of_another_machine(tmp_path: Path) -> None:
    command = ("server", "--port", "0", "--host", "203.0.113.7")
    fails(USAGE, "203.0.113.7", "securechat server --host 0.0.0.0", *command, home=tmp_path)


# Names and people -----------------------------------------------------------------------------


def test_the_name_is_taken(relay: Relay, tmp_path: Path) -> None:
    first = ("client", "--json", "--name", "tina", *relay.flags)
    assert run(*first, home=tmp_path / "first")[0] == 0
    command = ("client", "--json", "--name", "TINA", *relay.flags)
    home = tmp_path / "second"
    fails(REFUSED, "TINA is taken", "the same command with --name ANOTHER", *command, home=home)
    assert not (home / "last-name").exists()


def test_a_name_that_is_none(relay: Relay, tmp_path: Path) -> None:
    for name in ("two words", "x" * 33, "\u202ecila"):
        command = ("client", "--json", "--name", name, *relay.flags)
        fails(REFUSED, "A name ", "securechat client --name NAME", *command, home=tmp_path)
    command = as_client("--peer", "two words", *relay.flags)
    fails(REFUSED, "A name has only", "securechat client --peer NAME", *command, home=tmp_path)


def test_a_room_is_no_peer(tmp_path: Path) -> None:
    command = ("client", "--name", "alice", "--peer", "#ops", "--server", "127.0.0.1:1")
    what = "#ops is a room, and one person is asked for"
    fails(USAGE, what, "securechat client, and there: /join #ops", *command, home=tmp_path)


def test_nobody_said_who_you_are(relay: Relay, tmp_path: Path) -> None:
    command = ("client", "--json", *relay.flags)
    fails(USAGE, "who you are", "the same command with --name YOUR-NAME", *command, home=tmp_path)


def test_talking_to_oneself(relay: Relay, tmp_path: Path) -> None:
    command = as_client("--peer", "Alice", *relay.flags)
    fails(USAGE, "your own name", "securechat client --name alice", *command, home=tmp_path)


def test_somebody_else_under_a_known_name(tmp_path: Path) -> None:
    """The relay has forgotten everybody, and Mallory has taken Bob's name."""
    with relaying(tmp_path) as relay:
        peer = ("--name", "alice", "--peer", "bob")
        with (
            chatting(tmp_path / "alice", *peer, *relay.flags) as alice,
            chatting(tmp_path / "bob", "--name", "bob", *relay.flags),
        ):
            known = alice.expect("peer")["fingerprint"]
    with (
        relaying(tmp_path, "--data", str(tmp_path / "emptied"), port=relay.port) as relay,
        chatting(tmp_path / "mallory", "--name", "bob", *relay.flags) as mallory,
        chatting(tmp_path / "alice", *peer, *relay.flags) as alice,
    ):
        mallory.expect("ready")
        alice.types("for bob's eyes only")
        changed = alice.expect("key-changed", name="bob")
        assert changed["pinned"] == known != changed["shown"]
        alice.types("not for anybody else's either")
        refused = alice.expect("error", code="key-changed")
        assert refused["try"] == "ask bob in another way, then /accept-key bob"
        alice.ends_typing()
        assert alice.finish() == UNTRUSTED
        assert "The key of bob has CHANGED" in alice.stderr
        assert "try: securechat client --peer bob" in alice.stderr
        rest = alice.read_rest()
        assert [e for e in rest if e["event"] == "sent"] == []
        assert rest[-1]["code"] == "key-changed"
        mallory.ends_typing()
        assert mallory.finish() == 0
        assert [e for e in mallory.read_rest() if e["event"] == "message"] == []


# Files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("x = [", "is broken"),
        ("[server]\nport = = 3", "line 2, column 8"),
        ("[server]\nporrt = 3", "porrt"),
        ("[client]\nname = 3", "name in [client]: Expected `str"),
        ("[server]\nregistration = 'all'", "registration in [server]: 'all' is none of auto, open"),
        ("[client.notify]\nterminal = ''", "terminal in [client.notify]: '' is none of off, osc9"),
        ("[client.keys]\nswitch = 1", "keys in [client]: Expected `str`"),
        ("[client]\non_key_change = ''", "on_key_change in [client]: '' is none of block, notify"),
        ("[server]\nport = 70000", "port in [server]: Expected `int` <= 65535"),
    ],
)
def test_a_broken_configuration(text: str, cause: str, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(text)
    fails(USAGE, cause, "mend that line, or move", "server", "--port", "0", home=tmp_path)


def test_a_configuration_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "config.toml").mkdir()
    said = fails(USAGE, "Cannot read", "ls -ld ", "server", "--port", "0", home=tmp_path)
    assert "config.toml: Is a directory\n" in said


def test_a_configuration_that_is_not_text(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(b"\xff\xfe")
    command = ("server", "--port", "0")
    fails(USAGE, "toml is not UTF-8 text\n", "save it as UTF-8", *command, home=tmp_path)


@pytest.mark.parametrize(
    "command",
    ["server --home . --certs . --tls", "client --home . --ca . --tls", "gen-certs --out file"],
)
def test_typer_does_not_say_what_our_own_errors_say_better(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "access", lambda *_, **__: False)
    with pytest.raises(SecureChatError):
        app(command.split(), standalone_mode=False)


@pytest.mark.parametrize("content", [None, b"garbage", b"\0\xff" * 100])
def test_a_ca_file_that_is_none(content: bytes | None, relay: Relay, tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    command = as_client("--server", relay.address, "--ca", str(path))
    fails(FAILED, str(path), "", *command, home=tmp_path)


def test_a_server_key_that_others_can_read(other_certs: Path, tmp_path: Path) -> None:
    shutil.copytree(other_certs, tmp_path / "certs")
    (tmp_path / "certs" / "server-key.pem").chmod(0o640)
    fails(FAILED, "mode 0640", "chmod 600", "server", "--port", "0", home=tmp_path)


def test_a_certificate_directory_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "certs").write_text("")
    fails(FAILED, "is not a directory", "ls -ld", "server", "--port", "0", home=tmp_path)


@pytest.mark.parametrize("flags", [(), ("--certs", "certs")])
def test_a_certificate_directory_that_cannot_be_looked_into(
    flags: tuple[str, ...], tmp_path: Path
) -> None:
    """It does not count as an empty one. (A link to itself holds up even root.)"""
    (tmp_path / "certs").symlink_to("certs")
    command = ("server", "--port", "0", *flags)
    fails(FAILED, "Cannot look at certs/", "ls -ld certs", *command, home=tmp_path)


def test_a_server_certificate_that_is_damaged(other_certs: Path, tmp_path: Path) -> None:
    shutil.copytree(other_certs, tmp_path / "certs")
    (tmp_path / "certs" / "server.pem").write_text("garbage")
    mend = ("gen-certs", "--out", "certs", "--force")
    cause = "server.pem holds no certificate"
    fails(FAILED, cause, " ".join(("securechat", *mend)), "server", "--port", "0", home=tmp_path)
    assert run(*mend, home=tmp_path)[0] == 0
    with relaying(tmp_path):
        pass


def test_the_quit_mode_with_tls_needs_a_ca_file(tmp_path: Path) -> None:
    command = ("client", "--quit-mode", "--tls")
    fails(FAILED, "certs/ca.pem is not there", "copy ca.pem from", *command, home=tmp_path)


def test_a_profile_that_is_damaged(relay: Relay, tmp_path: Path) -> None:
    command = ("client", "--json", "--name", "uma", *relay.flags)
    assert run(*command, home=tmp_path)[0] == 0
    (tmp_path / "profiles" / "uma" / "state.db").write_bytes(b"garbage" * 1000)
    said = fails(FAILED, "state.db", "ls -l", *command, home=tmp_path)
    assert "a damaged file can be moved away; that is a new identity" in said


def test_a_home_that_cannot_be_written(relay: Relay, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(0o500)
    if os.geteuid() == 0:  # whom no mode holds up: a file in the way
        (home / "profiles").write_text("")
    fails(FAILED, str(home / "profiles"), "ls -ld", *as_client(*relay.flags), home=home)


def test_a_disk_that_fills_up(relay: Relay, tmp_path: Path) -> None:
    """Nothing is sent that could not be remembered."""
    resource = pytest.importorskip("resource", reason="limits are a matter of POSIX")
    if not hasattr(resource, "prlimit"):
        pytest.skip("no limits for another process on this system")
    names = ("--name", "dan", "--peer", "eve")
    with (
        chatting(tmp_path / "eve", "--name", "eve", "--peer", "dan", *relay.flags) as eve,
        chatting(tmp_path / "dan", *names, *relay.flags) as dan,
    ):
        dan.expect("peer")
        resource.prlimit(dan.pid, resource.RLIMIT_FSIZE, (0, 0))
        dan.types("this does not fit")
        assert dan.finish() == FAILED
        assert "state.db" in dan.stderr
        assert "try: " in dan.stderr
        assert "Traceback" not in dan.stderr
        events = dan.read_rest()
        assert [e["event"] for e in events if e["event"] in ("sent", "accepted")] == []
        assert events[-1]["event"] == "error"
        eve.types("/who")
        eve.expect("people")
        assert [e for e in eve.unread if e["event"] == "message"] == []
    with chatting(tmp_path / "dan", *names) as dan:
        dan.expect("ready")


# The command line -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        ("dance",),
        ("client", "--dance"),
        ("client", "localhost", "five"),
        ("client", "--port", "70000"),
        ("server", "--port", "-1"),
        ("server", "--max-connections", "0"),
        ("gen-certs", "--days", "many"),
    ],
)
def test_wrong_flags(command: tuple[str, ...], tmp_path: Path) -> None:
    status, stdout, stderr = run(*command, home=tmp_path)
    assert (status, stdout) == (USAGE, "")
    assert "--help" in stderr
    assert "Traceback" not in stderr


@pytest.mark.parametrize(
    ("flags", "cause"),
    [
        (("--plain", "--json"), "exclude each other"),
        (("--server", "127.0.0.1:99999"), "is no address"),
        (("--server", "127.0.0.1:x"), "is no address"),
        (("--pin", "sha256:00"), "Not a pin"),
    ],
)
def test_flags_that_make_no_sense(flags: tuple[str, ...], cause: str, tmp_path: Path) -> None:
    fails(USAGE, cause, "", "client", "--name", "alice", *flags, home=tmp_path)


@pytest.mark.parametrize(
    ("command", "cause"),
    [
        *(
            (f"client --quit-mode {flag}", f"{flag.split()[0]} is for the relay's clients")
            for flag in (
                "--pin sha256:00",
                "--server 127.0.0.1",
                "--peer bob",
                "--name alice",
                "--plain",
                "--json",
                "--color never",
                "--read-receipts",
                "--typing",
            )
        ),
        ("client --tls", "--tls needs --quit-mode"),
        ("client 127.0.0.1 --server 127.0.0.1", "--server and HOST say the same"),
        ("client --host 127.0.0.1 --server 127.0.0.1", "--server and HOST say the same"),
        ("server --tls", "--tls needs --quit-mode"),
        ("server --welcome", "--welcome needs --quit-mode"),
        *(
            (f"server --quit-mode {flag}", f"{flag.split()[0]} is for the relay")
            for flag in (
                "--json",
                "--max-connections 9",
                "--max-unauthenticated 9",
                "--max-per-address 9",
                "--mailbox-bytes 9",
                "--mailbox-messages 9",
                "--account-bytes-per-s 9",
            )
        ),
    ],
)
def test_flags_that_the_chosen_mode_does_not_have(command: str, cause: str, tmp_path: Path) -> None:
    words = command.split()
    fails(USAGE, cause, f"securechat {words[0]} --help", *words, home=tmp_path)


def test_the_environment_may_hold_settings_of_the_other_mode(tmp_path: Path) -> None:
    env = {"SECURECHAT_NAME": "alice", "SECURECHAT_SERVER": "127.0.0.1:1"}
    status, _, stderr = run("client", "--quit-mode", "--port", "1", home=tmp_path, env=env)
    assert (status, "connection refused" in stderr) == (UNREACHABLE, True)


@pytest.mark.parametrize("command", ["client", "listen"])
def test_read_receipts_are_wanted_or_not(command: str, tmp_path: Path) -> None:
    """The variable is looked at, and the flag wins over it."""
    arguments = (command, "--name", "alice", "--server", "127.0.0.1:1")
    env = {"SECURECHAT_READ_RECEIPTS": "perhaps"}
    status, _, stderr = run(*arguments, home=tmp_path, env=env)
    assert (status, "SECURECHAT_READ_RECEIPTS" in stderr) == (USAGE, True)
    status, _, _ = run(*arguments, "--no-read-receipts", home=tmp_path, env=env)
    assert status == UNREACHABLE


def test_host_and_port_as_the_documents_write_them(relay: Relay, tmp_path: Path) -> None:
    command = ("client", "127.0.0.1", str(relay.port), "--name", "alan", "--ca", str(relay.ca))
    with running(*command, home=tmp_path) as alan:
        alan.read_until("You are alan on 127.0.0.1:")
        alan.ends_typing()
        assert alan.finish() == 0


# Being ended ----------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("mode", ["--json", "--plain"])
def test_a_client_that_is_told_to_end(
    number: signal.Signals, mode: str, relay: Relay, tmp_path: Path
) -> None:
    name = f"carl{number.value}{mode}"
    with running("client", mode, "--name", name, *relay.flags, home=tmp_path) as client:
        client.read_until(name)
        client.signal(number)
        assert client.finish() == 128 + number
        assert client.stderr == ""


def test_a_relay_that_is_interrupted(tmp_path: Path) -> None:
    with relaying(tmp_path) as relay:
        relay.process.signal(signal.SIGINT)
        assert relay.process.finish() == 0
        assert relay.process.stderr == ""


@pytest.mark.parametrize("mode", ["--json", "--plain"])
def test_nobody_reads_the_output_any_more(mode: str, relay: Relay, tmp_path: Path) -> None:
    name = f"olga{mode}"
    command = ("client", mode, "--name", name, *relay.flags)
    read_end, write_end = os.pipe()
    with os.fdopen(read_end) as output, running(*command, home=tmp_path, stdout=write_end) as olga:
        os.close(write_end)
        assert name in output.readline()
        output.close()
        olga.types("/help", "/help")
        assert olga.finish() == 0
        assert olga.stderr == ""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full on this system")
@pytest.mark.parametrize("mode", ["--json", "--plain"])
def test_the_output_cannot_be_written(mode: str, relay: Relay, tmp_path: Path) -> None:
    command = ("client", mode, "--name", f"paul{mode}", *relay.flags)
    prefix = ("sh", "-c", 'exec "$@" >/dev/full', "sh")
    status, _, stderr = run(*command, home=tmp_path, prefix=prefix)
    assert status == FAILED
    assert "Cannot write the output" in stderr
    assert "try: " in stderr
    assert "Traceback" not in stderr
