"""``securechat send`` and ``securechat listen``, with nobody beside them."""

import json
import os
import signal
from pathlib import Path

import pytest

from tests.processes import Relay, running
from tests.sockets.scripting.person import DONE, TIMED_OUT, Person, kinds, texts, unread


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
