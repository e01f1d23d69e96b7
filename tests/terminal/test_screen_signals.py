"""Signals, the shell, and a terminal that goes: all is left in order, and no draft is lost."""

import itertools
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.processes import Relay, relaying
from tests.terminal.full_screen import ENTERED, LEFT, FullScreen, on_full_screen
from tests.terminal.seat import CTRL_C, CTRL_Q, ENTER

CTRL_F, CTRL_K, CTRL_O, CTRL_P, CTRL_Z = "\x06", "\x0b", "\x0f", "\x10", "\x1a"
F1, ESCAPE, ALT_R, ALT_V = "\x1bOP", "\x1b", "\x1br", "\x1bv"
DELETE_WORD, UNDO = "\x17", "\x1f"
NUMBERS = itertools.count()

BACK_AT_ONCE = """
"$@"
echo "STOPPED $(kill -l $?)"
read go
fg > /dev/null
echo "OVER $?"
"""
"""A shell with jobs: what it runs is stopped by Ctrl-Z, and goes on after a line."""


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    with relaying(tmp_path_factory.mktemp("relay")) as relay:
        yield relay


Sit = Callable[..., AbstractContextManager[FullScreen]]


@pytest.fixture
def sit(relay: Relay, tmp_path: Path) -> Sit:
    """Seats somebody, who is always the same in a test, to write to bea."""
    name = f"abe{os.getpid()}-{next(NUMBERS)}"

    @contextmanager
    def seated(typed: str = "this", **options: object) -> Iterator[FullScreen]:
        command = ("--name", name, "--peer", "bea", *relay.flags)
        with on_full_screen(*command, home=tmp_path / name, **options) as seat:
            seat.see("Waiting for bea")
            seat.press(typed)
            seat.see_input("this")
            yield seat

    return seated


def still_chats(seat: FullScreen) -> None:
    seat.see_input("this")
    seat.wait_until("all of it", lambda: b"F1 help" in seat.raw.rpartition(ENTERED.encode())[2])
    seat.press("!")
    seat.see_input("this!")


ENDING = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@pytest.mark.parametrize("number", ENDING)
def test_a_signal_ends_it_as_signals_do(sit: Sit, number: signal.Signals) -> None:
    with sit() as seat:
        assert not seat.echoes
        seat.process.send_signal(number)
        assert seat.finish() == 128 + number
        assert LEFT.encode() in seat.raw
        assert seat.echoes
    with sit(typed="") as seat:
        assert seat.input.endswith("this")


@pytest.mark.parametrize("number", ENDING)
def test_a_signal_before_the_first_frame_gives_the_terminal_back(
    relay: Relay, tmp_path: Path, number: signal.Signals
) -> None:
    name = f"abe{os.getpid()}-{next(NUMBERS)}"
    with on_full_screen("--name", name, *relay.flags, home=tmp_path) as seat:
        seat.wait_until_entered(1)
        seat.process.send_signal(number)
        assert seat.finish() == 128 + number
        assert LEFT.encode() in seat.raw
        assert seat.echoes


def seen_by_who_comes_later(seat: FullScreen) -> bytes:
    """Return what was written to the screen that is there before and after the chat."""
    _, *parts = f"{LEFT}{seat.raw.decode(errors='replace')}".split(LEFT)
    return "".join(part.partition(ENTERED)[0] for part in parts).encode()


@pytest.mark.parametrize("end", [CTRL_Q, signal.SIGTERM])
def test_nothing_of_the_chat_stays_on_the_terminal(sit: Sit, end: str | signal.Signals) -> None:
    with sit() as seat:
        seat.press(ENTER)
        seat.see(": this")
        if isinstance(end, str):
            seat.press(end)
        else:
            seat.process.send_signal(end)
        seat.finish()
        assert b"this" in seat.raw
        left = seen_by_who_comes_later(seat)
        for word in (b"this", b"Waiting for", b"F1 help"):
            assert word not in left


def test_ctrl_c_stays_a_key(sit: Sit) -> None:
    with sit() as seat:
        seat.press(CTRL_C)
        seat.see_no("this")
        seat.press(CTRL_C)
        assert seat.finish() == 0


def test_ctrl_z_gives_the_terminal_to_the_shell_and_fg_takes_it_again(sit: Sit) -> None:
    with sit(prefix=("sh", "-m", "-c", BACK_AT_ONCE, "sh")) as seat:
        seat.press(CTRL_Z)
        seat.see("STOPPED TSTP")
        assert LEFT.encode() in seat.raw
        assert seat.echoes
        assert b"this" not in seen_by_who_comes_later(seat)
        seat.resize(100, 30)
        seat.press(ENTER)
        seat.wait_until_entered(2)
        seat.wait_until("the size", lambda: "F1 help" in seat.rows[29])
        assert not seat.echoes
        still_chats(seat)
        seat.press(CTRL_Q)
        seat.see("OVER 0")
        assert seat.echoes


def test_ctrl_z_without_a_shell_that_could_go_on_stops_nothing(sit: Sit) -> None:
    with sit() as seat:
        seat.press(CTRL_Z)
        still_chats(seat)


def test_who_was_stopped_without_a_word_takes_the_terminal_again(sit: Sit) -> None:
    with sit() as seat:
        for times in range(2, 5):
            seat.process.send_signal(signal.SIGSTOP)
            seat.process.send_signal(signal.SIGCONT)
            seat.wait_until_entered(times)
        still_chats(seat)
        seat.press(CTRL_Q)
        assert seat.finish() == 0
        assert seat.echoes


def test_undo_has_the_key_that_it_has_in_a_shell(sit: Sit) -> None:
    with sit() as seat:
        seat.press(DELETE_WORD)
        seat.see_no("this")
        seat.press(UNDO)
        seat.see_input("this")


def test_bytes_that_are_no_text_end_nothing(sit: Sit) -> None:
    with sit() as seat:
        seat.press_bytes(b"\xe9\xff\x80 \xc3")
        seat.press_bytes(b"\xa9!")
        seat.wait_until("what is text of it", lambda: seat.input.endswith("\u00e9!"))


OVER_THE_CHAT = {
    "the chat": ("", "Waiting for bea"),
    "the messages": (ESCAPE, "Waiting for bea"),
    "help": (F1, "Help"),
    "the switcher": (CTRL_K, "Go to"),
    "search": (f"{CTRL_F}word", "Search: words"),
    "the palette": (CTRL_P, "Do"),
    "what the relay sees": (ALT_R, "relay"),
    "verification": (ALT_V, "bea"),
}


@pytest.mark.parametrize(("keys", "shown"), OVER_THE_CHAT.values(), ids=OVER_THE_CHAT)
@pytest.mark.parametrize("end", ["kill", "hang up"])
def test_an_end_over_any_page_leaves_no_process_and_keeps_the_draft(
    sit: Sit, keys: str, shown: str, end: str
) -> None:
    with sit() as seat:
        seat.press(keys)
        seat.see(shown)
        if end == "kill":
            seat.process.send_signal(signal.SIGTERM)
            assert seat.finish() == 128 + signal.SIGTERM
            assert seat.echoes
        else:
            seat.hang_up()
            assert seat.finish() == 128 + signal.SIGHUP
    with sit(typed="") as seat:
        assert seat.input.endswith("this")


def test_a_terminal_that_goes_ends_it_also_where_no_signal_says_so(sit: Sit) -> None:
    with sit(prefix=("setsid", "--wait")) as seat:
        seat.hang_up()
        assert seat.finish() == 128 + signal.SIGHUP
