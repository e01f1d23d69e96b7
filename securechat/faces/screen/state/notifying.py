"""Calling for attention while nobody looks: the bell, and notices of the terminal or the desktop.

What somebody has written is only in them if the user wants that, and then without anything that a
terminal or a desktop would obey.
"""

import html
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

from securechat.client import events as e
from securechat.faces.bell import Bell, is_quiet
from securechat.faces.screen.settings import ScreenSettings
from securechat.text import clip, safe_text

TITLE = "securechat"
TEXT_COLUMNS = 80

_HANDED_CHARACTERS = 8 * TEXT_COLUMNS


class Notification(NamedTuple):
    """What is shown outside of the chat: one line each, safe for a terminal."""

    title: str
    body: str


class Notifier:
    """Calls for attention as the settings say, at most once a second.

    ``bell`` rings, ``write`` gets an escape sequence for the terminal, and ``spawn`` begins a
    program that nobody waits for. ``now`` is local time, ``now_s`` a steady clock.
    """

    def __init__(
        self,
        settings: ScreenSettings,
        *,
        bell: Callable[[], None],
        write: Callable[[str], None],
        now: Callable[[], datetime],
        spawn: Callable[[Sequence[str]], None] | None = None,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._bell = bell
        self._write = write
        self._spawn = spawn or LoneProgram().begin
        self._now = now
        self._next = Notification(TITLE, "")
        self._at_most_once_a_second = Bell(self._show, now_s)

    def notify(self, message: e.Message, *, in_sight: bool) -> None:
        """Take a message; ``in_sight``: its conversation is shown, and the terminal looked at."""
        if message.alert and not in_sight and not is_quiet(self._settings.quiet, self._now()):
            self._next = notification(message, show_text=self._settings.show_text)
            self._at_most_once_a_second.ring()

    def _show(self) -> None:
        if self._settings.bell:
            self._bell()
        match self._settings.terminal:
            case "osc9":
                self._tell_terminal(osc9(self._next))
            case "osc777":
                self._tell_terminal(osc777(self._next))
        if self._settings.desktop:
            self._spawn(notify_send(self._next))

    def _tell_terminal(self, sequence: str) -> None:
        self._write(through_tmux(sequence) if self._settings.tmux else sequence)


def notification(message: e.Message, *, show_text: bool) -> Notification:
    """Return what to show of a message: who writes, where, and perhaps how it begins."""
    where = "" if message.room is None else f" in {message.room}"
    if not show_text:
        return Notification(TITLE, _one_line(f"Message from {message.sender}{where}"))
    words = " ".join(message.text[:_HANDED_CHARACTERS].split())
    return Notification(TITLE, _one_line(f"{message.sender}{where}: {words}"))


def osc9(shown: Notification) -> str:
    """Return what makes a terminal show a text (iTerm2, WezTerm, kitty, Windows Terminal)."""
    return f"\x1b]9;{_field(shown.body)}\x07"


def osc777(shown: Notification) -> str:
    """Return what makes a terminal show a title and a text (foot, urxvt, Ghostty)."""
    return f"\x1b]777;notify;{_field(shown.title)};{_field(shown.body)}\x07"


def through_tmux(sequence: str) -> str:
    """Return what makes tmux hand a sequence on to the terminal around it, if it may."""
    doubled = sequence.replace("\x1b", "\x1b\x1b")
    return f"\x1bPtmux;{doubled}\x1b\\"


def notify_send(shown: Notification) -> list[str]:
    """Return the command that makes the desktop show it.

    It reads what follows a backslash as C does, and after that some desktops read HTML.
    """
    body = html.escape(shown.body, quote=False).replace("\\", r"\\")
    return ["notify-send", "--", shown.title, body]


class LoneProgram:
    """Begins a program without a terminal, if there is such a one; nobody waits for it.

    While it runs no other is begun: what hangs, as a desktop may, must not pile up.
    """

    def __init__(self) -> None:
        self._running: subprocess.Popen[bytes] | None = None

    def begin(self, command: Sequence[str]) -> None:
        """Begin it, unless the one before has not ended."""
        if self._running is not None and self._running.poll() is None:
            return
        with suppress(OSError):
            self._running = subprocess.Popen(  # noqa: S603 - no shell; each text is one argument
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )


def _one_line(text: str) -> str:
    return clip(safe_text(text), TEXT_COLUMNS)


def _field(text: str) -> str:
    """Return a text without what could end the field of a sequence, or begin another one."""
    return "".join(character for character in text if character.isprintable() and character != ";")
