"""A safety number as a QR code, with its digits; where no code fits, the digits alone."""

from typing import NamedTuple

from securechat.client import events as e
from securechat.faces.entries import Entry
from securechat.faces.qr import draw_qr, qr_size
from securechat.faces.wording.notices import digits_to_compare, safety_number

_ROWS_BELOW = 3
"""What is below the code on the same screen: how to compare, and the line being typed."""


class Canvas(NamedTuple):
    """The size of a terminal."""

    columns: int
    rows: int


def answer(event: e.SafetyNumber, canvas: Canvas | None, *, has_blocks: bool) -> list[Entry]:
    """The code, between its digits and how to compare them; ``canvas``: where it can be drawn.

    ``has_blocks``: the terminal shows half blocks. A code of which a part is out of sight is none.
    """
    if canvas is None:
        why = "No QR code can be drawn here. These are its digits."
        return [Entry(why), safety_number(event)]
    digits = "".join(event.digits.split())
    columns, rows = qr_size(digits, has_blocks=has_blocks)
    needed = Canvas(columns, rows + _ROWS_BELOW)
    if canvas.columns < needed.columns or canvas.rows < needed.rows:
        why = (
            f"The QR code needs a terminal of {needed.columns} columns and {needed.rows} rows, "
            f"this one has {canvas.columns} and {canvas.rows}. These are its digits."
        )
        return [Entry(why), safety_number(event)]
    lines = tuple(draw_qr(digits, has_blocks=has_blocks))
    return [
        Entry(digits_to_compare(event), drawing=lines),
        Entry(
            "Photograph it with a phone: it must show the 60 digits that "
            f"{event.name} sees. Then: /trust {event.name}"
        ),
    ]
