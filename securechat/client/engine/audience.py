"""Who hears an engine's events."""

import threading
from collections.abc import Callable

from securechat.client.events import Event

Listener = Callable[[Event], None]


class Audience:
    """The listeners, in the order in which they came; safe to join and leave from any thread."""

    def __init__(self) -> None:
        self._listeners: tuple[tuple[Listener, bool], ...] = ()
        self._changing = threading.Lock()

    def join(self, listener: Listener, *, errands: bool = False) -> Callable[[], None]:
        """Let ``listener`` hear what is told from now on; return what ends that."""
        entry = (listener, errands)
        with self._changing:
            self._listeners = (*self._listeners, entry)

        def leave() -> None:
            with self._changing:
                self._listeners = tuple(each for each in self._listeners if each is not entry)

        return leave

    def tell(self, event: Event, *, errand: bool = False) -> None:
        """Call every listener, or those of errands, in the calling thread."""
        for listener, errands in self._listeners:
            if errands or not errand:
                listener(event)


class Joining:
    """A listener that joins later, in the thread that tells; `leave` serves any thread."""

    def __init__(self, audience: Audience, listener: Listener) -> None:
        self._audience = audience
        self._listener = listener
        self._has_left = False
        self._leave: Callable[[], None] = lambda: None

    def begin(self, *first: Event) -> None:
        """Join, after the ``first`` events."""
        for event in first:
            self._hear(event)
        self._leave = self._audience.join(self._hear)

    def leave(self) -> None:
        """Hear no more; an event that is being told may still come."""
        self._has_left = True

    def _hear(self, event: Event) -> None:
        if self._has_left:
            self._leave()
        else:
            self._listener(event)
