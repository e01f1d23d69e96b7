"""A peer who cleans nothing, and somebody whose chat has the whole terminal.

Whatever the peer sends, it stands on rows of its own, behind columns that are ours: no other cell
of the screen changes, and no byte reaches the terminal that is not one of ours.
"""

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import pyte
import pytest

from securechat import Client as Bot
from securechat.client import events as e
from securechat.text import safe_text
from tests.processes import FAILURE_S, Relay, relaying
from tests.terminal.full_screen import FullScreen, on_full_screen
from tests.terminal.seat import CTRL_Q, ENTER
from tests.terminal.test_hostile_text import CONTROLS, REORDERING, TOPICS, TRICKS

SEQUENCES = re.compile(
    rb"\x1b(?:"
    rb"\[\?(?:1049|25|1004|2004|7)[hl]"  # the other screen, cursor, focus, pastes, long lines
    rb"|\[\?(?:2026|2048)\$p"  # what the terminal can do
    rb"|\[>25u|\[<u"  # keys are told apart, and no more
    rb"|\]22;default\x07"  # the pointer of the mouse looks as ever
    rb"|\[\d+;\d+H|\[\d+G"  # where the next cells are
    rb"|\[[0-9;]*m"  # how text looks
    rb"|\[K"  # nothing to the end of the row
    rb")"
)
"""All that a terminal is ever told by the full screen, but for what the user copies."""

COPIED = re.compile(rb"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07")
JOINERS = ("\u200d".encode(), "\ufe0f".encode())
SIDE_COLUMNS, GUTTER_COLUMNS = 20, 6
USUAL, SMALL = (80, 24, SIDE_COLUMNS), (40, 15, 0)
"""Columns, rows, and how wide the side pane is then."""

Cells = list[list[str]]


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[Relay]:
    with relaying(tmp_path / "relay") as relay:
        yield relay


@dataclass
class Poor:
    """What a terminal shows of a seat that draws each character of an emoji by itself."""

    seat: FullScreen
    columns: int
    rows: int
    _screen: pyte.Screen = field(init=False)
    _shown: int = 0

    def __post_init__(self) -> None:
        self._screen = pyte.Screen(self.columns, self.rows)
        self._stream = pyte.ByteStream(self._screen)

    def cells(self) -> Cells:
        """Return what is in each cell, row by row."""
        piece = self.seat.raw[self._shown :].rpartition(b"\x1b")[0]  # no half of a joiner
        self._shown += len(piece)
        for joiner in JOINERS:
            piece = piece.replace(joiner, b"")
        self._stream.feed(piece)
        buffer = self._screen.buffer
        return [[buffer[y][x].data for x in range(self.columns)] for y in range(self.rows)]

    def calm(self, side_columns: int) -> Cells:
        """Return the cells once nothing is counted as unread."""
        self.seat.wait_until(
            "nothing unread",
            lambda: not any(map(str.isdecimal, chain(*around(self.cells(), side_columns)[1:-1]))),
        )
        return self.cells()

    def cells_like(self, calm: Cells, side_columns: int) -> Cells:
        """Return the cells once all are as they were that are not those of the messages."""
        before = around(calm, side_columns)
        self.seat.wait_until(
            "nothing but messages", lambda: around(self.cells(), side_columns) == before
        )
        return self.cells()


def around(cells: Cells, side_columns: int) -> Cells:
    """Return the title, the side pane, the input and the status."""
    return [cells[0], *(row[:side_columns] for row in cells[1:-2]), *cells[-2:]]


@pytest.fixture
def tom(relay: Relay, tmp_path: Path) -> Iterator[FullScreen]:
    with on_full_screen("--name", "tom", *relay.flags, home=tmp_path / "tom") as tom:
        tom.see("You are in #lobby")
        tom.press(f"/notify off{ENTER}")
        tom.see("Notifications are off")
        yield tom


@pytest.fixture
def mallory(relay: Relay, tom: FullScreen, tmp_path: Path) -> Iterator[Bot]:
    home = tmp_path / "mallory"
    with Bot("mallory", relay.address, ca=relay.ca, home=home, lobby=True) as bot:
        assert any(isinstance(event, e.RoomNews) for event in bot.events(FAILURE_S))
        bot.create("#ops")
        bot.invite("#ops", "tom")
        tom.see("invites you to #ops")
        tom.press(f"/join #ops{ENTER}")
        tom.see("You are in #ops, a closed room")
        yield bot


