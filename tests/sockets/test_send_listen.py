"""``securechat send`` and ``securechat listen``, alone and beside a running client."""

import json
import os
import re
import signal
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from securechat.client.profile import Profile
from securechat.faces.scripting.requests import SendRequest, encode_request
from securechat.identity.names import parse_name
from securechat.transport.local_dial import LocalConnection, dial_local
from securechat.transport.local_socket import MAX_SESSIONS
from tests.processes import (
    FAILURE_S,
    Client,
    Event,
    JsonProcess,
    Process,
    Relay,
    chatting,
    relaying,
    run,
    running,
)

NO_TIMES = ("0", "-1", "nan", "inf", "1e30", "1000001")
DONE, FAILED, USAGE, UNREACHABLE, UNTRUSTED, LIMIT, REFUSED, TIMED_OUT = range(8)


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    with relaying(tmp_path_factory.mktemp("relay")) as relay:
        yield relay


class Person:
    """A name, a home, and the commands of whoever has both."""

    def __init__(self, name: str, relay: Relay, directory: Path) -> None:
        self.name = name
        self.relay = relay
        self.home = directory / name
        self.flags = ("--name", name, *relay.flags)

    @property
    def profile(self) -> Path:
        return self.home / "profiles" / self.name

    def send(self, *arguments: str, stdin: str = "") -> tuple[int, str, str]:
        return run("send", *arguments, *self.flags, home=self.home, stdin=stdin)

    def listen(self, *arguments: str) -> tuple[int, str, str]:
        return run("listen", *arguments, *self.flags, home=self.home)

    @contextmanager
    def sending(self, *arguments: str) -> Iterator[Process]:
        with running("send", *arguments, *self.flags, home=self.home) as process:
            yield process

    @contextmanager
    def listening(self, *arguments: str) -> Iterator[JsonProcess]:
        """Run ``listen --json`` until the block ends; it is connected when the block begins."""
        process = JsonProcess(("listen", "--json", *arguments, *self.flags), self.home)
        try:
            process.expect("ready")
            yield process
        finally:
            process.close()

    @contextmanager
    def chatting(self, *arguments: str) -> Iterator[Client]:
        """Run ``client --json`` until the block ends; it is connected when the block begins."""
        with chatting(self.home, *arguments, *self.flags) as client:
            client.expect("ready")
            yield client


@pytest.fixture
def alice(relay: Relay, tmp_path: Path, request: pytest.FixtureRequest) -> Person:
    return Person(f"alice{abs(hash(request.node.name)) % 10**9}", relay, tmp_path)


@pytest.fixture
def bob(relay: Relay, tmp_path: Path, request: pytest.FixtureRequest) -> Person:
    return Person(f"bob{abs(hash(request.node.name)) % 10**9}", relay, tmp_path)


def kinds(stdout: str) -> list[str]:
    objects = [json.loads(line) for line in stdout.splitlines()]
    assert all(found["v"] == 1 for found in objects)
    return [found["event"] for found in objects]


def texts(events: list[Event]) -> list[str]:
    return [event["text"] for event in events if event["event"] == "message"]


# Alone ----------------------------------------------------------------------------------------


def test_a_message_is_accepted_without_a_word(alice: Person, bob: Person) -> None:
    with bob.listening() as listening:
        assert alice.send(bob.name, "-m", "hello") == (DONE, "", "")
        message = listening.expect("message")
        assert (message["from"], message["text"]) == (alice.name, "hello")


@pytest.mark.parametrize("wait", ["sent", "accepted", "delivered"])
def test_the_states_are_told_as_far_as_one_waits(alice: Person, bob: Person, wait: str) -> None:
    with bob.listening("--from", alice.name) as listening:
        status, stdout, stderr = alice.send(bob.name, "-m", "hello", "--wait", wait, "--json")
        assert (status, stderr) == (DONE, "")
        states = ["sent", "accepted", "delivered"]
        assert kinds(stdout) == states[: states.index(wait) + 1]
        sent = [json.loads(line) for line in stdout.splitlines()]
        assert {found["id"] for found in sent} == {listening.expect("message")["id"]}
        assert {found["to"] for found in sent} == {bob.name}


