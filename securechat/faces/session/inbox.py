"""Events on their way from the engine's thread into an event loop."""

import asyncio
import contextlib
from queue import SimpleQueue

from securechat.client.events import Event


class Inbox:
    """Carries events from any thread into the event loop that it is attached to.

    ``at_once`` is how many of them are taken together: what is typed comes in between.
    """

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._events: SimpleQueue[Event] = SimpleQueue()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._arrived = asyncio.Event()

    def put(self, event: Event) -> None:
        """Add an event; any thread."""
        self._events.put(event)
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended: nobody waits any more
                self._loop.call_soon_threadsafe(self._arrived.set)

    def attach(self) -> None:
        """Wake the running loop for each event from now on."""
        self._loop = asyncio.get_running_loop()
        self._arrived.set()

    async def take(self) -> list[Event]:
        """Return the next events, at least one, at most ``at_once``."""
        while self._events.empty():
            self._arrived.clear()
            if self._events.empty():
                await self._arrived.wait()
        count = min(self._events.qsize(), self._at_once)
        return [self._events.get_nowait() for _ in range(count)]
