"""What ``securechat send`` and ``securechat listen`` say and keep when something goes wrong."""

import json
import os
import signal
from pathlib import Path

import pytest

from tests.processes import Relay, relaying, run, running
from tests.sockets.scripting.person import (
    DONE,
    FAILED,
    LIMIT,
    REFUSED,
    TIMED_OUT,
    UNREACHABLE,
    UNTRUSTED,
    USAGE,
    Person,
    kinds,
    texts,
)

NO_TIMES = ("0", "-1", "nan", "inf", "1e30", "1000001")


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