def test_all_of_stdin_is_one_message(alice: Person, bob: Person) -> None:
    with bob.listening() as listening:
        assert alice.send(bob.name, stdin="one\n\ntwo\n")[0] == DONE
        assert listening.expect("message")["text"] == "one\n\ntwo"
        assert alice.send(bob.name, "-m", "-", stdin="three\n")[0] == DONE
        assert listening.expect("message")["text"] == "three"
        assert alice.send(bob.name, "-m", "/quit\n")[0] == DONE
        assert listening.expect("message")["text"] == "/quit\n"


def test_one_message_is_one_entry_and_commands_no_terminal(alice: Person, bob: Person) -> None:
    hostile = "\x1b]0;title\x07red\x1b[31m\u202e\nmallory: fake"
    with running("listen", "--count", "1", *bob.flags, home=bob.home) as listening:
        assert alice.send(bob.name, "-m", hostile)[0] == DONE
        assert listening.finish() == DONE
        first, second, end = (listening.read_line() for _ in range(3))
        assert first is not None
        assert first.startswith(f"{alice.name}: ")
        assert not set(first) & set("\x1b\x07\u202e")
        assert (second, end) == ("    mallory: fake", None)
        assert listening.stderr == ""


def test_nobody_of_that_name_yet_times_out_and_the_message_goes_out_later(
    alice: Person, bob: Person
) -> None:
    status, stdout, stderr = alice.send(bob.name, "-m", "early", "--timeout", "1", "--json")
    assert status == TIMED_OUT
    assert json.loads(stdout)["code"] == "still-queued"
    assert "waits in your outbox" in stderr
    with bob.listening() as listening, alice.listening():
        assert listening.expect("message")["text"] == "early"


def test_what_comes_while_one_sends_is_kept_for_the_next_listen(alice: Person, bob: Person) -> None:
    with alice.listening():
        pass  # she has been here, and can be written to
    assert bob.send(alice.name, "-m", "are you there?")[0] == DONE
    with bob.listening() as at_bob:
        assert alice.send(bob.name, "-m", "hello")[0] == DONE
        at_bob.expect("message", text="hello")
        while not unread(alice):  # it may have come too late for the first one
            assert alice.send(bob.name, "-m", "hello")[0] == DONE
    assert alice.listen("--count", "1")[:2] == (DONE, f"{bob.name}: are you there?")
    assert not unread(alice)


def unread(person: Person) -> bool:
    with Profile(person.home, parse_name(person.name), tuple) as profile:
        return any(kind == "unread" for kind, _ in profile.state.load())


def test_what_count_and_from_leave_out_is_shown_by_the_next_one(
    relay: Relay, alice: Person, bob: Person, tmp_path: Path
) -> None:
    carol = Person(bob.name.replace("bob", "carol"), relay, tmp_path)
    with alice.listening("--from", carol.name) as listening:
        for number in range(3):
            assert bob.send(alice.name, "-m", f"bob {number}")[0] == DONE
        assert carol.send(alice.name, "-m", "carol")[0] == DONE
        assert listening.expect("message")["text"] == "carol"
        listening.signal(signal.SIGTERM)
        assert listening.finish() == 143
        assert texts(listening.read_rest()) == []
    for number in range(2):
        assert alice.listen("--count", "1")[:2] == (DONE, f"{bob.name}: bob {number}")
    with alice.chatting() as client:
        client.ends_typing()
        assert client.finish() == DONE
    assert texts(client.read_rest()) == ["bob 2"]
    assert alice.listen("--timeout", "0.5")[0] == TIMED_OUT


