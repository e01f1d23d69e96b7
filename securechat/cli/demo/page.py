"""The demo's output: paragraphs and two columns, in whatever width and alphabet there is."""

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TextIO

from securechat.faces.streams import LineWriter, unbuffered

WIDTH_MAX = 100
WIDTH_MIN = 20
COLUMN_MIN = 34
"""Narrower than this, what belongs side by side stands one below the other."""

INDENT = "   "
PAUSE_S = 0.4


@dataclass(frozen=True, slots=True)
class Style:
    """The signs that a terminal may not have."""

    bar: str
    rule: str
    ellipsis: str


ORNATE = Style(bar=" │ ", rule="─", ellipsis="…")
PLAIN = Style(bar=" | ", rule="-", ellipsis="...")


def open_page(stdout: TextIO) -> "Page":
    """Return a page on standard output: paced and with line drawing on a terminal that has it."""
    terminal = stdout.isatty()
    ornate = terminal and os.environ.get("TERM", "dumb") != "dumb" and _can_show(ORNATE, stdout)
    return Page(
        LineWriter(unbuffered(stdout, "w"), stdout.encoding).write_line,
        shutil.get_terminal_size().columns,
        encoding=stdout.encoding,
        style=ORNATE if ornate else PLAIN,
        rest=(lambda: time.sleep(PAUSE_S)) if terminal else (lambda: None),
    )


def _can_show(style: Style, stdout: TextIO) -> bool:
    try:
        f"{style.bar}{style.rule}{style.ellipsis}".encode(stdout.encoding)
    except UnicodeEncodeError:
        return False
    return True


class Page:
    """Lays out text and writes it line by line; ``rest`` is called where a reader needs time."""

    def __init__(
        self,
        write_line: Callable[[str], None],
        width: int,
        *,
        encoding: str = "utf-8",
        style: Style = PLAIN,
        rest: Callable[[], None] = lambda: None,
    ) -> None:
        self._write_line = write_line
        self._width = min(max(width - 1, WIDTH_MIN), WIDTH_MAX)
        self._encoding = encoding
        self.style = style
        self.rest = rest

    def heading(self, text: str) -> None:
        """Write a heading after an empty line."""
        self._write_line("")
        self._write_lines(self._wrap(text, self._width))

    def paragraph(self, text: str) -> None:
        """Write a paragraph, indented."""
        lines = self._wrap(text, self._width - len(INDENT))
        self._write_lines(f"{INDENT}{line}" for line in lines)

    def command(self, text: str) -> None:
        """Write something to copy: it is never broken, whatever the width."""
        self._write_line(f"{INDENT}{text}")