MALLORYS = re.compile(r"\d\d:\d\d[ ▸](?:\* )?mallory(?: \(.*\)?)?(?::| |$|.*…$)")


def check_rows(calm: Cells, frame: Cells, side_columns: int) -> None:
    """Check that each row of the messages says whose it is, or goes on behind our columns."""
    known = {"".join(row[side_columns:]) for row in calm}
    for row in frame[1:-2]:
        shown = "".join(row[side_columns:])
        continues = shown[:GUTTER_COLUMNS].strip() == ""
        assert continues or shown in known or MALLORYS.match(shown), shown


@pytest.mark.parametrize("action", [False, True])
def test_nothing_that_a_peer_sends_leaves_its_own_rows(
    tom: FullScreen, mallory: Bot, action: bool
) -> None:
    columns, rows, side_columns = SMALL if action else USUAL
    tom.resize(columns, rows)
    poor = Poor(tom, columns, rows)
    mallory.send("#ops", "nothing special")
    tom.see("nothing special")
    calm = poor.calm(side_columns)
    for number, text in enumerate(TRICKS):
        mallory.send("#ops", text, action=action)
        mallory.send("#ops", f"number {number}.")
        tom.see(f"number {number}.")
        check_rows(calm, poor.cells_like(calm, side_columns), side_columns)
    check_bytes(tom)


def test_a_topic_stays_in_the_title(tom: FullScreen, mallory: Bot) -> None:
    poor = Poor(tom, 80, 24)
    mallory.send("#ops", "nothing special")
    tom.see("nothing special")
    calm = poor.calm(SIDE_COLUMNS)
    for number, topic in enumerate(TOPICS):
        mallory.topic("#ops", topic)
        mallory.send("#ops", f"topic {number}")
        tom.see(f"topic {number}")
        calm[0] = poor.cells()[0]
        assert "".join(calm[0]).startswith("#ops")
        poor.cells_like(calm, SIDE_COLUMNS)
    check_bytes(tom)


def test_what_is_copied_is_safe(tom: FullScreen, mallory: Bot) -> None:
    texts = ("\x1b]0;owned\x07\x1b[2J\u202eback", "one\ntwo\x1b]52;c;aGk=\x07")
    for number, text in enumerate(texts):
        mallory.send("#ops", text)
        mallory.send("#ops", f"number {number}.")
        tom.see(f"number {number}.")
        tom.press("\x1b")
        tom.see("▸mallory")
        tom.press("ky")
        tom.wait_for_bytes(b"\x1b]52;")
        (copied,) = COPIED.findall(tom.raw)
        assert base64.b64decode(copied).decode() == safe_text(text, multiline=True)
        tom.raw = COPIED.sub(b"", tom.raw)
        tom.press("\x1b")
        tom.wait_until("no message chosen", lambda: "▸mallory" not in tom.text)
    check_bytes(tom)


def check_bytes(tom: FullScreen) -> None:
    """Check that in all its life a terminal got no sequence but ours, and no other control."""
    tom.press(CTRL_Q)
    assert tom.finish() == 0
    rest = SEQUENCES.sub(b"", tom.raw)
    assert b"\x1b" not in rest
    text = rest.decode()
    assert not CONTROLS.search(text.replace("\r\n", "\n"))
    assert not REORDERING.search(text)


NOTICE = re.compile(rb"\x1b\]9;([^\x00-\x1f\x7f;]{1,300})\x07")


def test_a_notice_of_the_terminal_holds_nothing_but_a_text(relay: Relay, tmp_path: Path) -> None:
    home = tmp_path / "tom"
    home.mkdir()
    (home / "config.toml").write_text(
        '[client.notify]\nbell = false\nterminal = "osc9"\nshow_text = true\n', encoding="utf-8"
    )
    with (
        on_full_screen("--name", "tom", "--peer", "mallory", *relay.flags, home=home) as tom,
        Bot("mallory", relay.address, ca=relay.ca, home=tmp_path / "mallory") as mallory,
    ):
        tom.see("Type a message to")
        tom.press("\x1b[O")  # the terminal has lost the focus
        mallory.send("tom", "a\x07b\x1b]52;c;aGk=\x07;c\x1b[2J\u202ed")
        tom.wait_for_bytes(b"\x1b]9;")
        tom.see("mallory")
        (notice,) = NOTICE.findall(tom.raw)
        assert notice.decode().startswith("mallory")
        tom.raw = NOTICE.sub(b"", tom.raw)
        check_bytes(tom)