def test_a_listen_that_hears_enough_in_its_time_is_done(alice: Person, bob: Person) -> None:
    with (
        running("listen", "--timeout", "4", *bob.flags, home=bob.home) as some,
        running("listen", "--timeout", "4", "--count", "2", *alice.flags, home=alice.home) as few,
    ):
        assert alice.send(bob.name, "-m", "one")[0] == DONE
        assert bob.send(alice.name, "-m", "one")[0] == DONE
        assert some.finish() == DONE
        assert few.finish() == TIMED_OUT
        assert "1 of the messages" in few.stderr


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["INT", "TERM"]
)
def test_a_listen_ends_when_it_is_told_to(bob: Person, number: signal.Signals, status: int) -> None:
    with bob.listening() as listening:
        listening.signal(number)
        assert listening.finish() == status
        assert listening.stderr == ""
    assert not (bob.profile / "control").exists()


def test_what_nobody_reads_any_more_is_kept(alice: Person, bob: Person) -> None:
    reading, writing = os.pipe()
    with running("listen", "--json", *bob.flags, home=bob.home, stdout=writing) as listening:
        os.close(writing)
        with os.fdopen(reading) as pipe:
            assert json.loads(pipe.readline())["event"] == "ready"
        assert alice.send(bob.name, "-m", "hello")[0] == DONE
        assert listening.finish() == DONE
        assert listening.stderr == ""
    assert bob.listen("--count", "1")[:2] == (DONE, f"{alice.name}: hello")


# Read ------------------------------------------------------------------------------------------


def get_acquainted(alice: Person, bob: Person) -> None:
    """Let Bob have keys on the relay, and know Alice, who writes to him."""
    with bob.listening("--from", alice.name) as listening:
        assert alice.send(bob.name, "-m", "first", "--wait", "delivered")[0] == DONE
        listening.expect("message")


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


# What goes wrong ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "stdin", "cause"),
    [
        (("-m", ""), "", "nothing to send"),
        ((), "", "nothing to send"),
        (("-m", "ä" * 4097), "", "8,194 bytes"),
        ((), "x" * 8193, "8,193 bytes"),
        ((), "x" * 20_000, "8,192 bytes"),
        (("hello",), "", "unexpected extra argument"),
        (("-m", "x", "--wait", "seen"), "", "--wait"),
        *((("-m", "x", "--timeout", time), "", "--timeout") for time in NO_TIMES),
        (("-m", "x", "--file", "y"), "", "--file"),
    ],
)
def test_what_cannot_be_sent_is_a_usage_error(
    alice: Person, arguments: tuple[str, ...], stdin: str, cause: str
) -> None:
    status, stdout, stderr = alice.send("bob", *arguments, stdin=stdin)
    assert (status, stdout) == (USAGE, ""), stderr
    assert cause in stderr
    assert not alice.profile.exists()


def test_the_largest_message_is_sent(alice: Person, bob: Person) -> None:
    with bob.listening() as listening:
        assert alice.send(bob.name, stdin="x" * 8192)[0] == DONE
        assert listening.expect("message")["text"] == "x" * 8192


def test_a_name_that_nobody_can_have(alice: Person) -> None:
    assert alice.send("no one", "-m", "x")[0] == REFUSED
    assert alice.listen("--from", "no one")[0] == REFUSED
    assert alice.send(alice.name, "-m", "x")[0] == USAGE
    assert run("send", "bob", "-m", "x", home=alice.home)[0] == USAGE  # and nobody is asked


def test_a_relay_that_cannot_be_reached(alice: Person) -> None:
    pin = f"sha256:{'0' * 64}"
    flags = ("--name", "alice", "--server", "127.0.0.1:1", "--pin", pin)
    status, stdout, _ = run("send", "bob", "-m", "x", "--json", *flags, home=alice.home)
    assert status == UNREACHABLE
    assert json.loads(stdout)["code"] == "unreachable"
    assert run("listen", *flags, home=alice.home)[0] == UNREACHABLE


def test_a_relay_that_nobody_vouches_for(relay: Relay, alice: Person) -> None:
    flags = ("--name", "alice", "--server", relay.address)
    assert run("send", "bob", "-m", "x", *flags, home=alice.home)[0] == UNTRUSTED
    assert run("listen", *flags, home=alice.home)[0] == UNTRUSTED


