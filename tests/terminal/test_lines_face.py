"""The chat in lines on a real terminal."""

import os
import signal
import time

import pytest

from securechat.client import events as e
from securechat.errors import KeyChanged
from tests.pure.faces.sample_events import message, peer_ready, ready
from tests.terminal.terminal import CTRL_C, CTRL_D, ENTER, Terminal

HINT = "Press Ctrl-C again to leave."


def said(text: str, sender: str = "bob") -> e.Message:
    return message(text, sender, trust=e.Trust.NEW)


def entered(terminal: Terminal) -> Terminal:
    """Return the terminal after the log-in."""
    assert terminal.next_call() == ("start",)
    terminal.tell(ready(), peer_ready(), e.PresenceChanged("bob", True))
    terminal.see("[SERVER] bob joined the chat!", "bob (new) >")
    return terminal


def test_a_conversation() -> None:
    with Terminal() as terminal:
        entered(terminal)
        terminal.press("hello" + ENTER)
        assert terminal.next_call() == ("send", "bob", "hello")
        terminal.tell(e.Sent("id1", "bob"), e.Accepted("id1", "bob"), e.People(("alice", "bob")))
        terminal.see("bob (new) > hello", "Connected now: alice, bob.", "bob (new) >")


def test_a_line_being_typed_survives_what_comes_in() -> None:
    with Terminal() as terminal:
        entered(terminal)
        terminal.press("see you at ")
        terminal.see("bob (new) > see you at")
        terminal.tell(e.PresenceChanged("bob", False), e.PresenceChanged("bob", True))
        terminal.see(
            "[SERVER] bob left the chat!",
            "[SERVER] bob joined the chat!",
            "bob (new) > see you at",
        )
        terminal.press("noon" + ENTER)
        assert terminal.next_call() == ("send", "bob", "see you at noon")
        terminal.see("bob (new) > see you at noon", "bob (new) >")


def test_nobody_gets_what_is_being_typed_by_writing_first() -> None:
    with Terminal(peer="") as terminal:
        assert terminal.next_call() == ("start",)
        terminal.tell(ready())
        terminal.see("    more.", ">")
        terminal.press("for carol")
        terminal.see("> for carol")
        terminal.tell(said("hi", "mallory"))
        terminal.see_text("[1 from mallory] > for carol")
        terminal.press(ENTER)
        terminal.see_text("Nobody is chosen to write to, nothing was sent")
        terminal.tell(said("hello?", "mallory"))
        terminal.see("You are writing to mallory now.", "mallory (new) >")


def test_a_line_longer_than_the_screen_is_wide_survives_too() -> None:
    with Terminal() as terminal:
        entered(terminal)
        terminal.press("x" * 200)
        terminal.see("bob (new) > " + "x" * 68, "x" * 80, "x" * 52)
        terminal.tell(e.PresenceChanged("bob", False))
        terminal.see("[SERVER] bob left the chat!", "bob (new) > " + "x" * 68, "x" * 80, "x" * 52)


def test_fast_typing_in_a_storm_of_events_loses_and_tears_nothing() -> None:
    text = "the quick brown fox jumps over the lazy dog"
    with Terminal() as terminal:
        entered(terminal)
        for number, letter in enumerate(text):
            terminal.tell(e.People((f"early{number}",)), e.People((f"late{number}",)))
            terminal.press(letter)
        last = f"Connected now: late{len(text) - 1}."
        terminal.see(last, f"bob (new) > {text}")
        told = [line for line in terminal.history if line.startswith("Connected now")]
        assert told == [
            f"Connected now: {when}{number}."
            for number in range(len(text))
            for when in ("early", "late")
        ]
        start = terminal.history.index("[SERVER] bob joined the chat!")
        assert terminal.history[start + 1 : -1] == told
        terminal.press(ENTER)
        assert terminal.next_call() == ("send", "bob", text)


def test_a_message_longer_than_the_screen_is_wide_is_indented() -> None:
    with Terminal() as terminal:
        entered(terminal)
        terminal.tell(e.People(tuple(f"person{number}" for number in range(12))))
        terminal.wait_until(lambda: terminal.lines[-2].startswith("    person"))


def test_lines_typed_ahead_are_messages_of_their_own() -> None:
    with Terminal() as terminal:
        entered(terminal)
        terminal.press(f"one{ENTER}two{ENTER}three{ENTER}")
        calls = [terminal.next_call() for _ in range(3)]
        assert calls == [("send", "bob", text) for text in ("one", "two", "three")]
        terminal.see("bob (new) > one", "bob (new) > two", "bob (new) > three", "bob (new) >")


@pytest.mark.parametrize("newline", ["\n", "\r", "\r\n"])
def test_a_paste_of_several_lines_is_one_message(newline: str) -> None:
    with Terminal() as terminal:
        entered(terminal)
        terminal.paste(newline.join(["one", "  two", "", "/quit"]))
        terminal.see_text("/quit")
        terminal.press(ENTER)
        assert terminal.next_call() == ("send", "bob", "one\n  two\n\n/quit")


@pytest.mark.parametrize("report", ["\x1b[31m", "\x1b[1;31m", "\x1b[<0;5;5M", "\x1b[5;1R"])
def test_an_escape_sequence_in_what_is_typed_is_dropped(report: str) -> None:
    with Terminal() as terminal:
        entered(terminal)
        terminal.press(f"abc {report}red")
        terminal.see("[SERVER] bob joined the chat!", "bob (new) > abc red")
        terminal.press(ENTER)
        assert terminal.next_call() == ("send", "bob", "abc red")


