"""``securechat listen``: print messages as they come, and nothing that nobody asked for."""

import time
from collections.abc import Callable

from securechat.client import events as e
from securechat.client.unread import Unread
from securechat.errors import TimedOut
from securechat.faces import wording
from securechat.faces.entries import Entry, lay_out
from securechat.faces.json_events import encode_event
from securechat.faces.requests import Audible, ListenRequest
from securechat.faces.sources import EventSource, OwnEvents
from securechat.faces.streams import LineWriter

Print = Callable[[e.Event], None]


class Listening:
    """Prints the events of one ``listen``; ``left`` counts down the messages to come."""

    def __init__(self, print_event: Print, out: LineWriter, count: int | None) -> None:
        self._print = print_event
        self._out = out
        self.left = count
        self.heard = 0
        self._in_hand: e.Event | None = None

    @property
    def is_over(self) -> bool:
        """Whether all have come, or nobody reads any more."""
        return self.left == 0 or self._out.broken

    def hear(self, event: e.Event) -> None:
        """Print an event."""
        self._in_hand = event
        self._print(event)
        if self._out.broken:
            return
        self._in_hand = None
        if isinstance(event, e.Message):
            self.heard += 1
            if self.left is not None:
                self.left -= 1

    def take_unprinted(self, events: OwnEvents) -> list[e.Message]:
        """Return the messages that came and were not printed; for an engine that has ended."""
        rest = [self._in_hand, *events.take_rest()]
        self._in_hand = None
        return [event for event in rest if isinstance(event, e.Message)]

    def raise_timed_out(self, timeout_s: float) -> None:
        """Raise TimedOut unless enough has come: all of the count, or anything without one."""
        if self.left or not self.heard:
            heard = "no message" if not self.heard else f"{self.heard} of the messages"
            raise TimedOut(
                f"Within {timeout_s:g} s {heard} came", "the same with a longer --timeout"
            )


class Gate:
    """Lets through what one ``listen`` is to print, and keeps the other messages for later."""

    def __init__(
        self,
        unread: Unread,
        request: ListenRequest,
        count: int | None,
        tell: Callable[[e.Event], None],
    ) -> None:
        self._unread = unread
        self._audible = Audible(request)
        self._left = count
        self._tell = tell

    def hear(self, event: e.Event) -> None:
        """Take an event in the engine's thread, before it is acknowledged to the relay."""
        wanted = self._audible.includes(event)
        if isinstance(event, e.Message):
            if not wanted or self._left == 0:
                self._unread.keep(event)
                return
            if self._left is not None:
                self._left -= 1
            self._unread.forget(event)
        if wanted:
            self._tell(event)


def hear_all(source: EventSource, listening: Listening, deadline: float | None) -> e.Ended | None:
    """Print what comes until that is enough; return the end of the source when it comes before.

    Raises TimedOut at the ``deadline`` (of `time.monotonic`).
    """
    while not listening.is_over:
        event = source.next(None if deadline is None else deadline - time.monotonic())
        if isinstance(event, e.Ended):
            return event
        listening.hear(event)
    return None


def printing_json(out: LineWriter) -> Print:
    """Return what prints events as objects."""

    def show(event: e.Event) -> None:
        line = encode_event(event)
        if line is not None:
            out.write_line(line)

    return show


def printing_lines(out: LineWriter, err: LineWriter) -> Print:
    """Return what prints messages as ``NAME: text``, and trouble on ``err``."""
    offline: set[str] = set()

    def show(event: e.Event) -> None:
        match event:
            case e.Message():
                if event.missing:
                    err.write_line(lay_out(wording.missing(event)))
                out.write_line(lay_out(_entry(event)))
            case e.Ready():
                offline.clear()
            case e.Offline(why) if why not in offline:
                offline.add(why)
                err.write_line(lay_out(wording.offline(event)))
            case e.Problem(error):
                err.write_line(lay_out(wording.problem(error)))
            case e.PeerKeyChanged():
                err.write_line(lay_out(wording.key_changed(event)))

    return show


def _entry(message: e.Message) -> Entry:
    remark = "" if message.e2e else " (TLS only: the relay can read this)"
    return Entry(f"{message.sender}{remark}: {message.text}")