def test_a_name_that_somebody_else_has(relay: Relay, alice: Person, tmp_path: Path) -> None:
    with alice.listening():
        pass
    flags = ("--name", alice.name, *relay.flags)
    assert run("send", "bob", "-m", "x", *flags, home=tmp_path / "other")[0] == REFUSED
    assert run("listen", *flags, home=tmp_path / "other")[0] == REFUSED


def test_nothing_is_sent_to_a_changed_key(tmp_path: Path) -> None:
    """The relay has forgotten everybody, and Mallory has taken Bob's name."""
    with relaying(tmp_path) as relay:
        alice, bob = (Person(name, relay, tmp_path) for name in ("alice", "bob"))
        with bob.listening():
            assert alice.send("bob", "-m", "hello")[0] == DONE
    with relaying(tmp_path, "--data", str(tmp_path / "emptied"), port=relay.port) as relay:
        mallory = Person("bob", relay, tmp_path / "mallory")
        with mallory.listening() as listening:
            for _ in range(2):
                status, stdout, stderr = alice.send("bob", "-m", "secret", "--json")
                assert status == UNTRUSTED
                assert json.loads(stdout.splitlines()[-1])["code"] == "key-changed"
                assert "sent" not in kinds(stdout)
                assert "CHANGED" in stderr
            with alice.chatting() as client:
                assert alice.send("bob", "-m", "secret")[0] == UNTRUSTED
                assert client.running
            listening.signal(signal.SIGTERM)
            listening.finish()
            assert texts(listening.read_rest()) == []


def test_a_full_mailbox(tmp_path: Path) -> None:
    with relaying(tmp_path, "--mailbox-messages", "4") as relay:
        alice, bob = (Person(name, relay, tmp_path) for name in ("alice", "bob"))
        with bob.listening():
            pass  # he is away, and one sender may fill a quarter of his mailbox
        assert alice.send("bob", "-m", "one")[0] == DONE
        status, stdout, stderr = alice.send("bob", "-m", "two", "--timeout", "1", "--json")
        assert status == LIMIT
        assert json.loads(stdout.splitlines()[-1])["code"] == "limit"
        assert "your message waits here" in stderr
        with bob.listening() as listening, alice.listening():
            assert [listening.expect("message")["text"] for _ in range(2)] == ["one", "two"]


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["INT", "TERM"]
)
def test_a_send_that_is_interrupted_has_kept_its_message(
    alice: Person, bob: Person, number: signal.Signals, status: int
) -> None:
    with bob.listening():
        pass
    with alice.sending(bob.name, "-m", "hello", "--wait", "delivered", "--json") as sending:
        assert json.loads(sending.read_line() or "")["event"] == "sent"
        sending.signal(number)
        assert sending.finish() == status
        assert f"interrupted; the message to {bob.name} was taken" in sending.stderr
        assert sending.stderr.count("\n") == 1
    with bob.listening() as listening, alice.listening():
        assert listening.expect("message")["text"] == "hello"


def test_a_refused_text_is_not_sent_when_the_known_key_is_back(tmp_path: Path) -> None:
    with relaying(tmp_path) as relay:
        alice, bob = (Person(name, relay, tmp_path) for name in ("alice", "bob"))
        with bob.listening():
            assert alice.send("bob", "-m", "hello")[0] == DONE
    mallory = Person("bob", relay, tmp_path / "mallory")
    emptied = ("--data", str(tmp_path / "emptied"))
    with relaying(tmp_path, *emptied, port=relay.port), mallory.listening():
        assert alice.send("bob", "-m", "secret")[0] == UNTRUSTED
        with alice.chatting() as client:
            assert alice.send("bob", "-m", "secret")[0] == UNTRUSTED
            client.ends_typing()
            client.finish()
            assert "not sent" not in str(client.read_rest())  # that is not the client's affair
        status, _, stderr = alice.listen("--from", "bob", "--timeout", "1")
        assert status == UNTRUSTED
        assert "The key of bob has CHANGED" in stderr
        with alice.chatting("--peer", "bob") as client:
            client.expect("key-changed")
            assert alice.listen("--from", "bob", "--timeout", "1")[0] == UNTRUSTED
    with relaying(tmp_path, port=relay.port), bob.listening() as at_bob:
        assert alice.send("bob", "-m", "for you")[0] == DONE  # nobody had to decide anything
        at_bob.expect("message", text="for you")
        assert alice.listen("--from", "bob", "--timeout", "1")[0] == TIMED_OUT


