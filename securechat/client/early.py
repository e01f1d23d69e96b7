"""What faces ask for before the first connection has shown at which relay this is."""

from collections.abc import Callable

Call = Callable[[], None]


class Early:
    """Keeps calls about people until there is a relay that they are about."""

    def __init__(self) -> None:
        self._calls: list[Call] | None = []
        self.texts = 0
        """How many of them are texts, which count as not sent."""

    def carry_out(self, call: Call, *, is_text: bool = False) -> None:
        """Make a call now, or once `take` was called."""
        if self._calls is None:
            call()
        else:
            self._calls.append(call)
            self.texts += is_text

    def take(self) -> list[Call]:
        """Return the calls that waited; from now on none waits."""
        calls, self._calls, self.texts = self._calls or [], None, 0
        return calls
