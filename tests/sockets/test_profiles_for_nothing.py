"""A command that comes to nothing leaves no new profile, and every other profile as it was."""

import secrets
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from securechat import Client
from securechat.client.connection.invite_link import (
    InviteLink,
    InviteToken,
    inviter_hint,
    relay_hint,
)
from securechat.client.pairing.joining import join_with_code
from securechat.client.pairing.joining_by_link import accept_link, register_by_link
from securechat.client.pairing.pairing_code import PairingCode
from securechat.client.profiles.profile import Profile, make_profile, profile_directory
from securechat.errors import Busy, NameTaken, SecureChatError, Unreachable
from securechat.identity.names import parse_name
from securechat.identity.types import RelayId, UserKey
from securechat.protocol.relay_side import RelaySide
from securechat.transport.connection import Connection
from securechat.transport.endpoint import Endpoint
from securechat.transport.pins import pin_text, relay_id
from securechat.wire import frames as f
from tests.processes import Relay, chatting, relaying, run
from tests.sockets.loop_world import Files, Server, make_files, running_loop
from tests.sockets.test_joining import CODE, Maker
from tests.sockets.test_joining import relaying as pairing_relay

BOB = parse_name("bob")
PIN = f"sha256:{'0' * 64}"
UNREACHABLE, REFUSED = 3, 6


def profiles(home: Path) -> list[str]:
    """Return the names of everything where profiles are."""
    directory = home / "profiles"
    return sorted(path.name for path in directory.iterdir()) if directory.exists() else []


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    directory = tmp_path_factory.mktemp("relay")
    with relaying(directory) as relay:
        with chatting(directory / "alice", *relay.flags, "--name", "alice") as alice:
            alice.expect("ready")
            alice.ends_typing()
            alice.finish()
        yield relay


def code_file(directory: Path, code: str) -> None:
    (directory / "code").touch(0o600)
    (directory / "code").write_text(f"{code}\n")


# Nobody is there ----------------------------------------------------------------------------------


def link_to(address: Endpoint, relay: RelayId) -> InviteLink:
    hints = relay_hint(relay), inviter_hint(relay, UserKey(bytes(32)))
    return InviteLink(address, InviteToken(secrets.token_bytes(16)), *hints, parse_name("alice"))


DEAD_LINK = link_to(Endpoint("127.0.0.1", 1), RelayId(bytes(32))).text


@pytest.mark.parametrize(
    "command",
    [
        "client --json --server 127.0.0.1:1",
        f"client --json --server 127.0.0.1:1 --pin {PIN}",
        "client --json --server nobody.invalid",
        "listen --server 127.0.0.1:1",
        "send alice -m hello --server 127.0.0.1:1",
        f"send alice -m hello --server 127.0.0.1:1 --pin {PIN}",
        "invite",
        "join 127.0.0.1:1 --code-file code",
        "join LINK",
    ],
)
def test_an_unreachable_relay_leaves_no_profile(command: str, tmp_path: Path) -> None:
    code_file(tmp_path, "7-otter-lime-sofa")
    (tmp_path / "config.toml").write_text("[client]\nserver = '127.0.0.1:1'\n")
    words = command.replace("LINK", DEAD_LINK).split()
    status, _, stderr = run(*words, "--name", "bob", home=tmp_path)
    assert (status, "Cannot reach" in stderr) == (UNREACHABLE, True), stderr
    assert profiles(tmp_path) == []


@pytest.mark.parametrize("command", ["client --json", "listen"])
def test_a_relay_that_nobody_vouches_for_leaves_no_profile(
    command: str, relay: Relay, tmp_path: Path
) -> None:
    words = (*command.split(), "--name", "bob", "--server", relay.address)
    status, _, stderr = run(*words, home=tmp_path)
    assert (status, "is not known here" in stderr) == (4, True)
    assert "passphrase set" not in stderr
    assert profiles(tmp_path) == []


@pytest.mark.parametrize(
    "command", ["client --json", "listen", "client --json --peer carol", "send carol -m x"]
)
def test_a_name_that_is_taken_leaves_no_profile(command: str, relay: Relay, tmp_path: Path) -> None:
    status, _, stderr = run(*command.split(), "--name", "alice", *relay.flags, home=tmp_path)
    assert (status, "The name alice is taken" in stderr) == (REFUSED, True)
    assert profiles(tmp_path) == []


def test_a_code_that_is_wrong_leaves_no_profile(tmp_path: Path) -> None:
    files = make_files(tmp_path / "certs")
    shown = relay_id(files.server().certificate)
    with pairing_relay(files, Maker(shown)) as (address, _):
        code_file(tmp_path, "7-sofa-lime-otter")
        words = ("join", str(address), "--code-file", "code", "--name", "bob")
        status, _, stderr = run(*words, home=tmp_path)
    assert status == 4, stderr
    assert profiles(tmp_path) == []


# Profiles that stay -------------------------------------------------------------------------------


def state_of(home: Path) -> bytes:
    return (profile_directory(home, BOB) / "vault-key").read_bytes()


def test_a_profile_that_has_been_in_stays(relay: Relay, tmp_path: Path) -> None:
    words = ("client", "--json", "--name", "bob")
    assert run(*words, *relay.flags, home=tmp_path)[0] == 0
    before = state_of(tmp_path)
    assert run(*words, "--server", "127.0.0.1:1", "--pin", PIN, home=tmp_path)[0] == UNREACHABLE
    assert run("join", DEAD_LINK, "--name", "bob", home=tmp_path)[0] == UNREACHABLE
    assert state_of(tmp_path) == before