@pytest.mark.parametrize("command", [("listen",), ("client",)])
@pytest.mark.parametrize("form", [(), ("--json",)])
def test_nothing_is_lost_in_a_closed_output(
    alice: Person, bob: Person, command: tuple[str, ...], form: tuple[str, ...]
) -> None:
    with bob.listening():
        pass
    assert alice.send(bob.name, "-m", "hello")[0] == DONE
    closing = ("sh", "-c", 'exec "$@" >&-', "sh")
    with (
        alice.listening(),
        running(*command, *form, *bob.flags, home=bob.home, prefix=closing) as closed,
    ):
        assert closed.finish() == FAILED
        assert "output is closed" in closed.stderr
        assert bob.listen("--count", "1")[1] == f"{alice.name}: hello"


@pytest.mark.parametrize("command", [("listen", "--json"), ("client", "--json"), ("client",)])
def test_what_a_killed_reader_has_not_read_is_shown_again(
    alice: Person, bob: Person, command: tuple[str, ...]
) -> None:
    """Nobody reads the pipe: most of what was accepted is still in the process when it dies."""
    texts_sent = [f"{number:02}{'z' * 8000}" for number in range(18)]  # a stranger may 20
    reading, writing = os.pipe()
    with (
        alice.chatting("--peer", bob.name) as client,
        running(*command, *bob.flags, home=bob.home, stdout=writing) as reader,
    ):
        os.close(writing)
        client.types(*texts_sent)
        for _ in texts_sent:
            client.expect("accepted")
        reader.signal(signal.SIGKILL)
        reader.finish()
        with os.fdopen(reading) as pipe:
            read = pipe.read()
        shown = read + bob.listen("--timeout", "1")[1]
        assert [text for text in texts_sent if text[:20] not in read]
        assert [text for text in texts_sent if text[:20] not in shown] == []


def test_the_name_is_remembered(relay: Relay, alice: Person) -> None:
    with alice.listening() as listening:
        assert listening.running
    status, _, stderr = run("send", "bob", "-m", "x", "--timeout", "0.5", home=alice.home)
    assert status == TIMED_OUT, stderr


def test_a_send_that_waits_serves_the_others(alice: Person, bob: Person) -> None:
    with (
        alice.sending("nobody", "-m", "x", "--timeout", "50") as waiting,
        bob.listening() as at_bob,
    ):
        assert alice.send(bob.name, "-m", "one")[0] == DONE
        assert at_bob.expect("message")["text"] == "one"
        with alice.listening("--count", "1") as listening:
            assert bob.send(alice.name, "-m", "two")[0] == DONE
            assert listening.expect("message")["text"] == "two"
            assert listening.finish() == DONE
        assert bob.send(alice.name, "-m", "three")[0] == DONE
        assert alice.listen("--count", "1")[1] == f"{bob.name}: three"
        assert alice.send(bob.name, "-m", "four")[0] == DONE
        waiting.signal(signal.SIGTERM)
        waiting.finish()
    assert not alice.listen("--timeout", "0.5")[1]  # the others have shown all of it


# Beside a running client ----------------------------------------------------------------------


def test_a_message_is_sent_by_the_running_client(alice: Person, bob: Person) -> None:
    with alice.chatting() as client, bob.listening("--from", alice.name) as listening:
        status, stdout, stderr = alice.send(
            bob.name, "--wait", "delivered", "--json", stdin="one\ntwo"
        )
        assert (status, stderr) == (DONE, "")
        assert kinds(stdout) == ["sent", "accepted", "delivered"]
        assert listening.expect("message")["text"] == "one\ntwo"
        client.expect("delivered")


