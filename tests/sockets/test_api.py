"""`securechat.Client` at a real relay."""

import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from securechat import Client
from securechat.client import commands as c
from securechat.client import events as e
from securechat.client.profiles.profile import remembered_name
from securechat.errors import (
    Busy,
    KeyChanged,
    NameInvalid,
    NameTaken,
    PassphraseRefused,
    StillQueued,
    Unreachable,
    Untrusted,
    UsageError,
)
from tests.processes import FAILURE_S, Process, Relay, chatting, relaying, run

E = TypeVar("E")

WRONG_PIN = f"sha256:{'0' * 64}"

STUCK_BOT = """
import sys
import securechat
from securechat.client.events import Message

with securechat.Client("bot", sys.argv[1], ca=sys.argv[2], home=sys.argv[3]) as chat:
    for event in chat.events():
        if isinstance(event, Message):
            print(event.message_id, event.text, flush=True)
            if sys.stdin.readline() == "stop\\n":
                break
"""
"""Prints a message, and works on it until a line is typed."""


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    with relaying(tmp_path_factory.mktemp("relay")) as relay:
        yield relay


def client(name: str, relay: Relay, directory: Path, **options: object) -> Client:
    return Client(name, relay.address, ca=relay.ca, home=directory / name, **options)


def first(chat: Client, kind: type[E]) -> E:
    """Return the next event of this kind, which must come."""
    for event in chat.events(FAILURE_S):
        if isinstance(event, kind):
            return event
    pytest.fail(f"no {kind.__name__}")


def test_importing_the_package_loads_nothing_of_it() -> None:
    program = "import sys, securechat; print(*sorted(m for m in sys.modules if 'securechat' in m))"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert found.stdout.decode().split() == ["securechat"]


def test_two_programs_talk(relay: Relay, tmp_path: Path) -> None:
    with (
        client("ann", relay, tmp_path, peer="ben") as ann,
        client("ben", relay, tmp_path, peer="ann") as ben,
    ):
        message_id = ann.send("ben", "hello")
        message = first(ben, e.Message)
        assert (message.message_id, message.text, message.e2e) == (message_id, "hello", True)
        ann.wait_for(message_id, e.DeliveryState.DELIVERED, FAILURE_S)
        answer_id = ben.send(message.sender, "hello yourself", reply_to=message_id)
        assert first(ann, e.Message).text == "hello yourself"
        ben.wait_for(answer_id)
    for name in ("ann", "ben"):
        with client(name, relay, tmp_path) as chat:
            assert not [event for event in chat.events(0.0) if isinstance(event, e.Message)]


def test_who_types_is_shown_to_who_has_answered(relay: Relay, tmp_path: Path) -> None:
    with (
        client("ida", relay, tmp_path, peer="jon") as ida,
        client("jon", relay, tmp_path, peer="ida") as jon,
    ):
        ida.send("jon", "hello")
        jon.send(first(jon, e.Message).sender, "hello")
        first(ida, e.Message)
        ida.ask(c.Composing("jon", active=True))
        assert first(jon, e.Typing) == e.Typing("ida", active=True)
        ida.send("jon", "there it is")
        assert first(jon, e.Message).text == "there it is"
        assert first(jon, e.Typing) == e.Typing("ida", active=False)


def test_the_name_that_the_commands_use_stays_theirs(relay: Relay, tmp_path: Path) -> None:
    with client("quiet", relay, tmp_path):
        pass
    assert remembered_name(tmp_path / "quiet") is None


def test_a_profile_has_one_client(relay: Relay, tmp_path: Path) -> None:
    with client("one", relay, tmp_path) as chat:
        with pytest.raises(Busy), client("one", relay, tmp_path):
            pytest.fail("it was opened twice")
        status, _, stderr = run(
            "send", "ann", "-m", "x", "--timeout", "0.2", "--name", "one", home=tmp_path / "one"
        )
        assert (status, "is open in another securechat command" in stderr) == (1, True)
        assert "try: the same when that one has ended" in stderr
        assert first(chat, e.Ready).name == "one"


def test_an_unknown_relay_is_refused_until_its_pin_is_given(relay: Relay, tmp_path: Path) -> None:
    def enter(**trust: str) -> None:
        with Client("cat", relay.address, home=tmp_path, **trust):
            pass

    with pytest.raises(Untrusted, match="is not known here") as refused:
        enter()
    assert relay.ready["pin"] in refused.value.try_next
    with pytest.raises(KeyChanged):
        enter(pin=WRONG_PIN)
    enter(pin=relay.ready["pin"])
    enter()


