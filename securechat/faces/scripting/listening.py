"""``securechat listen``: print messages as they come, and nothing that nobody asked for."""

import time
from collections.abc import Callable

from securechat.client import events as e
from securechat.errors import KeyChanged, TimedOut
from securechat.faces.entries import lay_out
from securechat.faces.json_lines.events import encode_event
from securechat.faces.scripting.sources import EventSource
from securechat.faces.streams import LineWriter
from securechat.faces.wording import notices
from securechat.faces.wording.messages import missing, plain_message

Print = Callable[[e.Event], None]


class Listening:
    """Prints the events of one ``listen``; ``left`` counts down the messages to come.

    With ``sender`` only events about that person come.
    """

    def __init__(
        self, print_event: Print, out: LineWriter, count: int | None, sender: str | None = None
    ) -> None:
        self._print = print_event
        self._out = out
        self._sender = sender
        self._changed: e.PeerKeyChanged | None = None
        self.left = count
        self.heard = 0

    @property
    def is_over(self) -> bool:
        """Whether all have come, or nobody reads any more."""
        return self.left == 0 or self._out.broken

    def hear(self, event: e.Event) -> bool:
        """Print an event, and count the messages; return whether somebody has read it."""
        self._print(event)
        if self._out.broken:
            return False
        match event:
            case e.Message():
                self.heard += 1
                if self.left is not None:
                    self.left -= 1
            case e.PeerKeyChanged():
                self._changed = event
            case e.TrustChanged():
                self._changed = None
        return True

    def raise_changed(self) -> None:
        """Raise KeyChanged when whom this was about is CHANGED at the end."""
        if self._sender is not None and self._changed is not None:
            name = self._changed.name
            raise KeyChanged(
                f"The key of {name} has CHANGED: {self._changed.pinned} is pinned,"
                f" {self._changed.shown} was shown",
                f"ask {name} in another way, then: securechat client --peer {name}",
            )

    def raise_timed_out(self, timeout_s: float) -> None:
        """Raise TimedOut unless enough has come: all of the count, or anything without one."""
        if self.left or not self.heard:
            heard = "no message" if not self.heard else f"{self.heard} of the messages"
            raise TimedOut(
                f"Within {timeout_s:g} s {heard} came", "the same with a longer --timeout"
            )


def hear_all(
    source: EventSource,
    listening: Listening,
    deadline: float | None,
    shown: Callable[[str, str], None],
) -> e.Ended | None:
    """Print what comes until that is enough; return the end of the source when it comes before.

    ``shown`` is called for each message that was printed, with its sender and its id.

    Raises TimedOut at the ``deadline`` (of `time.monotonic`).
    """
    while not listening.is_over:
        event = source.next(None if deadline is None else deadline - time.monotonic())
        if isinstance(event, e.Ended):
            return event
        if listening.hear(event) and isinstance(event, e.Message):
            shown(event.sender, event.message_id)
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
                    err.write_line(lay_out(missing(event)))
                out.write_line(lay_out(plain_message(event)))
            case e.Ready():
                offline.clear()
            case e.Offline(why) if why not in offline:
                offline.add(why)
                err.write_line(lay_out(notices.offline(event)))
            case e.Problem(error):
                err.write_line(lay_out(notices.problem(error)))
            case e.PeerKeyChanged():
                err.write_line(lay_out(notices.key_changed(event)))
            case e.TrustChanged():
                err.write_line(lay_out(notices.trust_changed(event)))
            case e.DevicesChanged():
                err.write_line(lay_out(notices.devices_changed(event)))
            case e.DeviceRenewed():
                err.write_line(lay_out(notices.device_renewed()))

    return show