def test_a_listen_beside_the_client_is_a_tee(alice: Person, bob: Person) -> None:
    with (
        bob.chatting() as client,
        bob.listening() as one,
        bob.listening("--from", "somebody") as none,
        bob.listening("--count", "1") as other,
    ):
        for text in ("hello", "again"):
            assert alice.send(bob.name, "-m", text)[0] == DONE
        for process in (client, one):
            assert [process.expect("message")["text"] for _ in range(2)] == ["hello", "again"]
        assert other.expect("message")["text"] == "hello"
        assert other.finish() == DONE
        assert none.running
        client.ends_typing()
        assert client.finish() == DONE
        assert alice.send(bob.name, "-m", "and on")[0] == DONE
        one.expect("message", text="and on")  # it has opened the profile itself
        assert texts(none.unread) == []


def test_send_works_beside_listen(alice: Person, bob: Person) -> None:
    with alice.listening("--from", bob.name) as at_alice, bob.listening("--from", alice.name):
        assert bob.send(alice.name, "-m", "ping", "--wait", "delivered")[0] == DONE
        assert at_alice.expect("message")["text"] == "ping"
        assert alice.send(bob.name, "-m", "pong", "--wait", "delivered")[0] == DONE
        assert at_alice.running


def test_a_listen_and_a_send_that_start_together(alice: Person, bob: Person) -> None:
    with (
        bob.listening() as at_bob,
        running("listen", "--count", "1", *alice.flags, home=alice.home) as listening,
        alice.sending(bob.name, "-m", "hello") as sending,
    ):
        assert sending.finish() == DONE
        assert at_bob.expect("message")["text"] == "hello"
        assert bob.send(alice.name, "-m", "hello")[0] == DONE
        assert listening.finish() == DONE


def test_twenty_sends_at_once_arrive_once_each(alice: Person, bob: Person) -> None:
    numbers = [str(number) for number in range(20)]
    with bob.chatting("--peer", alice.name) as at_bob, alice.chatting(), ExitStack() as stack:
        sends = [
            stack.enter_context(alice.sending(bob.name, "-m", number, "--timeout", "50"))
            for number in numbers
        ]
        assert [send.finish(50) for send in sends] == [DONE] * 20
        received = [at_bob.expect("message")["text"] for _ in numbers]
        assert sorted(received, key=int) == numbers
        assert alice.send(bob.name, "-m", "last")[0] == DONE
        assert at_bob.expect("message")["text"] == "last"


def test_three_sends_at_once_without_a_client_take_turns(alice: Person, bob: Person) -> None:
    with bob.listening() as at_bob, ExitStack() as stack:
        sends = [
            stack.enter_context(alice.sending(bob.name, "-m", str(number))) for number in range(3)
        ]
        assert [send.finish() for send in sends] == [DONE] * 3
        assert sorted(at_bob.expect("message")["text"] for _ in range(3)) == ["0", "1", "2"]


def test_beside_a_client_too_the_message_waits_for_its_recipient(
    alice: Person, bob: Person
) -> None:
    with alice.chatting() as client:
        status, _, stderr = alice.send(bob.name, "-m", "early", "--timeout", "0.5")
        assert status == TIMED_OUT
        assert "waits in your outbox" in stderr
        with alice.sending(bob.name, "-m", "soon", "--timeout", "50") as sending:
            client.expect("waiting", name=bob.name)
            with bob.listening() as at_bob:
                assert sending.finish() == DONE
                assert [at_bob.expect("message")["text"] for _ in range(2)] == ["early", "soon"]


def test_a_client_that_ends_first_says_what_became_of_the_message(
    alice: Person, bob: Person
) -> None:
    with (
        alice.chatting() as client,
        alice.sending(bob.name, "-m", "early", "--timeout", "50", "--json") as sending,
    ):
        client.expect("waiting", name=bob.name)
        client.signal(signal.SIGTERM)
        client.finish()
        assert sending.finish() == TIMED_OUT
        assert json.loads(sending.read_line() or "")["code"] == "still-queued"
    with bob.listening() as at_bob, alice.listening():
        assert at_bob.expect("message")["text"] == "early"