def test_a_ca_file_nearby_vouches(
    relay: Relay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "certs").mkdir()
    shutil.copy(relay.ca, tmp_path / "certs")
    monkeypatch.chdir(tmp_path)
    with Client("near", relay.address, home=tmp_path / "home") as chat:
        assert first(chat, e.Ready).name == "near"


def test_the_settings_of_the_home_count(relay: Relay, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(f'[client]\nserver = "{relay.address}"\n')
    with Client("set", ca=relay.ca, home=tmp_path) as chat:
        assert first(chat, e.Ready).relay == relay.address
    (tmp_path / "config.toml").write_text("[client]\nnonsense = 1\n")
    with pytest.raises(UsageError, match="nonsense"):
        Client("set", home=tmp_path)


def test_names_that_cannot_be(relay: Relay, tmp_path: Path) -> None:
    for name in ("", "two words", "x" * 200):
        with pytest.raises(NameInvalid):
            Client(name, home=tmp_path)
    with pytest.raises(UsageError, match="your own name"):
        Client("echo", peer="Echo", home=tmp_path)
    with pytest.raises(UsageError, match="no address"):
        Client("echo", "host:port", home=tmp_path)
    with pytest.raises(UsageError, match="Not a pin"):
        Client("echo", pin="sha256:12", home=tmp_path)
    with client("dan", relay, tmp_path):
        pass
    stranger = Client("dan", relay.address, ca=relay.ca, home=tmp_path / "another")
    with pytest.raises(NameTaken), stranger:
        pytest.fail("it was let in")


def test_nobody_listens(tmp_path: Path) -> None:
    nowhere = Client("eve", "127.0.0.1:1", pin=WRONG_PIN, home=tmp_path)
    with pytest.raises(Unreachable, match="refused"), nowhere:
        pytest.fail("it was let in")


def test_a_profile_with_a_passphrase(relay: Relay, tmp_path: Path) -> None:
    (tmp_path / "fay").mkdir()
    secret = tmp_path / "fay" / "passphrase"
    secret.touch(mode=0o600)
    secret.write_text("correct horse\n")
    new = ("passphrase", "set", "--name", "fay", "--new-passphrase-file", str(secret))
    assert run(*new, home=tmp_path / "fay")[0] == 0
    for options, said in (({}, "none is given"), ({"passphrase": "wrong"}, "not the passphrase")):
        refused = client("fay", relay, tmp_path, **options)
        with pytest.raises(PassphraseRefused, match=said), refused:
            pytest.fail("it was opened")
        assert "wrong" not in repr(vars(refused))
    with client("fay", relay, tmp_path, passphrase="correct horse"):
        pass


def test_what_nobody_can_take_yet_is_still_queued_at_the_end(relay: Relay, tmp_path: Path) -> None:
    def write() -> None:
        with client("gus", relay, tmp_path, flush_s=0.1) as chat:
            chat.send("nobody", "are you there?")

    with pytest.raises(StillQueued, match="1 message is still queued for nobody"):
        write()


def test_a_killed_relay_comes_back(tmp_path: Path) -> None:
    with (
        relaying(tmp_path) as relay,
        client("hal", relay, tmp_path, peer="ida") as hal,
        chatting(tmp_path / "ida", "--name", "ida", "--peer", "hal", *relay.flags) as ida,
    ):
        hal.wait_for(hal.send("ida", "one"), e.DeliveryState.DELIVERED, FAILURE_S)
        relay.process.signal(signal.SIGKILL)
        relay.process.finish()
        first(hal, e.Offline)
        message_id = hal.send("ida", "two")
        with pytest.raises(StillQueued):
            hal.wait_for(message_id, timeout_s=0.1)
        with relaying(tmp_path, port=relay.port):
            hal.wait_for(message_id, timeout_s=FAILURE_S)
            assert first(hal, e.Ready).again
            for text in ("one", "two"):
                ida.expect("message", text=text)
            hal.finish(FAILURE_S)


@contextmanager
def working(relay: Relay, home: Path) -> Iterator[Process]:
    arguments = (relay.address, str(relay.ca), str(home))
    bot = Process(arguments, home, command=(sys.executable, "-c", STUCK_BOT))
    try:
        yield bot
    finally:
        bot.close()


def works_up_to(bot: Process, text: str) -> str:
    """Let a bot be done with what comes before a text; return what it says of that one."""
    while (line := bot.read_line()) is not None:
        if line.endswith(text):
            return line
        bot.types("")
    pytest.fail(f"it ended before {text!r}; stderr: {bot.stderr}")


def test_a_program_that_is_killed_at_a_message_gets_it_again(relay: Relay, tmp_path: Path) -> None:
    """Nothing comes again after a good end."""
    bot = tmp_path / "bot"
    with chatting(tmp_path / "joe", "--name", "joe", "--peer", "bot", *relay.flags) as joe:
        joe.types("one", "two", "three")
        with working(relay, bot) as killed:
            two = works_up_to(killed, "two")
            killed.signal(signal.SIGKILL)
            killed.finish()
        with working(relay, bot) as interrupted:
            assert works_up_to(interrupted, "two") == two
            interrupted.signal(signal.SIGINT)
            assert interrupted.finish() != 0
        with working(relay, bot) as good:
            assert good.read_line() == two
            good.types("")
            works_up_to(good, "three")
            good.types("stop")
            assert good.finish() == 0
        joe.types("four")
        with working(relay, bot) as last:
            assert (last.read_line() or "").endswith("four")
            last.types("stop")
            assert last.finish() == 0


def test_a_program_begins_without_its_relay_only_if_it_says_so(tmp_path: Path) -> None:
    with (
        relaying(tmp_path) as relay,
        client("kai", relay, tmp_path),
        client("lea", relay, tmp_path),
    ):
        pass
    with pytest.raises(Unreachable), client("kai", relay, tmp_path):
        pytest.fail("it began without the relay")

    def write(text: str) -> None:
        with client("kai", relay, tmp_path, offline=True, flush_s=0.0) as kai:
            assert first(kai, e.BegunOffline).fingerprint == relay.ready["fingerprint"]
            assert "refused" in first(kai, e.Offline).why
            kai.send("lea", text)

    for text in ("text 0", "text 1"):
        with pytest.raises(StillQueued):
            write(text)
    with (
        client("kai", relay, tmp_path, offline=True) as kai,
        relaying(tmp_path, port=relay.port),
        client("lea", relay, tmp_path) as lea,
    ):
        assert [first(lea, e.Message).text for _ in range(2)] == ["text 0", "text 1"]
        assert not first(kai, e.Ready).again
        kai.finish(FAILURE_S)
        assert [each for each in kai.events(0.0) if isinstance(each, e.Ready)] == []


def test_a_known_relay_whose_name_nobody_knows_now_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with relaying(tmp_path) as relay:
        known = Client(
            "ned", f"localhost:{relay.port}", ca=relay.ca, home=tmp_path / "ned", offline=True
        )
        with known as ned:
            assert first(ned, e.Ready).name == "ned"

    def forget(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", forget)
    with known as ned:
        assert "Cannot reach localhost" in first(ned, e.Offline).why


def test_what_is_typed_at_once_goes_to_the_relay_that_a_ca_vouches_for(tmp_path: Path) -> None:
    with relaying(tmp_path / "before") as before, client("oda", before, tmp_path):
        pass
    with (
        relaying(tmp_path / "after", port=before.port) as after,
        client("pia", after, tmp_path) as pia,
    ):
        oda = client("oda", after, tmp_path, offline=True).open()
        try:
            oda.send("pia", "written before the connection")
            oda.start()
            assert first(pia, e.Message).text == "written before the connection"
        finally:
            oda.close()


def test_nothing_but_absence_lets_a_program_begin_without_its_relay(tmp_path: Path) -> None:
    with relaying(tmp_path / "relay") as relay, client("mia", relay, tmp_path):
        pass
    stranger = client("new", relay, tmp_path, offline=True)
    with pytest.raises(Unreachable, match="refused"), stranger:
        pytest.fail("it was never let in")
    elsewhere = Client("mia", "127.0.0.1:1", ca=relay.ca, home=tmp_path / "mia", offline=True)
    with pytest.raises(Unreachable, match="refused"), elsewhere:
        pytest.fail("it was never let in there")
    pinned = Client("mia", relay.address, pin=WRONG_PIN, home=tmp_path / "mia", offline=True)
    with pytest.raises(Unreachable, match="refused"), pinned:
        pytest.fail("another relay is meant")
    with relaying(tmp_path / "other", port=relay.port):
        for trust, error in (({}, KeyChanged), ({"ca": relay.ca}, Untrusted)):
            known = Client("mia", relay.address, home=tmp_path / "mia", offline=True, **trust)
            with pytest.raises(error), known:
                pytest.fail("somebody else answers there")
