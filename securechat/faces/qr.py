"""A QR code for a terminal: black on white, whatever the colours of the terminal are.

Phones read a code whose modules are square and that has an empty border. A character is twice as
high as it is wide, so it holds two modules, one above the other; where such characters cannot be
written, each module is two blanks.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from securechat.faces.color import RESET

if TYPE_CHECKING:
    import segno

BORDER_MODULES = 4

_BLACK, _WHITE = "\x1b[48;5;16m", "\x1b[48;5;231m"
_BLACK_ON_WHITE = "\x1b[38;5;16;48;5;231m"
_HALVES = " \u2584\u2580\u2588"
"""What shows an upper and a lower module; the upper one counts two, when it is black."""

Rows = Sequence[Sequence[int]]


def draw_qr(text: str, *, has_blocks: bool) -> list[str]:
    """Return the lines of a text's code; ``has_blocks``: the terminal shows half blocks."""
    if has_blocks:
        return [f"{_BLACK_ON_WHITE}{line}{RESET}" for line in code_in_halves(text)]
    return [f"{line}{RESET}" for line in _in_blanks(_rows(text))]


def code_in_halves(text: str) -> list[str]:
    """Return the lines of a text's code in half blocks, to be drawn black on white."""
    return _in_halves(_rows(text))


def qr_size(text: str, *, has_blocks: bool) -> tuple[int, int]:
    """Return how many columns and rows of a terminal a text's code takes."""
    modules = len(_make(text).matrix) + 2 * BORDER_MODULES
    return (modules, (modules + 1) // 2) if has_blocks else (2 * modules, modules)


def _rows(text: str) -> Rows:
    return [list(row) for row in _make(text).matrix_iter(border=BORDER_MODULES)]


def _make(text: str) -> "segno.QRCode":
    import segno  # a start need not pay for it

    return segno.make(text, micro=False, error="l")


def _in_halves(rows: Rows) -> list[str]:
    white = [0] * len(rows[0])
    below = [*rows[1::2], white]  # the number of rows is odd
    return [
        "".join(_HALVES[2 * up + low] for up, low in zip(*pair, strict=True))
        for pair in zip(rows[::2], below, strict=True)
    ]


def _in_blanks(rows: Rows) -> list[str]:
    return ["".join((_WHITE, _BLACK)[module] + "  " for module in row) for row in rows]
