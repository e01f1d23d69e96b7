"""Somebody on the full screen writes in an editor, which has the terminal until it ends."""

import itertools
import json
import os
import shlex
import shutil
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.processes import Relay, chatting, relaying
from tests.terminal.full_screen import ENTERED, LEFT, FullScreen, on_full_screen
from tests.terminal.seat import CTRL_C, CTRL_Q, ENTER

CTRL_O, CTRL_X = "\x0f", "\x18"
NUMBERS = itertools.count()

DRAWING = """
import curses, json, os, stat, sys

path = sys.argv[-1]
with open(path, "rb") as file:
    text = file.read()
folder = os.path.dirname(path)
seen = {
    "path": path,
    "arguments": sys.argv[1:-1],
    "text": text.decode(),
    "modes": [stat.S_IMODE(os.stat(each).st_mode) for each in (path, folder)],
    "beside": os.listdir(folder),
    "pid": os.getpid(),
}
with open(os.environ["SEEN"], "w") as note:
    json.dump(seen, note)

def edit(window):
    curses.raw()
    window.keypad(True)
    while True:
        height, width = window.getmaxyx()
        window.addstr(0, 0, "EDITING %dx%d " % (width, height))
        window.refresh()
        key = window.getch()
        if key == 24:  # Ctrl-X
            break
        if key == 3:
            window.addstr(1, 0, "CTRL-C IS A KEY")

curses.wrapper(edit)
with open(path, "wb") as file:
    file.write(bytes.fromhex(os.environ.get("WRITES", "")) or text + b" and more")
sys.exit(int(os.environ.get("STATUS", 0)))
"""
"""An editor that draws over the whole terminal until Ctrl-X."""

PLAIN = """
import signal, sys, time

if "stubborn" in sys.argv:
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
try:
    print("PLAIN EDITOR", flush=True)
    for line in sys.stdin:
        print("LINE " + line, flush=True)
    while "stubborn" in sys.argv:
        time.sleep(1)
except KeyboardInterrupt:
    sys.exit(3)
"""
"""An editor of lines, which keys reach as signals."""


@dataclass
class Desk:
    """Somebody whose editor is a program of the test's."""

    seat: FullScreen
    name: str
    directory: Path

    @property
    def seen(self) -> dict[str, Any]:
        """What the editor has seen of its file."""
        seen = json.loads((self.directory / "seen").read_text())
        assert isinstance(seen, dict)
        return seen

    @property
    def left(self) -> list[str]:
        """What is left where the file was."""
        return os.listdir(self.directory / "run")


Sit = Callable[..., AbstractContextManager[Desk]]


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    with relaying(tmp_path_factory.mktemp("relay")) as relay:
        yield relay


@pytest.fixture
def sit(relay: Relay, tmp_path: Path) -> Sit:
    """Seats somebody who has typed ``this`` to bea, and has a program for an editor."""

    @contextmanager
    def seated(program: str = DRAWING, *flags: str, **env: str) -> Iterator[Desk]:
        name = f"abe{os.getpid()}-{next(NUMBERS)}"
        (tmp_path / "run").mkdir()
        (tmp_path / "editor.py").write_text(program)
        editor = shlex.join([sys.executable, str(tmp_path / "editor.py"), *flags])
        given = {
            "VISUAL": editor,
            "EDITOR": "false",
            "SEEN": str(tmp_path / "seen"),
            "XDG_RUNTIME_DIR": str(tmp_path / "run"),
        }
        command = ("--name", name, "--peer", "bea", *relay.flags)
        with on_full_screen(*command, home=tmp_path / name, environ=given | env) as seat:
            seat.see("bea")
            seat.press("this")
            seat.see_input("this")
            yield Desk(seat, name, tmp_path)

    return seated


def still_chats(seat: FullScreen, *, typed: str) -> None:
    """See that the screen has its terminal again: it is drawn, takes keys, and gives it back."""
    seat.see_input(typed)
    assert not seat.echoes
    seat.wait_until("all of it", lambda: b"F1 help" in seat.raw.rpartition(ENTERED.encode())[2])
    seat.press("!")
    seat.see_input(f"{typed}!")
    seat.press(CTRL_Q)
    assert seat.finish() == 0
    assert seat.raw.rstrip().endswith(b"\x1b[?1004l")
    assert seat.echoes


def test_an_editor_has_the_whole_terminal_and_gives_it_back(sit: Sit) -> None:
    with sit(DRAWING, "--flag", "two words") as abe:
        seat = abe.seat
        seat.press(CTRL_O)
        seat.see("EDITING 80x24")
        assert LEFT.encode() in seat.raw
        seat.press(CTRL_C)
        seat.see("CTRL-C IS A KEY")
        seen = abe.seen
        assert (seen["text"], seen["arguments"]) == ("this", ["--flag", "two words"])
        assert seen["modes"] == [0o600, 0o700]
        assert seen["beside"] == ["message.txt"]
        assert Path(seen["path"]).is_relative_to(abe.directory / "run")
        seat.press(CTRL_X)
        still_chats(seat, typed="this and more")
        assert abe.left == []


def test_visual_comes_before_editor_and_blanks_are_no_editor(sit: Sit) -> None:
    with sit() as abe:
        abe.seat.press(CTRL_O)
        abe.seat.see("EDITING")
        abe.seat.press(CTRL_X)
        abe.seat.see_input("this and more")
    editor = shlex.join([sys.executable, str(abe.directory / "editor.py")])
    shutil.rmtree(abe.directory / "run")
    with sit(VISUAL=" ", EDITOR=editor) as abe:
        abe.seat.press(CTRL_O)
        abe.seat.see("EDITING")
        abe.seat.press(CTRL_X)
        abe.seat.see_input("this and more")


