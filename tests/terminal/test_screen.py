"""People whose chat has the whole terminal: what they see, what they type, and how it ends."""

import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Protocol

import pytest

from tests.processes import Relay, chatting, relaying
from tests.terminal.full_screen import LEFT, on_full_screen
from tests.terminal.seat import CTRL_Q, ENTER
from tests.terminal.tmux import HAS_TMUX, in_tmux

NEW_LINE, F1, ESCAPE = "\n", "\x1bOP", "\x1b"
NEEDS_TMUX = pytest.mark.skipif(not HAS_TMUX, reason="there is no tmux on this machine")


class Seat(Protocol):
    """A client that has the whole of a terminal, whichever that is."""

    def press(self, keys: str) -> None: ...

    def see(self, text: str) -> None: ...

    def finish(self) -> int: ...


Seats = Callable[[Relay, Path], AbstractContextManager[tuple[Seat, Seat]]]
"""Seats two people who write to each other."""


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    with relaying(tmp_path_factory.mktemp("relay")) as relay:
        yield relay


def flags(relay: Relay, name: str, peer: str) -> tuple[str, ...]:
    return ("--name", name, "--peer", peer, *relay.flags)


@contextmanager
def two_terminals(relay: Relay, tmp_path: Path) -> Iterator[tuple[Seat, Seat]]:
    with (
        on_full_screen(*flags(relay, "ann", "ben"), home=tmp_path / "ann") as ann,
        on_full_screen(*flags(relay, "ben", "ann"), home=tmp_path / "ben") as ben,
    ):
        yield ann, ben


@contextmanager
def two_panes(relay: Relay, tmp_path: Path) -> Iterator[tuple[Seat, Seat]]:
    with in_tmux(tmp_path / "tmux") as tmux:
        yield (
            tmux.client(*flags(relay, "tia", "tom"), home=tmp_path / "tia"),
            tmux.client(*flags(relay, "tom", "tia"), home=tmp_path / "tom"),
        )


@pytest.mark.parametrize("seats", [two_terminals, pytest.param(two_panes, marks=NEEDS_TMUX)])
def test_two_people_talk(relay: Relay, tmp_path: Path, seats: Seats) -> None:
    with seats(relay, tmp_path) as (one, other):
        for seat in (one, other):
            seat.see("Type a message to")
        one.press(f"hello there{ENTER}")
        other.see("hello there")
        one.press(f"/edit hello again{ENTER}")
        other.see("edited): hello again")
        other.press(f"this has{NEW_LINE}two lines{ENTER}")
        one.see("two lines")
        one.press(f"/me waves{ENTER}")
        other.see("waves")
        other.press(F1)
        other.see("Ctrl-K Go to another conversation")
        other.press(ESCAPE)
        other.see("waves")
        one.press(CTRL_Q)
        assert one.finish() == 0
        other.see("left the chat!")
        other.press(f"/quit{ENTER}")
        assert other.finish() == 0


def test_what_is_typed_while_it_starts_is_sent_as_ever(relay: Relay, tmp_path: Path) -> None:
    with (
        chatting(tmp_path / "eve", *flags(relay, "eve", "ira")) as eve,
        on_full_screen(*flags(relay, "ira", "eve"), home=tmp_path / "ira") as ira,
    ):
        ira.press(f"hello there{ENTER}and two{ENTER}and thr")
        assert [eve.expect("message")["text"] for _ in range(2)] == ["hello there", "and two"]
        ira.see_input("and thr")
        ira.press(f"ee{NEW_LINE}lines{ENTER}")
        assert eve.expect("message")["text"] == "and three\nlines"


def test_what_is_typed_survives_every_size_of_the_terminal(relay: Relay, tmp_path: Path) -> None:
    with (
        chatting(tmp_path / "bea", *flags(relay, "bea", "abe")) as bea,
        on_full_screen(*flags(relay, "abe", "bea"), home=tmp_path / "abe") as abe,
    ):
        abe.see("bea (new)")
        typed = ""
        sizes = ((40, 15), (132, 43), (80, 24), (24, 6), (80, 24))
        for word, (columns, rows) in zip(
            ("all ", "of ", "this ", "is ", "kept"), sizes, strict=True
        ):
            typed += word
            abe.press(word)
            abe.see_input(word.strip())  # so the size before has been noticed
            abe.resize(columns, rows)
        abe.see_input(typed)
        abe.wait_until("the title", lambda: abe.rows[0].startswith("bea · E2E"))
        abe.press(ENTER)
        assert bea.expect("message")["text"] == typed


def test_no_keystroke_is_lost_while_the_relay_is_away(tmp_path: Path) -> None:
    place = tmp_path / "relay"
    with ExitStack() as stack:
        relay = stack.enter_context(relaying(place))
        bea = stack.enter_context(chatting(tmp_path / "bea", *flags(relay, "bea", "abe")))
        abe = stack.enter_context(
            on_full_screen(*flags(relay, "abe", "bea"), home=tmp_path / "abe")
        )
        abe.see("bea (new)")
        abe.press("hel")
        relay.process.signal(signal.SIGKILL)
        abe.press("lo")
        abe.see("no connection")
        abe.press(f"{ENTER}and a dra")
        abe.see_input("and a dra")
        stack.enter_context(relaying(place, port=relay.port))
        abe.press("ft")
        assert bea.expect("message")["text"] == "hello"
        abe.see_input("and a draft")
        abe.press(ENTER)
        assert bea.expect("message")["text"] == "and a draft"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_gives_the_terminal_back(
    relay: Relay, tmp_path: Path, number: signal.Signals
) -> None:
    name = f"abe{number}"
    with on_full_screen(*flags(relay, name, "bea"), home=tmp_path) as abe:
        abe.see("bea")
        abe.press("typed")
        abe.see_input("typed")
        assert not abe.echoes
        abe.process.send_signal(number)
        assert abe.finish() == 128 + number
        assert LEFT.encode() in abe.raw
        assert abe.echoes


def test_what_was_being_typed_is_there_after_a_restart(relay: Relay, tmp_path: Path) -> None:
    command = flags(relay, "cal", "dee")
    with on_full_screen(*command, home=tmp_path) as cal:
        cal.see("dee")
        cal.press("half of a sen")
        cal.see_input("half of a sen")
        cal.press(CTRL_Q)
        assert cal.finish() == 0
    with on_full_screen(*command, home=tmp_path) as cal:
        cal.see_input("half of a sen")


def test_the_end_of_a_chat_that_never_began_is_told_below_the_shell(
    relay: Relay, tmp_path: Path
) -> None:
    with relaying(tmp_path / "gone") as gone:
        pass
    with on_full_screen("--name", "ann", *gone.flags, home=tmp_path / "ann") as ann:
        assert ann.finish() == 3
        after = ann.raw.rpartition(LEFT.encode())[2].decode()
        assert "securechat: Cannot reach" in after
        assert "\n  try: " in after.replace("\r", "")