def test_one_that_was_there_before_stays_though_it_was_never_in(
    relay: Relay, tmp_path: Path
) -> None:
    """Whether a relay has entered it in an earlier run cannot be known."""
    make_profile(tmp_path, parse_name("alice"), {}, None)
    profile_directory(tmp_path, BOB).mkdir(0o700)
    words = ("client", "--json", "--name")
    assert run(*words, "alice", *relay.flags, home=tmp_path)[0] == REFUSED
    assert run(*words, "bob", "--server", "127.0.0.1:1", home=tmp_path)[0] == UNREACHABLE
    assert profiles(tmp_path) == [".new", "alice", "bob"]


def test_one_that_holds_more_than_its_keys_stays(tmp_path: Path) -> None:
    client = Client("bob", "127.0.0.1:1", pin=PIN, home=tmp_path).open()
    client.profile.state.commit({("outbox", b"id"): b"a message"})
    client.close()
    assert profiles(tmp_path) == ["bob"]


class Half:
    """A relay that takes a registration, and then answers with this fault or breaks off."""

    def __init__(self, files: Files, fault: f.Fault | None) -> None:
        self._relay_id = relay_id(files.server().certificate)
        self._side = RelaySide(time.monotonic())
        self._fault = fault
        self.registered: list[f.ClientFrame] = []

    def answer(self, connection: Connection, data: bytes) -> None:
        for frame in self._side.receive(data, time.monotonic()):
            match frame:
                case f.Hello():
                    challenge = f.Challenge(
                        version=f.PROTOCOL_VERSION,
                        relay_id=self._relay_id,
                        nonce=bytes(32),
                        time_ms=time.time_ns() // 1_000_000,
                        registered=False,
                    )
                    connection.write(self._side.send(challenge))
                case f.Register():
                    self.registered.append(frame)
                    if self._fault is not None:
                        connection.write(self._side.send(self._fault))
                    connection.close()
                    return


ANSWERS = [
    *((None, True), ("limit", True), ("login-refused", True)),
    *(("name-taken", False), ("name-invalid", False), ("invite", False)),
]
"""What a relay says to a registration, and whether it may have entered it."""


@pytest.mark.parametrize(("code", "stays"), ANSWERS)
def test_one_that_came_by_a_link_stays_likewise(
    tmp_path: Path, code: str | None, stays: bool
) -> None:
    files = make_files(tmp_path / "certs")
    half = Half(files, None if code is None else f.Fault(code, "no"))
    shown = relay_id(files.server().certificate)
    with running_loop() as loop, Profile(tmp_path, BOB, tuple) as profile:
        server = Server(loop, files, answer=half.answer)
        link = link_to(Endpoint(server.host, server.port), shown)
        assert accept_link(profile, link) == shown
        with pytest.raises(SecureChatError):
            register_by_link(profile, link, shown)
        assert profile.is_new == (not stays)
    assert half.registered


@pytest.mark.parametrize(("code", "stays"), ANSWERS)
def test_one_that_a_relay_may_have_entered_stays(
    tmp_path: Path, code: str | None, stays: bool
) -> None:
    files = make_files(tmp_path / "certs")
    half = Half(files, None if code is None else f.Fault(code, "no"))
    with running_loop() as loop:
        server = Server(loop, files, answer=half.answer)
        pin = pin_text(relay_id(files.server().certificate))
        address = f"{server.host}:{server.port}"
        with pytest.raises(SecureChatError), Client("bob", address, pin=pin, home=tmp_path):
            pass
    assert half.registered
    assert profiles(tmp_path) == (["bob"] if stays else [])


@pytest.mark.parametrize(
    ("code", "kept"), [(CODE, True), (PairingCode(CODE.slot, CODE.words[::-1]), False)]
)
def test_one_that_the_other_side_of_a_pairing_may_know_stays(
    tmp_path: Path, code: PairingCode, kept: bool
) -> None:
    files = make_files(tmp_path / "certs")
    maker = Maker(relay_id(files.server().certificate))

    def without_an_end(frame: f.ClientFrame) -> list[f.RelayFrame]:
        answers = maker(frame)
        return [*answers[:1], f.PairEnd(CODE.slot, "gone")] if len(answers) > 1 else answers

    with (
        pairing_relay(files, without_an_end) as (address, _),
        Profile(tmp_path / "home", BOB, tuple) as profile,
    ):
        with pytest.raises(SecureChatError):
            join_with_code(profile, address, code)
        profile.discard_if_new()
    assert profiles(tmp_path / "home") == (["bob"] if kept else [])


# Others at the same time --------------------------------------------------------------------------


def test_who_opens_the_name_while_it_is_discarded_gets_one_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Profile(tmp_path, BOB, tuple)
    with pytest.raises(Busy):
        Profile(tmp_path, BOB, tuple)
    seconds: list[Profile] = []
    monkeypatch.setattr(
        "securechat.client.profiles.profile.shutil.rmtree",
        lambda *_, **__: seconds.append(Profile(tmp_path, BOB, tuple)),
    )
    first.discard_if_new()
    monkeypatch.undo()
    [second] = seconds
    assert second.is_new
    assert state_of(tmp_path)
    with pytest.raises(Busy):
        Profile(tmp_path, BOB, tuple)
    second.keep()
    second.discard_if_new()
    with Profile(tmp_path, BOB, tuple) as again:
        assert again.key.secret == second.key.secret


def test_a_name_taken_by_somebody_else_can_be_tried_again(relay: Relay, tmp_path: Path) -> None:
    client = Client("alice", relay.address, ca=relay.ca, home=tmp_path)
    for _ in range(2):
        with pytest.raises(NameTaken), client:
            pass
    assert profiles(tmp_path) == []
    nobody = Client("bob", "127.0.0.1:1", pin=PIN, home=tmp_path)
    with pytest.raises(Unreachable), nobody:
        pass
    assert profiles(tmp_path) == []