@pytest.mark.parametrize(
    ("editor", "says"),
    [
        (
            "there-is-no-such-editor",
            "there-is-no-such-editor could not be used: No such file or directory",
        ),
        ("false", "false has ended with status 1; the text is as it was"),
        ("an 'unfinished quotation", "could not be used: No closing quotation"),
    ],
)
def test_an_editor_that_does_not_work_is_told_of(sit: Sit, editor: str, says: str) -> None:
    with sit(VISUAL=editor) as abe:
        abe.seat.press(CTRL_O)
        abe.seat.see(says)
        abe.seat.see("Try: export VISUAL=vi")
        still_chats(abe.seat, typed="this")
        assert abe.left == []


def test_what_an_editor_that_failed_has_written_is_not_taken(sit: Sit) -> None:
    with sit(STATUS="4") as abe:
        abe.seat.press(CTRL_O)
        abe.seat.see("EDITING")
        abe.seat.press(CTRL_X)
        abe.seat.see("status 4; the text is as it was")
        still_chats(abe.seat, typed="this")
        assert abe.left == []


def test_a_killed_editor_leaves_the_terminal_in_order(sit: Sit) -> None:
    with sit() as abe:
        abe.seat.press(CTRL_O)
        abe.seat.see("EDITING")
        os.kill(abe.seen["pid"], signal.SIGKILL)
        abe.seat.see("has ended by signal 9; the text is as it was")
        still_chats(abe.seat, typed="this")
        assert abe.left == []


def test_ctrl_c_that_ends_an_editor_does_not_end_the_chat(sit: Sit) -> None:
    with sit(PLAIN) as abe:
        abe.seat.press(CTRL_O)
        abe.seat.see("PLAIN EDITOR")
        abe.seat.press(CTRL_C)
        abe.seat.see("has ended with status 3")
        still_chats(abe.seat, typed="this")


def test_nothing_that_an_editor_writes_reaches_the_terminal_as_it_is(sit: Sit) -> None:
    hostile = b"\x1b]0;title\x07\x1b]52;c;aGk=\x07\x9b2J\xe2\x80\xaea\x00\xff\xfe\r\nb\xed\xa0\x80."
    with sit(WRITES=hostile.hex()) as abe:
        abe.seat.press(CTRL_O)
        abe.seat.see("EDITING")
        abe.seat.press(CTRL_X)
        abe.seat.wait_until("the last line", lambda: abe.seat.input.lstrip().startswith("b"))
        after = abe.seat.raw.rpartition(b"\x1b[?1049h")[2]
        assert not any(bad in after for bad in (b"\x1b]0;", b"\x1b]52", b"\x9b2J", b"\xe2\x80\xae"))


def test_what_comes_in_the_meantime_is_shown_afterwards(relay: Relay, sit: Sit) -> None:
    with ExitStack() as stack:
        abe = stack.enter_context(sit())
        abe.seat.press(f"{ENTER}this")  # so that bea is no stranger
        abe.seat.see_input("this")
        bea = stack.enter_context(
            chatting(abe.directory / "bea", "--name", "bea", "--peer", abe.name, *relay.flags)
        )
        bea.expect("message", text="this")
        abe.seat.press(CTRL_O)
        abe.seat.see("EDITING 80x24")
        accepted = bea.send("said in the meantime")["id"]
        bea.expect("delivered", id=accepted)
        assert b"said in the meantime" not in abe.seat.raw
        abe.seat.resize(100, 30)
        abe.seat.see("EDITING 100x30")
        abe.seat.press(CTRL_X)
        abe.seat.see("said in the meantime")
        abe.seat.wait_until("the size", lambda: "F1 help" in abe.seat.rows[29])
        still_chats(abe.seat, typed="this and more")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
@pytest.mark.parametrize("flags", [(), ("stubborn",)])
def test_who_ends_the_chat_ends_its_editor(
    sit: Sit, flags: Sequence[str], number: signal.Signals
) -> None:
    """But not by what Ctrl-C sends: that is for the editor, which gets it by itself."""
    with sit(PLAIN, *flags) as abe:
        abe.seat.press(CTRL_O)
        abe.seat.see("PLAIN EDITOR")
        abe.seat.process.send_signal(number)
        if number is signal.SIGINT:
            abe.seat.press(f"goes on{ENTER}")
            abe.seat.see("LINE goes on")
            number = signal.SIGTERM
            abe.seat.process.send_signal(number)
        assert abe.seat.finish() == 128 + number
        assert abe.left == []
        assert abe.seat.echoes


def test_a_terminal_that_is_closed_ends_the_editor_and_the_chat(sit: Sit) -> None:
    with sit() as abe:
        abe.seat.press(CTRL_O)
        abe.seat.see("EDITING")
        abe.seat.hang_up()
        assert abe.seat.finish() == 128 + signal.SIGHUP
        with pytest.raises(ProcessLookupError):
            os.kill(abe.seen["pid"], 0)
        assert abe.left == []


@pytest.mark.skipif(shutil.which("vi") is None, reason="there is no vi on this machine")
def test_vi_edits_a_message(sit: Sit) -> None:
    with sit(VISUAL="env TERM=vt100 vi") as abe:
        abe.seat.press(CTRL_O)
        abe.seat.see("message.txt")
        abe.seat.press("A and more\x1b:wq\r")
        still_chats(abe.seat, typed="this and more")
        assert abe.left == []


@pytest.mark.skipif(shutil.which("ed") is None, reason="there is no ed on this machine")
def test_ed_edits_a_message(sit: Sit) -> None:
    with sit(VISUAL="ed -p ed:") as abe:
        abe.seat.press(CTRL_O)
        abe.seat.see("ed:")
        abe.seat.press("s/$/ and more/\nw\nq\n")
        still_chats(abe.seat, typed="this and more")