def test_a_killed_client_leaves_nothing_in_the_way(alice: Person, bob: Person) -> None:
    with alice.chatting() as client:
        client.signal(signal.SIGKILL)
        client.finish()
    place = Path((alice.profile / "control").read_text())
    assert place.exists()
    with bob.listening() as at_bob:
        assert alice.send(bob.name, "-m", "hello")[0] == DONE
        at_bob.expect("message", text="hello")
        with alice.listening() as listening:
            assert alice.send(bob.name, "-m", "again")[0] == DONE
            listening.signal(signal.SIGTERM)
            listening.finish()
    assert not place.exists()  # what was left is cleared away


def test_a_client_on_another_relay_is_not_used(alice: Person) -> None:
    with alice.chatting():
        status, _, stderr = run(
            *("send", "bob", "-m", "x", "--name", alice.name, "--server", "127.0.0.1:1"),
            home=alice.home,
        )
        assert status == FAILED
        assert alice.relay.address in stderr


def test_what_the_relay_has_to_show_is_checked_beside_a_client_too(alice: Person) -> None:
    with alice.chatting():
        for command in (("send", "bob", "-m", "x"), ("listen", "--timeout", "1")):
            for flags, expected in (
                (("--pin", f"sha256:{'0' * 64}"), UNTRUSTED),
                (("--pin", alice.relay.ready["pin"]), TIMED_OUT),
                (("--ca", "/nowhere/ca.pem"), FAILED),
                (("--ca", str(alice.home / "config.toml")), FAILED),
            ):
                arguments = (*command, "--timeout", "0.5", "--name", alice.name, *flags)
                status, _, stderr = run(*arguments, home=alice.home)
                assert status == expected, (arguments, stderr)


def test_without_a_client_that_answers_the_profile_is_busy(alice: Person) -> None:
    with alice.chatting():
        (alice.profile / "control").unlink()
        for command in (("send", "bob", "-m", "x"), ("listen",)):
            status, _, stderr = run(*command, "--timeout", "0.3", *alice.flags, home=alice.home)
            assert status == FAILED
            assert "open in another securechat command" in stderr


def test_nobody_else_can_reach_the_running_client(alice: Person) -> None:
    with alice.chatting():
        note = alice.profile / "control"
        place = Path(note.read_text())
        assert stat.S_IMODE(note.stat().st_mode) == 0o600
        assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
        assert place.parent == alice.profile or re.fullmatch(
            r"securechat-\w{8,}", place.parent.name
        )
        place.parent.chmod(0o755)
        try:
            status, _, stderr = alice.send("bob", "-m", "secret")
        finally:
            place.parent.chmod(0o700)
        assert status == UNTRUSTED
        assert "not yours alone" in stderr


def test_whoever_garbles_or_keeps_silent_disturbs_nobody(alice: Person, bob: Person) -> None:
    with alice.chatting() as client, bob.listening() as at_bob, ExitStack() as stack:
        place = Path((alice.profile / "control").read_text())

        def dial() -> LocalConnection:
            connection = dial_local(place)
            assert connection is not None
            return stack.enter_context(connection)

        for line in (
            b"\xff\x1b",
            b"{}",
            b"x" * 100_000,
            encode_request(SendRequest("no one", "x")),
        ):
            garbling = dial()
            garbling.write_line(line)
            greeting, error = (json.loads(garbling.read_line(FAILURE_S)) for _ in range(2))
            assert (greeting["event"], error["event"]) == ("ready", "error")
        silent = [dial() for _ in range(MAX_SESSIONS)]
        client.types("/who")
        client.expect("room-people")
        assert alice.send(bob.name, "-m", "x", "--timeout", "0.5")[0] == FAILED
        silent[0].close()
        assert alice.send(bob.name, "-m", "hello")[0] == DONE
        assert at_bob.expect("message")["text"] == "hello"


def test_a_long_way_to_the_temporary_files_is_survived(alice: Person, tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 100)
    deep.mkdir()
    flags = alice.flags
    with chatting(alice.home, *flags, env={"TMPDIR": str(deep)}) as client:
        client.expect("ready")
        client.types("/who")
        client.expect("room-people")
        assert not (alice.profile / "control").exists()
        assert list(deep.iterdir()) == []
