"""The single rows of the screen: title, warnings, hints, prompt and status."""

from collections.abc import Callable, Sequence

from securechat.faces.screen.drawing.spans import Line, Look, crop, span, width_of
from securechat.faces.screen.widgets.line_widget import LineWidget

PROMPT_PART = 2
"""The prompt has at most this part of the width."""

_END = "> "


class Bar(LineWidget):
    """As many rows as are ``made`` for the width; none of them is no row at all."""

    DEFAULT_CSS = """
    Bar { height: auto; }
    """

    def __init__(self, made: Callable[[int], Sequence[Line]], *, id: str) -> None:
        super().__init__(id=id)
        self._made = made

    def lines(self, width: int, _height: int, /) -> Sequence[Line]:
        """Return the rows, cut to the width."""
        return [crop(line, width) for line in self._made(width)]

    def get_content_height(self, *_: object) -> int:
        """Return how many rows there are; called by Textual."""
        return len(self._made(self.app.size.width))


class Prompt(LineWidget):
    """What stands before the text being typed, as wide as it is."""

    DEFAULT_CSS = """
    Prompt { height: 1; width: auto; }
    """

    def __init__(self, made: Callable[[], Line]) -> None:
        super().__init__(id="prompt")
        self._made = made

    def lines(self, width: int, _height: int, /) -> Sequence[Line]:
        """Return the prompt; what is cut off it is not its end, which parts it from the text."""
        made = self._made()
        if width_of(made) > width > len(_END):
            made = (*crop(made, width - len(_END)), span(_END, Look.MARK))
        return [crop(made, width)]

    def get_content_width(self, *_: object) -> int:
        """Return how wide it is, at most half of the screen; called by Textual."""
        return min(width_of(self._made()), self.app.size.width // PROMPT_PART)
