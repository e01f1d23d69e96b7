"""A safety number as a QR code: what is shown, and where the digits alone are."""

import pytest
import segno

from securechat.client import events as e
from securechat.faces.entries import Entry
from securechat.faces.qr import draw_qr
from securechat.faces.wording import notices
from securechat.faces.wording.qr import Canvas, answer
from tests.pure.faces.desk import Desk
from tests.pure.faces.sample_events import FINGERPRINT

DIGITS = "0123456789" * 6
NUMBER = e.SafetyNumber("bob", " ".join(["01234", "56789"] * 6), e.Trust.NEW, FINGERPRINT, True)


def test_the_code_is_of_the_60_digits_alone_in_its_smallest_form() -> None:
    [drawn, _] = answer(NUMBER, Canvas(80, 24), has_blocks=True)
    assert list(drawn.drawing) == draw_qr(DIGITS, has_blocks=True)
    assert segno.make(DIGITS, micro=False, error="l").mode == "numeric"
    assert len(drawn.drawing) == 17


def test_the_digits_are_above_it_and_below_it_how_to_compare() -> None:
    [drawn, how] = answer(NUMBER, Canvas(80, 24), has_blocks=True)
    row = " ".join(["01234", "56789"] * 3)
    assert drawn.text == f"Safety number with bob (new):\n{row}\n{row}"
    assert how == Entry(
        "Photograph it with a phone: it must show the 60 digits that bob sees. Then: /trust bob"
    )


@pytest.mark.parametrize(
    ("canvas", "has_blocks", "why"),
    [
        (None, True, "No QR code can be drawn here."),
        (Canvas(32, 24), True, "33 columns and 20 rows, this one has 32 and 24."),
        (Canvas(80, 19), True, "33 columns and 20 rows, this one has 80 and 19."),
        (Canvas(65, 60), False, "66 columns and 36 rows, this one has 65 and 60."),
    ],
)
def test_where_it_does_not_fit_the_digits_are_shown(
    canvas: Canvas | None, has_blocks: bool, why: str
) -> None:
    [reason, digits] = answer(NUMBER, canvas, has_blocks=has_blocks)
    assert reason.text.endswith(f"{why} These are its digits.")
    assert digits == notices.safety_number(NUMBER)


@pytest.mark.parametrize(("canvas", "has_blocks"), [((33, 20), True), ((66, 36), False)])
def test_it_is_drawn_where_it_just_fits(canvas: tuple[int, int], has_blocks: bool) -> None:
    [drawn, _] = answer(NUMBER, Canvas(*canvas), has_blocks=has_blocks)
    assert list(drawn.drawing) == draw_qr(DIGITS, has_blocks=has_blocks)


def test_a_chat_without_a_terminal_shows_the_digits() -> None:
    why, digits = Desk().hear(NUMBER)
    assert why.startswith("No QR code can be drawn here")
    assert digits == notices.safety_number(NUMBER).text
