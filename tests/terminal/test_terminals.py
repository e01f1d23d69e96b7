"""Each kind of terminal that people have shows the chat, and is as before when it is over."""

import os
import pty
import re
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import Client, Relay, chatting, relaying
from tests.terminal.full_screen import on_full_screen
from tests.terminal.seat import CTRL_C, ENTER

MODE = re.compile(rb"\x1b\[\?([0-9;]+)([hl])")
COLOUR = re.compile(rb"\x1b\[(?:[0-9;]*;)?(?:[34][0-8]|9[0-7]|10[0-7])[;m]")
ON_AT_FIRST = {"7", "12", "25"}
"""Long lines are broken; the cursor blinks, and is seen."""

FULL, LINES = True, False
TERMINALS: list[tuple[str, dict[str, str], bool]] = [
    ("xterm-256color", {"COLORTERM": "truecolor"}, FULL),
    ("xterm-256color", {}, FULL),
    ("xterm-256color", {"NO_COLOR": "1"}, FULL),
    ("xterm-256color", {"LANG": "C"}, FULL),
    ("xterm", {}, FULL),
    ("screen", {}, FULL),
    ("screen-256color", {}, FULL),
    ("tmux-256color", {}, FULL),
    ("linux", {}, FULL),
    ("vt100", {}, FULL),
    ("no-such-terminal", {}, FULL),
    ("dumb", {}, LINES),
    ("", {}, LINES),
]


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    with relaying(tmp_path_factory.mktemp("relay")) as relay:
        yield relay


@pytest.fixture(scope="module")
def bea(relay: Relay, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with chatting(tmp_path_factory.mktemp("bea"), "--name", "bea", *relay.flags) as bea:
        bea.expect("ready")
        yield bea


def fresh_attributes() -> list[object]:
    """Return what the kernel does with the keys of a new terminal."""
    master, slave = pty.openpty()
    try:
        return termios.tcgetattr(slave)
    finally:
        os.close(master)
        os.close(slave)


def changed_modes(raw: bytes) -> set[str]:
    """Return the modes of a terminal that are not as they were at first."""
    last = {
        mode: switch == b"h"
        for modes, switch in MODE.findall(raw)
        for mode in modes.decode().split(";")
    }
    return {mode for mode, is_on in last.items() if is_on != (mode in ON_AT_FIRST)}


@pytest.mark.parametrize(("number", "terminal"), list(enumerate(TERMINALS)))
def test_a_terminal_shows_the_chat_and_is_as_before_when_that_is_over(
    relay: Relay,
    bea: Client,
    tmp_path: Path,
    number: int,
    terminal: tuple[str, dict[str, str], bool],
) -> None:
    (term, environ, kind), name = terminal, f"abe{number}"
    flags = ("--name", name, *relay.flags)
    with on_full_screen(*flags, home=tmp_path, term=term, environ=environ) as abe:
        abe.see("You are in #lobby")
        abe.press(f"/msg bea hello{ENTER}")
        assert bea.expect("message", **{"from": name})["text"] == "hello"
        bea.types(f"/msg {name} häuser und 日本")
        abe.see("häuser und 日")
        abe.press("half of a")
        abe.see("half of a")
        abe.press(CTRL_C)
        if kind == FULL:
            abe.see_no("half of a")
            abe.press(CTRL_C)
        abe.see("Press Ctrl-C again to leave")
        abe.press(CTRL_C)
        assert abe.finish() == 0
        assert abe.attributes == fresh_attributes()
    assert (b"\x1b[?1049h" in abe.raw) == kind
    assert bool(COLOUR.search(abe.raw)) == (kind == FULL and "NO_COLOR" not in environ)
    assert changed_modes(abe.raw) == set()
    assert abe.raw.count(b"\x1b[>25u") == abe.raw.count(b"\x1b[<u")  # keys told apart
    if kind == LINES:
        assert b"\x1b" not in abe.raw


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_no_theme_has_colours_where_none_are_wanted(
    relay: Relay, tmp_path: Path, theme: str
) -> None:
    (tmp_path / "config.toml").write_text(f'[client]\ntheme = "{theme}"\n')
    environ, flags = {"NO_COLOR": "1"}, ("--name", f"{theme}-ada", *relay.flags)
    with on_full_screen(*flags, home=tmp_path, environ=environ) as ada:
        ada.see("You are in #lobby")
    assert b"\x1b[?1049h" in ada.raw
    assert not COLOUR.search(ada.raw)
