"""The demo's output: headings, paragraphs and two columns, for the width and alphabet there is."""

import os
import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import zip_longest
from typing import TextIO

from msgspec import Struct
from wcwidth import ljust, wrap

from securechat.faces.streams import LineWriter, unbuffered
from securechat.text import safe_text

WIDTH_MIN, WIDTH_MAX = 20, 100
COLUMN_MIN = 34
"""In narrower columns, what belongs side by side stands one below the other."""

INDENT = "   "
PAUSE_S = 0.4


class Style(Struct, frozen=True):
    """The signs that not every terminal has."""

    bar: str
    rule: str
    crossing: str
    ellipsis: str


ORNATE = Style(bar=" │ ", rule="─", crossing="─┼─", ellipsis="…")
PLAIN = Style(bar=" | ", rule="-", crossing="-+-", ellipsis="...")


def open_page(stdout: TextIO) -> "Page":
    """Return a page on ``stdout``: paced on a terminal, and with lines drawn where it has them."""
    terminal = stdout.isatty()
    drawn = terminal and os.environ.get("TERM", "dumb") != "dumb" and _can_show(ORNATE, stdout)
    return Page(
        LineWriter(unbuffered(stdout, "w"), stdout.encoding).write_line,
        shutil.get_terminal_size().columns - 1,
        encoding=stdout.encoding,
        style=ORNATE if drawn else PLAIN,
        rest=(lambda: time.sleep(PAUSE_S)) if terminal else (lambda: None),
    )


def _can_show(style: Style, stdout: TextIO) -> bool:
    try:
        f"{style.bar}{style.crossing}{style.ellipsis}".encode(stdout.encoding)
    except UnicodeEncodeError:
        return False
    return True


class Page:
    """Text on its way to a reader; ``rest`` gives them time where there is something to read."""

    def __init__(
        self,
        write_line: Callable[[str], None],
        width: int,
        *,
        encoding: str = "utf-8",
        style: Style = PLAIN,
        rest: Callable[[], None] = lambda: None,
    ) -> None:
        """Write lines of at most ``width`` columns, but for `verbatim`."""
        self.width = min(max(width, WIDTH_MIN), WIDTH_MAX)
        self.style = style
        self.rest = rest
        self._write_line = write_line
        self._encoding = encoding
        self._begun = False

    def heading(self, text: str) -> None:
        """Write a heading, after an empty line unless it is the first."""
        if self._begun:
            self.gap()
        self._begun = True
        self.write_lines(self.wrap(text, self.width), indent="")

    def paragraph(self, text: str) -> None:
        """Write a paragraph."""
        self.write_lines(self.wrap(text, self.width - len(INDENT)))

    def gap(self) -> None:
        """Write an empty line."""
        self._write_line("")

    def verbatim(self, *lines: str) -> None:
        """Write lines as they are, however long, after an empty one: something to copy."""
        self.gap()
        self.write_lines(lines)

    def write_lines(self, lines: Iterable[str], indent: str = INDENT) -> None:
        """Write lines that fit."""
        for line in lines:
            self._write_line(f"{indent}{line}".rstrip())

    def wrap(self, text: str, width: int) -> list[str]:
        """Return the lines of a text, safe to show and at most ``width`` columns each."""
        shown = safe_text(text, multiline=True).encode(self._encoding, "replace")
        return [
            part
            for line in shown.decode(self._encoding).split("\n")
            for part in wrap(line, width, break_on_hyphens=False) or [""]
        ]


class Table:
    """Two columns side by side, or on a narrow page one below the other."""

    def __init__(self, page: Page, left_title: str, right_title: str) -> None:
        self._page = page
        self._titles = left_title, right_title
        self._has_rows = False
        bar, room = page.style.bar, page.width - len(INDENT)
        column = (room - len(bar)) // 2
        self._beside = column >= COLUMN_MIN
        self.column = column if self._beside else room - len(INDENT)
        """How wide each of the two is."""
        if self._beside:
            self._write_beside([left_title], [right_title])
            rule = page.style.rule * column
            page.write_lines([f"{rule}{page.style.crossing}{rule}"])

    def row(self, left: Sequence[str], right: Sequence[str]) -> None:
        """Write what belongs together, each side as paragraphs."""
        sides = [self._fill(left), self._fill(right)]
        if self._has_rows:
            self._write_gap()
        self._has_rows = True
        if self._beside:
            self._write_beside(*sides)
        else:
            self._write_stacked(*sides)

    def _write_gap(self) -> None:
        if self._beside:
            self._write_beside([""], [""])
        else:
            self._page.gap()

    def _write_stacked(self, left: list[str], right: list[str]) -> None:
        for title, lines in zip(self._titles, (left, right), strict=True):
            self._page.write_lines([f"{title}:", *(f"{INDENT}{line}" for line in lines)])

    def _fill(self, paragraphs: Sequence[str]) -> list[str]:
        return [line for text in paragraphs for line in self._page.wrap(text, self.column)]

    def _write_beside(self, left: list[str], right: list[str]) -> None:
        for one, other in zip_longest(left, right, fillvalue=""):
            self._page.write_lines([f"{ljust(one, self.column)}{self._page.style.bar}{other}"])
