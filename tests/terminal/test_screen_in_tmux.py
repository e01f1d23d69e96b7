"""The full screen in a real tmux: what is copied, and what calls for attention."""

import base64
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from securechat import Client as Bot
from securechat.client.input.fitting import TEXT_MAX_BYTES
from securechat.text import safe_text
from tests.hostile_texts import CONTROLS, REORDERING, TRICKS
from tests.processes import Relay, relaying
from tests.terminal.tmux import HAS_TMUX, Pane, Tmux, in_tmux

UNFINISHED = (
    "\U0001f468\u200d", "\U0001f600\u200d " * 40, "x\u200d", "`\u200d`\u2764 \u200d",
    "\u2764\ufe0f\u200d", "**a\u200d**", "\U0001f3fd\U0001f3fd", "\U0001f1e9" * 65, "\u0301",
    "\u0928\u093f" * 60, "\u3248" * 90,
)  # fmt: skip
"""What a terminal may wait for the rest of, or draws narrower than others."""

OWN_ROW = re.compile(r".{25}│(?:\d\d:\d\d[ ▸]| {6}|───| *$)")
"""Behind the side pane of a screen of 161 columns."""

pytestmark = pytest.mark.skipif(not HAS_TMUX, reason="there is no tmux on this machine")

ESCAPE = "\x1b"
COPIED = (
    "one\nand a second line",
    "\x1b]0;owned\x07\x1b[2J\u202eand the title",
    "\x1b]52;c;aGk=\x07 \x9b31m \x9d52;c;aGk=\x9c \x90tmux;\x1b\x1b]0;x\x07\x9c, to tmux",
    "a long one".rjust(TEXT_MAX_BYTES, "x"),
)
"""The last one is as long as a message can be."""


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[Relay]:
    with relaying(tmp_path / "relay") as relay:
        yield relay


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[Tmux]:
    with in_tmux(tmp_path / "tmux") as tmux:
        yield tmux


@pytest.fixture
def mallory(relay: Relay, tmp_path: Path) -> Iterator[Bot]:
    with Bot("mallory", relay.address, ca=relay.ca, home=tmp_path / "mallory") as bot:
        yield bot


def seat(tmux: Tmux, relay: Relay, home: Path, peer: str) -> Pane:
    """Seat tia, who writes to a peer."""
    tia = tmux.client("--name", "tia", "--peer", peer, *relay.flags, home=home)
    tia.see("Type a message to")
    return tia


def choose(pane: Pane, beginning: str) -> None:
    """Choose the newest message, which begins so."""
    pane.see(beginning)
    pane.press(ESCAPE)
    pane.see(f"▸mallory: {beginning}")


def test_what_is_copied_is_in_a_buffer_and_in_the_terminal_around(
    relay: Relay, tmux: Tmux, mallory: Bot, tmp_path: Path
) -> None:
    tia = seat(tmux, relay, tmp_path / "tia", "mallory")
    tmux("set-option", "-s", "set-clipboard", "on")
    mallory.send("tia", "hello")
    mallory.send("tia", "nothing special")
    choose(tia, "nothing special")
    with tmux.around() as around:
        around.see(b"nothing special")
        for number, text in enumerate(COPIED, 1):
            mallory.send("tia", text)
            tia.see(text[-9:])
            tia.press("jy")
            tia.wait_until("a buffer", lambda n=number: tmux("list-buffers").count("\n") == n)
            expected = safe_text(text, multiline=True)
            assert tmux("show-buffer") == expected
            assert not CONTROLS.search(expected)
            assert not REORDERING.search(expected)
            around.see(base64.b64encode(expected.encode()))


def test_no_text_changes_a_cell_of_another_row(
    relay: Relay, tmux: Tmux, mallory: Bot, tmp_path: Path
) -> None:
    tia = seat(tmux, relay, tmp_path / "tia", "mallory")
    for number, text in enumerate((*UNFINISHED, *TRICKS)):
        mallory.send("tia", text)
        mallory.send("tia", f"number {number}.")
        tia.see(f"number {number}.")
        _, *rows, _typed, _status, _ = tmux("capture-pane", "-p", "-t", "chat:0.0").split("\n")
        assert not [row for row in rows if not OWN_ROW.match(row)]


def test_as_tmux_is_at_first_nothing_is_copied_and_that_may_be_so(
    relay: Relay, tmux: Tmux, mallory: Bot, tmp_path: Path
) -> None:
    tia = seat(tmux, relay, tmp_path / "tia", "mallory")
    mallory.send("tia", "hello")
    mallory.send("tia", "nothing special")
    choose(tia, "nothing special")
    tia.press("y")
    tia.see("Copied, if this terminal lets a program do so")
    assert tmux("list-buffers") == ""


@pytest.mark.parametrize(
    ("terminal", "sequence"),
    [
        ("osc9", b"\x1b]9;Message from mallory\x07"),
        ("osc777", b"\x1b]777;notify;securechat;Message from mallory\x07"),
    ],
)
def test_a_message_out_of_sight_is_told_to_the_terminal_around(
    relay: Relay, tmux: Tmux, mallory: Bot, tmp_path: Path, terminal: str, sequence: bytes
) -> None:
    home = tmp_path / "tia"
    home.mkdir()
    settings = f'[client.notify]\nterminal = "{terminal}"\n'
    (home / "config.toml").write_text(settings, encoding="utf-8")
    seat(tmux, relay, home, "nobody")
    tmux("set-option", "-g", "allow-passthrough", "on")
    with tmux.around() as around:
        around.see(b"nobody")
        mallory.send("tia", "come and see")
        around.see(sequence)
        assert b"come and see" not in around.raw


def test_a_message_out_of_sight_marks_the_window(
    relay: Relay, tmux: Tmux, mallory: Bot, tmp_path: Path
) -> None:
    tia = seat(tmux, relay, tmp_path / "tia", "nobody")
    tmux("new-window", "-t", "chat", "cat")
    assert tmux("list-windows", "-F", "#{window_bell_flag}") == "0\n0\n"
    mallory.send("tia", "come and see")
    tia.wait_until(
        "the bell's mark",
        lambda: tmux("list-windows", "-F", "#{window_bell_flag}") == "1\n0\n",
    )
