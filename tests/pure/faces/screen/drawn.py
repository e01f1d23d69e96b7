"""What a line of the screen says, and what holds for each that is drawn."""

from collections.abc import Iterable

from wcwidth import wcwidth

from securechat.faces.screen.drawing.spans import Line, width_of
from securechat.text import safe_text
from tests.hostile_texts import CONTROLS, REORDERING


def text_of(line: Line) -> str:
    return "".join(part.text for part in line)


def texts_of(lines: Iterable[Line]) -> list[str]:
    return [text_of(line) for line in lines]


def check_drawable(lines: Iterable[Line], width: int) -> None:
    """Check that lines fit, and that a terminal only shows what is in them."""
    for line in lines:
        text = text_of(line)
        assert width_of(line) <= width, text
        assert not CONTROLS.search(text), text
        assert not REORDERING.search(text), text
        assert all(safe_text(part.text) == part.text for part in line), text


def takes_room(character: str) -> bool:
    """Tell whether a character does not become a part of the one before it."""
    return wcwidth(character) > 0
