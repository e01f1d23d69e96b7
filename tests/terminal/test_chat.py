"""People at terminals of 80 by 24: the whole chat, as they see it."""

import re
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.processes import Relay, relaying, run
from tests.terminal.seat import CTRL_C, CTRL_D, ENTER, Terminal, sitting_at


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    with relaying(tmp_path_factory.mktemp("relay")) as relay:
        yield relay


@contextmanager
def talking(
    relay: Relay, tmp_path: Path, one: str, other: str
) -> Iterator[tuple[Terminal, Terminal]]:
    """Seat two people who can write to each other."""
    with ExitStack() as stack:
        seats = [
            stack.enter_context(
                sitting_at("client", "--name", me, "--peer", you, *relay.flags, home=tmp_path / me)
            )
            for me, you in ((one, other), (other, one))
        ]
        for seat, you in zip(seats, (other, one), strict=True):
            seat.see_last(f"{you} (new) >")
        yield seats[0], seats[1]


def test_two_people_talk(relay: Relay, tmp_path: Path) -> None:
    with talking(relay, tmp_path, "alice", "bob") as (alice, bob):
        alice.see("You are alice on 127.0.0.1:")
        alice.see("Messages are end-to-end encrypted.")
        alice.enter("hello bob")
        bob.see_last("alice: hello bob", "alice (new) >")
        bob.enter("hällo älice 🙂")
        alice.see("bob: hällo älice")
        alice.enter("/quit")
        assert alice.finish() == 0
        bob.see("[SERVER] alice left the chat!")
        bob.press(CTRL_D)
        assert bob.finish() == 0
    command = ("client", "--name", "alice", "--peer", "bob", *relay.flags)
    with sitting_at(*command, home=tmp_path / "alice") as alice:
        alice.see("The last 2 messages with bob:")
        alice.see("You are alice")
        above = alice.text.partition("You are alice")[0]
        assert re.search(r"alice to bob \(\d\d:\d\d, (accepted|delivered)\): hello bob", above)
        assert re.search(r"bob \(\d\d:\d\d\): hällo älice", above)
        alice.enter("/search HALLO from:bob")
        alice.see("Found 1 message:")
        alice.enter("/keep 0")
        alice.see("Messages with bob are not kept here.")
        alice.enter("/history")
        alice.see("No messages with bob are kept here.")


def test_what_comes_in_does_not_tear_the_line_being_typed(relay: Relay, tmp_path: Path) -> None:
    with talking(relay, tmp_path, "ann", "ben") as (ann, ben):
        ann.press("half of a sen")
        ann.see_last("ben (new) > half of a sen")
        for number in range(30):
            ben.enter(f"message {number}")
        ann.see_last("ben: message 29", "ben (new) > half of a sen")
        ann.enter("tence")
        ben.see("ann: half of a sentence")
        ann.see("half of a sentence")
        shown = [line for line in ann.lines if line.startswith("ben: ")]
        assert shown == [f"ben: message {number}" for number in range(30)]
        assert [line for line in ann.lines if "half" in line] == ["ben (new) > half of a sentence"]


def test_two_people_see_the_same_emoji(relay: Relay, tmp_path: Path) -> None:
    with talking(relay, tmp_path, "gina", "hugo") as (gina, hugo):
        gina.enter("/verify hugo emoji")
        hugo.see("gina wants to compare emoji with you")
        hugo.enter("/verify gina emoji")
        for seat in (gina, hugo):
            seat.see("The same on both sides: /match")
        compared = []
        for seat in (gina, hugo):
            seen = seat.text.partition("by voice or in person:")[2]
            compared.append(seen.partition("The same on both")[0])
        assert compared[0] == compared[1] != ""
        gina.enter("/match")
        gina.see("Now hugo has to say so too")
        hugo.enter("/match")
        gina.see("hugo is verified now")
        hugo.see("gina is verified now")


def test_the_commands(relay: Relay, tmp_path: Path) -> None:
    with talking(relay, tmp_path, "cleo", "dirk") as (cleo, dirk):
        cleo.enter("/help")
        cleo.see("/verify [NAME [emoji|qr]]: compare digits with NAME")
        cleo.enter("/who")
        cleo.see("Connected now: cleo, dirk")
        digits = []
        for seat in (cleo, dirk):
            seat.enter("/verify")
            seat.see("nobody is in between")
            digits.append(re.findall(r"\d{5}", seat.text.partition("Safety number with")[2]))
        assert digits[0] == digits[1]
        assert len(digits[0]) == 12
        cleo.enter("/dance")
        cleo.see("There is no command /dance")
        cleo.enter("/msg dirk by name")
        dirk.see("cleo: by name")
        assert not any("/dance" in line for line in dirk.lines)


