"""People whose relay is away when they sit down: they read, and write for later."""

import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.processes import Relay, chatting, relaying, run
from tests.terminal.full_screen import on_full_screen
from tests.terminal.seat import CTRL_Q, ENTER, Terminal, sitting_at
from tests.terminal.tmux import HAS_TMUX, in_tmux

UNTRUSTED, UNREACHABLE, STILL_QUEUED = 4, 3, 7
ANN = ("--name", "ann", "--peer", "ben")


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[Relay]:
    """A relay that is gone, on which ann and ben have met."""
    with relaying(tmp_path / "relay") as relay, ExitStack() as stack:
        ann, ben = (
            stack.enter_context(chatting(tmp_path / me, "--name", me, "--peer", you, *relay.flags))
            for me, you in (("ann", "ben"), ("ben", "ann"))
        )
        ann.types("the key is below the pot")
        ben.expect("message")
        ben.types("then I will find it", "/create #garden")
        ann.expect("message")
        for client in (ann, ben):
            client.ends_typing()
            assert client.finish() == 0
    return relay


def end(seat: Terminal) -> None:
    seat.process.send_signal(signal.SIGTERM)
    assert seat.finish() == 128 + signal.SIGTERM


def test_what_is_written_in_several_runs_without_the_relay_arrives_once_and_in_order(
    relay: Relay, tmp_path: Path
) -> None:
    with on_full_screen(*ANN, home=tmp_path / "ann") as ann:
        ann.see("no connection")
        ann.see("the key is below the pot")
        ann.press(f"one{ENTER}")
        ann.see("1 message waits for ben")
        ann.press(f"/search pot{ENTER}")
        ann.see("1 of 1")
        end(ann)
    with sitting_at("client", *ANN, home=tmp_path / "ann") as ann:
        ann.see("which is not there now")
        ann.see("then I will find it")
        ann.enter("two")
        ann.see("1 message waits for ben")
        status, _, told = run("send", "ben", "-m", "three", "--timeout", "1", home=tmp_path / "ann")
        assert (status, "waits in your outbox" in told) == (STILL_QUEUED, True)
        end(ann)
    with ExitStack() as stack:
        ann = stack.enter_context(on_full_screen(*ANN, home=tmp_path / "ann"))
        ann.see("3 waiting")
        ann.press(f"four{ENTER}and half a se")
        stack.enter_context(relaying(relay.directory, port=relay.port))
        ben = stack.enter_context(chatting(tmp_path / "ben"))
        for text in ("one", "two", "three", "four"):
            assert "missing" not in ben.expect("message", text=text)
        ann.see(f"ann on {relay.address}")
        ann.see_input("and half a se")
        ann.see("ann (delivered): four")
        assert ann.text.count("end-to-end") == 1
        ben.ends_typing()
        assert ben.finish() == 0
        assert [e for e in ben.read_rest() if e["event"] == "message"] == []
        ann.press(CTRL_Q)
        assert ann.finish() == 0


def test_lines_go_on_when_the_relay_comes(relay: Relay, tmp_path: Path) -> None:
    with ExitStack() as stack:
        ann = stack.enter_context(sitting_at("client", *ANN, home=tmp_path / "ann"))
        ann.see("No connection: Cannot reach")
        ann.enter("/who")
        ann.see("[Problem] There is no connection to the relay right now. Try: /who, a bit later")
        ann.enter("/search pot")
        ann.see("Found 1 message:")
        ann.enter("are you there?")
        ann.see("1 message waits for ben")
        stack.enter_context(relaying(relay.directory, port=relay.port))
        ben = stack.enter_context(chatting(tmp_path / "ben"))
        ben.expect("message", text="are you there?")
        ann.see("Your messages to ben have been handed over.")
        assert ann.text.count("You are ann on") == 2
        ann.enter("/quit")
        assert ann.finish() == 0


@pytest.mark.skipif(not HAS_TMUX, reason="there is no tmux on this machine")
def test_in_tmux_too(relay: Relay, tmp_path: Path) -> None:
    with in_tmux(tmp_path / "tmux") as tmux:
        ben = tmux.client("--name", "ben", home=tmp_path / "ben")
        ben.see("no connection")
        ben.see("#garden")
        ben.press(f"/msg #garden only me{ENTER}")
        ben.see("only me")
        with relaying(relay.directory, port=relay.port):
            ben.see(f"ben on {relay.address}")
            ben.press(CTRL_Q)
            assert ben.finish() == 0


def test_somebody_else_at_the_relay_s_address_ends_it(relay: Relay, tmp_path: Path) -> None:
    with on_full_screen(*ANN, home=tmp_path / "ann") as ann:
        ann.see("no connection")
        with relaying(tmp_path / "other", port=relay.port):
            ann.see("The chat has ended")
            ann.see("the key is below the pot")
            ann.press(CTRL_Q)
            assert ann.finish() == UNTRUSTED
    with relaying(tmp_path / "other", port=relay.port):
        for begin in (on_full_screen, sitting_at):
            flags = ANN if begin is on_full_screen else ("client", *ANN)
            with begin(*flags, home=tmp_path / "ann") as ann:
                assert ann.finish() == UNTRUSTED
                assert "which is not there now" not in ann.text


@pytest.mark.parametrize("arguments", [("client", "--json"), ("client", "--plain"), ("listen",)])
def test_programs_are_told_at_once(
    relay: Relay, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    status, _, told = run(*arguments, home=tmp_path / "ann")
    assert (status, "Cannot reach" in told) == (UNREACHABLE, True)


def test_a_relay_that_has_never_let_somebody_in_is_not_waited_for(
    relay: Relay, tmp_path: Path
) -> None:
    with sitting_at("client", "--name", "new", *relay.flags, home=tmp_path / "new") as new:
        assert new.finish() == UNREACHABLE
    elsewhere = ("--server", "127.0.0.1:1", "--ca", str(relay.ca))
    with sitting_at("client", *ANN, *elsewhere, home=tmp_path / "ann") as ann:
        assert ann.finish() == UNREACHABLE
