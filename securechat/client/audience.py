"""Who hears an engine's events."""

import threading
from collections.abc import Callable

from securechat.client.events import Event

Listener = Callable[[Event], None]


class Audience:
    """The listeners, in the order in which they came; safe to join and leave from any thread."""

    def __init__(self) -> None:
        self._listeners: tuple[Listener, ...] = ()
        self._changing = threading.Lock()

    def join(self, listener: Listener) -> Callable[[], None]:
        """Let ``listener`` hear what is told from now on; return what ends that."""
        with self._changing:
            self._listeners = (*self._listeners, listener)

        def leave() -> None:
            with self._changing:
                self._listeners = tuple(each for each in self._listeners if each is not listener)

        return leave

    def tell(self, event: Event) -> None:
        """Call every listener, in the calling thread."""
        for listener in self._listeners:
            listener(event)