def test_ctrl_c_leaves_when_pressed_twice(relay: Relay, tmp_path: Path) -> None:
    command = ("client", "--name", "eva", *relay.flags)
    with sitting_at(*command, home=tmp_path) as eva:
        eva.see("You are eva")
        eva.see("/who says who is there.")  # the last that comes by itself
        eva.press("never mind")
        eva.see_last("#lobby > never mind")
        eva.press(CTRL_C)
        eva.see_last("Press Ctrl-C again to leave.", "#lobby >")
        eva.press(CTRL_C)
        assert eva.finish() == 0


def test_a_terminal_that_goes_away_ends_the_client(relay: Relay, tmp_path: Path) -> None:
    with sitting_at("client", "--name", "fay", *relay.flags, home=tmp_path) as fay:
        fay.see("You are fay")
        fay.process.send_signal(signal.SIGHUP)
        assert fay.finish() == 128 + signal.SIGHUP


def test_waiting_for_somebody_who_is_not_there_yet(relay: Relay, tmp_path: Path) -> None:
    gil = ("client", "--name", "gil", "--peer", "Hal", *relay.flags)
    with sitting_at(*gil, home=tmp_path / "gil") as waiting:
        waiting.see("Waiting for Hal, who has not been here yet.")
        waiting.see_last("Hal (waiting) >")
        waiting.enter("are you there?")
        waiting.see("1 message waits for Hal.")
        hal = ("client", "--name", "hal", "--peer", "gil", *relay.flags)
        with sitting_at(*hal, home=tmp_path / "hal") as coming:
            coming.see("gil: are you there?")
            waiting.see("[SERVER] Hal joined the chat!")
            waiting.see_last("hal (new) >")


def test_an_unknown_relay_is_asked_about_once(relay: Relay, tmp_path: Path) -> None:
    command = ("client", "--name", "ida", "--server", relay.address)
    with sitting_at(*command, home=tmp_path) as ida:
        ida.see(f"Its fingerprint is {relay.ready['fingerprint']}")
        ida.enter("n")
        assert ida.finish() == 4
        ida.see("is not known here")
    with sitting_at(*command, home=tmp_path) as ida:
        ida.see("Trust it?")
        ida.enter("hello everybody")
        ida.see("that is neither: type y for yes, or n for no")
        ida.enter("y")
        ida.see("You are ida")
    with sitting_at("client", home=tmp_path) as ida:
        ida.see("You are ida")
        assert not any("Trust it?" in line for line in ida.lines)


def test_what_was_typed_before_a_question_is_no_answer(relay: Relay, tmp_path: Path) -> None:
    with sitting_at("client", "--server", relay.address, home=tmp_path) as ida:
        ida.see("Enter your nickname")
        ida.press(f"ida{ENTER}y{ENTER}")
        ida.see("Trust it?")
        ida.enter("n")
        assert ida.finish() == 4


def test_what_was_typed_for_a_chat_that_cannot_begin_is_not_for_the_shell(tmp_path: Path) -> None:
    shell = ("sh", "-c", '"$@"; echo "it has ended"; cat', "sh")
    with sitting_at("client", "--server", "127.0.0.1:1", home=tmp_path, prefix=shell) as ida:
        ida.see("Enter your nickname")
        ida.press(f"ida{ENTER}halt{ENTER}")
        ida.see("it has ended")
        ida.enter("for the shell")
        ida.see_last("for the shell", "for the shell")
        ida.press(CTRL_D)
        assert ida.finish() == 0
        assert ida.text.count("halt") == 1  # the terminal has shown it when it was typed


def test_the_commands_of_the_card(tmp_path: Path) -> None:
    """In one directory and one home, as one user types them; the port is the only setting."""
    config = tmp_path / "config.toml"
    config.write_text("[server]\nport = 0\n")
    assert run("gen-certs", home=tmp_path)[0] == 0
    with sitting_at("server", home=tmp_path) as server:
        server.see("Ctrl-C stops the relay.")
        listening = re.search(r"127\.0\.0\.1:\d+", server.text)
        assert listening is not None
        config.write_text(f'[client]\nserver = "{listening[0]}"\n')
        with (
            sitting_at("client", "--peer", "Bob", home=tmp_path) as alice,
            sitting_at("client", "--peer", "Alice", home=tmp_path) as bob,
        ):
            for seat, name in ((alice, "Alice"), (bob, "Bob")):
                seat.see("Enter your nickname")
                seat.enter(name)
                seat.see(f"You are {name}")
            server.see("[SERVER] Nickname of client is Alice")
            server.see("[SERVER] Bob joined the chat!")
            alice.enter("no question but my name")
            bob.see("no question but my name")
        with sitting_at("client", "--peer", "Alice", home=tmp_path) as again:
            again.see("You are Bob")
        server.press(CTRL_C)
        assert server.finish() == 0
        server.see("[SERVER] Stopped.")