def test_ctrl_c_clears_the_line_and_leaves_when_pressed_twice() -> None:
    with Terminal() as terminal:
        entered(terminal)
        terminal.press("never mind")
        terminal.see("bob (new) > never mind")
        terminal.press(CTRL_C)
        terminal.see(HINT, "bob (new) >")
        terminal.press("oh")
        terminal.see(HINT, "bob (new) > oh")
        terminal.press(CTRL_C)
        terminal.see(HINT, HINT, "bob (new) >")
        terminal.press(CTRL_C)
        assert terminal.next_call() == ("stop", 0.5)
        assert terminal.end() == 0
        assert terminal.echoes


@pytest.mark.parametrize("keys", [CTRL_D, f"/quit{ENTER}"])
def test_leaving(keys: str) -> None:
    with Terminal() as terminal:
        entered(terminal)
        assert not terminal.echoes
        terminal.press(keys)
        assert terminal.next_call() == ("stop", 0.5)
        assert terminal.end() == 0
        assert terminal.echoes


def test_leaving_with_something_queued() -> None:
    with Terminal(queued=1) as terminal:
        entered(terminal)
        terminal.press(f"hello{ENTER}{CTRL_D}")
        assert terminal.end() == 7
        terminal.see_text("Handing over what waits")
        terminal.see_text("1 message is still queued for bob")


def test_ctrl_c_while_leaving_does_not_wait_any_longer() -> None:
    with Terminal(face="stuck", queued=1) as terminal:
        entered(terminal)
        terminal.press(f"hello{ENTER}{CTRL_D}")
        terminal.see_text("Handing over what waits, at most 600 s")
        calls = [terminal.next_call() for _ in range(2)]
        assert calls[-1] == ("stop", 600.0)
        terminal.press(CTRL_C)
        assert terminal.next_call() == ("stop", 0.0)
        terminal.tell(said("too late"))
        assert terminal.end() == 7
        assert "Traceback" not in terminal.raw.decode()


def test_the_error_that_ends_the_engine_ends_the_prompt() -> None:
    with Terminal() as terminal:
        entered(terminal)
        terminal.press("half a li")
        terminal.see("bob (new) > half a li")
        terminal.tell(
            e.PeerKeyChanged("bob", "aaaa", "bbbb"),
            e.Ended(KeyChanged("The key of bob has changed", "ask bob")),
        )
        assert terminal.end() == 4
        terminal.see_text("[WARNING] THE KEY OF bob HAS CHANGED")
        terminal.see_text("The key of bob has changed")
        assert terminal.echoes


def test_without_a_peer_the_first_who_writes_is_the_conversation() -> None:
    with Terminal(peer="") as terminal:
        assert terminal.next_call() == ("start",)
        terminal.tell(ready())
        terminal.see_text("Write with /msg NAME text")
        terminal.see(">")
        terminal.tell(said("hello"))
        assert terminal.next_call() == ("talk_to", "bob")
        terminal.see("You are writing to bob now.", "bob (new) >")


def test_in_the_lobby_the_prompt_counts_what_comes_elsewhere() -> None:
    with Terminal(peer="#lobby") as terminal:
        assert terminal.next_call() == ("start",)
        terminal.tell(ready(), e.RoomNews("#lobby", e.RoomChange.ENTERED))
        terminal.see_text("You are in #lobby, an open room")
        now_ms = time.time_ns() // 1_000_000
        terminal.tell(
            message("hi", room="#ops", time_ms=now_ms),
            message("one", time_ms=now_ms),
            message("two", room="#lobby", time_ms=now_ms),
        )
        terminal.see(
            "[#ops] bob (new): hi", "bob: one", "[#lobby] bob: two",
            "#lobby [1 in #ops, 1 from bob] >",
        )  # fmt: skip
        terminal.press(f"/msg #ops hello{ENTER}")
        assert terminal.next_call() == ("send", "#ops", "hello")
        terminal.see("You are writing to #ops now.", "#ops [1 from bob] >")


def test_messages_that_call_for_attention_ring_but_not_each() -> None:
    with Terminal() as terminal:
        entered(terminal)
        terminal.tell(message("quiet"))
        terminal.see_text("quiet")
        assert b"\a" not in terminal.raw
        terminal.tell(*(message(f"number {n}", alert=True) for n in range(12)))
        terminal.see_text("number 11")
        assert 0 < terminal.raw.count(b"\a") < 12


def test_a_kill_leaves_the_terminal_as_it_was() -> None:
    with Terminal() as terminal:
        entered(terminal)
        terminal.press("half a li")
        terminal.see("bob (new) > half a li")
        os.kill(terminal.process.pid, signal.SIGTERM)
        assert terminal.end() == 143
        assert terminal.echoes


@pytest.mark.parametrize(
    ("environ", "colored"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "vt100"}, True)]
)
def test_colour(environ: dict[str, str], colored: bool) -> None:
    with Terminal(environ) as terminal:
        entered(terminal)
        assert (b"\x1b[36m" in terminal.raw) is colored


def test_a_terminal_without_unicode_gets_ascii() -> None:
    with Terminal({"PYTHONIOENCODING": "ascii"}) as terminal:
        entered(terminal)
        terminal.tell(e.PeerReady("bob", e.Trust.VERIFIED, "aaaa", False))
        terminal.see("bob is verified (key aaaa).", "bob (verified) >")


def test_a_dumb_terminal_gets_no_prompt_and_no_escape_sequence() -> None:
    with Terminal({"TERM": "dumb"}) as terminal:
        assert terminal.next_call() == ("start",)
        terminal.tell(ready(), said("hello"))
        terminal.see_text("bob (")
        terminal.press("hi\n")
        assert terminal.next_call() == ("send", "bob", "hi")
        terminal.press(CTRL_C)
        terminal.see_text(HINT)
        terminal.press(CTRL_C)
        assert terminal.end() == 0
        assert b"\x1b" not in terminal.raw
