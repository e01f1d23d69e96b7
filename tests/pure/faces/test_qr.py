"""QR codes: the modules that a terminal shows are those of the code."""

import re

import pytest
import segno

from securechat.faces.qr import draw_qr, qr_size

TEXT = "SECURECHAT://192.168.1.20:5555/J/AAAQEAYEAUDAOCAJBIFQYDIOB4/OJZHEMRSGIZDEMRSGIZDEMRS"
ESCAPE = re.compile(r"\x1b\[([0-9;]*)m")


def modules(line: str) -> list[list[int]]:
    """Return the rows of modules that a line of the terminal shows, 1 for black."""
    halves = {" ": (0, 0), "\u2584": (0, 1), "\u2580": (1, 0), "\u2588": (1, 1)}
    assert line.startswith("\x1b[38;5;16;48;5;231m")
    assert line.endswith("\x1b[0m")
    return [list(row) for row in zip(*map(halves.__getitem__, ESCAPE.sub("", line)), strict=True)]


@pytest.mark.parametrize("text", [TEXT, "A", TEXT * 4])
def test_the_modules_are_those_of_the_code(text: str) -> None:
    wanted = [list(row) for row in segno.make(text, micro=False, error="l").matrix_iter(border=4)]
    shown = [row for line in draw_qr(text, has_blocks=True) for row in modules(line)]
    assert shown == [*wanted, [0] * len(wanted)]
    plain = draw_qr(text, has_blocks=False)
    colors = [re.findall(r"\x1b\[48;5;(16|231)m  ", line) for line in plain]
    assert [[int(color == "16") for color in line] for line in colors] == wanted
    assert all(line.isascii() and line.endswith("\x1b[0m") for line in plain)


@pytest.mark.parametrize("has_blocks", [True, False])
@pytest.mark.parametrize("text", [TEXT, "A"])
def test_the_size_is_that_of_what_is_drawn(text: str, has_blocks: bool) -> None:
    lines = [ESCAPE.sub("", line) for line in draw_qr(text, has_blocks=has_blocks)]
    assert {(len(line), len(lines)) for line in lines} == {qr_size(text, has_blocks=has_blocks)}


def test_a_link_fits_into_a_small_window() -> None:
    lines = draw_qr(TEXT, has_blocks=True)
    assert len(lines) <= 23
    assert len(ESCAPE.sub("", lines[0])) <= 80
