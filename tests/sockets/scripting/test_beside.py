"""``securechat send`` and ``securechat listen`` beside a running client, and beside each other."""

import json
import re
import signal
import stat
from contextlib import ExitStack
from pathlib import Path

from securechat.faces.scripting.requests import SendRequest, encode_request
from securechat.transport.local_dial import LocalConnection, dial_local
from securechat.transport.local_socket import MAX_SESSIONS
from tests.processes import FAILURE_S, chatting, run, running
from tests.sockets.scripting.person import DONE, FAILED, TIMED_OUT, UNTRUSTED, Person, kinds, texts


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
