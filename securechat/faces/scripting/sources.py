"""Where a command for scripts gets its events from: its own engine, or a running client."""

import queue
from typing import Protocol

from securechat.client.events import Ended, Event, Problem
from securechat.errors import TimedOut, Unreachable
from securechat.faces.json_lines.decoding import decode_event


class EventSource(Protocol):
    """Events, one at a time; `Ended` is the last one."""

    def next(self, timeout_s: float | None) -> Event:
        """Return the next event; TimedOut when none has come in time."""


class LineSource(Protocol):
    """A connection that lines come from."""

    def read_line(self, timeout_s: float | None) -> bytes:
        """Return the next line; TimedOut when none has come in time, Unreachable at the end."""


class OwnEvents:
    """The events of an engine in this process; `put` is the listener to subscribe."""

    def __init__(self) -> None:
        self._inbox: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.put = self._inbox.put

    def next(self, timeout_s: float | None) -> Event:
        """Return the next event; TimedOut when none has come in time."""
        try:
            return self._inbox.get(timeout=None if timeout_s is None else max(timeout_s, 0.0))
        except queue.Empty:
            raise TimedOut("Nothing has happened in time") from None


class Answers:
    """The answers of a running client, as the events that they tell of.

    An error is the reason of the end when it is the last object (JSON.md).
    """

    def __init__(self, lines: LineSource) -> None:
        self._lines = lines
        self._last: Event | None = None

    def next(self, timeout_s: float | None) -> Event:
        """Return the next event; TimedOut when none has come in time, RemoteProtocolError."""
        try:
            event = None
            while event is None:
                event = decode_event(self._lines.read_line(timeout_s))
        except Unreachable:
            event = Ended(self._last.error if isinstance(self._last, Problem) else None)
        self._last = event
        return event
