"""What stands among the messages about a connection that is lost and comes back."""

from collections.abc import Callable
from datetime import datetime, timedelta

from securechat.client import events as e
from securechat.faces.entries import Entry, Tone
from securechat.faces.screen.drawing.rows import Notice
from securechat.faces.screen.state.timelines import Timelines
from securechat.faces.wording import notices

TOGETHER = timedelta(hours=1)
"""What is lost again within this time after the last loss is told in the same row."""


class Outages:
    """One notice for a line that fails again and again: how often, when last, and if it is back.

    It stands in the conversation that was the current one when the first of them began.
    """

    def __init__(
        self,
        timelines: Timelines,
        current: Callable[[], str | None],
        now: Callable[[], datetime],
    ) -> None:
        self._timelines = timelines
        self._current = current
        self._now = now
        self._notice: Notice | None = None
        self._where = ""
        self._count = 0
        self._last_at = now()
        self._lost: e.Offline | None = None

    def hear(self, event: e.Offline | e.Ready) -> None:
        """Take that there is no connection, or one again."""
        match event:
            case e.Offline():
                if self._lost is None:
                    self._begin()
                self._lost = event
                self._show(notices.offline(event, self._times).text, Tone.ALERT)
            case e.Ready() if self._lost is not None:
                lost, self._lost = self._lost, None
                again = f"Connected to {event.relay} again at {self._now():%H:%M}."
                self._show(f"No connection{self._times}: {_why(lost)}. {again}", Tone.NOTE)

    def _begin(self) -> None:
        """Count an outage; one long after the others begins another notice."""
        now = self._now()
        if now - self._last_at > TOGETHER:
            self._notice, self._count = None, 0
        self._count += 1
        self._last_at = now

    @property
    def _times(self) -> str:
        if self._count == 1:
            return ""
        return f" {self._count:,} times, last at {self._last_at:%H:%M}"

    def _show(self, text: str, tone: Tone) -> None:
        before, timeline = self._notice, self._timelines.held(self._where)
        first_ms = int(self._last_at.timestamp() * 1000) if before is None else before.time_ms
        self._notice = Notice(Entry(text, tone), first_ms)
        if before is None or timeline is None or not timeline.replace(before, self._notice):
            self._where = self._current() or ""
            self._timelines.of(self._where).note(self._notice)


def _why(event: e.Offline) -> str:
    return event.why.rstrip(". ")
