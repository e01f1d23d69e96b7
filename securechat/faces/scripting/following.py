"""``securechat send``: see one message through as far as the user wants to wait."""

import time
from collections.abc import Callable

from securechat.client import events as e
from securechat.errors import (
    DiskFull,
    LimitExceeded,
    SecureChatError,
    StillQueued,
    TimedOut,
    Unreachable,
)
from securechat.faces.scripting.requests import SendRequest, still_queued
from securechat.faces.scripting.sources import EventSource
from securechat.faces.scripting.waiting import Wait

_STATES: tuple[type[e.Event], ...] = (e.Sent, e.Accepted, e.Delivered, e.Read)


class Following:
    """One message on its way; ``show`` gets each state that it reaches within ``timeout_s``."""

    def __init__(
        self,
        request: SendRequest,
        wait: Wait,
        timeout_s: float,
        show: Callable[[e.Event], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.request = request
        self.deadline = clock() + timeout_s
        self._wait = wait
        self._timeout_s = timeout_s
        self._show = show
        self._clock = clock
        self.is_accepted = False
        self._is_delivered = False
        self._in_the_way: SecureChatError | None = None

    def await_ready(self, source: EventSource) -> e.Ready:
        """Return the engine's log-in; raise what has kept it from that."""
        try:
            event = source.next(self.deadline - self._clock())
        except TimedOut:
            raise Unreachable(
                f"The relay did not let you in within {self._timeout_s:g} s; nothing was sent",
                "the same with a longer --timeout",
            ) from None
        if isinstance(event, e.Ready):
            return event
        error = event.error if isinstance(event, e.Ended) else None
        raise error or Unreachable("The client ended before it was let in; nothing was sent")

    def follow(self, source: EventSource) -> None:
        """Return when the message has come as far as it was to.

        Raises what kept it from being sent, or what is in its way when the time is over;
        StillQueued, or TimedOut after it was accepted, when that is only its recipient.
        """
        if not self._follow_until(self.deadline, source):
            raise self._in_the_way or self._late()

    def follow_for(self, seconds: float, source: EventSource) -> bool:
        """Follow it at most so long; return whether it has come as far as it was to."""
        return self._follow_until(min(self._clock() + seconds, self.deadline), source)

    def _follow_until(self, deadline: float, source: EventSource) -> bool:
        wanted = _STATES[list(Wait).index(self._wait) :]
        while True:
            try:
                event = source.next(deadline - self._clock())
            except TimedOut:
                return False
            self._take(event)
            if isinstance(event, wanted):
                return True

    def _take(self, event: e.Event) -> None:
        match event:
            case e.Sent() | e.Accepted() | e.Delivered() | e.Read():
                self.is_accepted |= isinstance(event, e.Accepted)
                self._is_delivered |= isinstance(event, e.Delivered)
                self._show(event)
            case e.Problem(LimitExceeded() | DiskFull() as error, None):
                self._in_the_way = error
            case e.Problem(error, message_id) if message_id is not None:
                raise error
            case e.Ended(error):
                raise error or SecureChatError(
                    "The client that was asked ended without a word: whether the message to"
                    f" {self.request.recipient} was kept is not known",
                    "securechat listen --timeout 10, which sends what was kept",
                )

    def _late(self) -> StillQueued | TimedOut:
        recipient, within = self.request.recipient, f"within {self._timeout_s:g} s"
        if self._is_delivered:
            return TimedOut(
                f"The message to {recipient} was delivered, and not confirmed as read {within}."
                f" Whether {recipient} lets others know that is up to {recipient}: most do not",
                f"--wait delivered, or ask {recipient}; send nothing again",
            )
        if self.is_accepted:
            return TimedOut(
                f"The message to {recipient} was accepted, and not confirmed {within}. The client"
                f" of {recipient} confirms nothing to people whom {recipient} has not accepted",
                f"ask {recipient} to come online and to answer; send nothing again",
            )
        return still_queued(recipient, f"not {self._wait} {within}")
