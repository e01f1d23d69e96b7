"""``securechat send``: see one message through as far as the user wants to wait."""

import time
from collections.abc import Callable

from securechat.client import events as e
from securechat.errors import (
    KeyChanged,
    LimitExceeded,
    SecureChatError,
    StillQueued,
    TimedOut,
    Unreachable,
)
from securechat.faces.requests import SendRequest, still_queued
from securechat.faces.sources import EventSource
from securechat.faces.waiting import Wait

_STATES: tuple[type[e.Event], ...] = (e.Sent, e.Accepted, e.Delivered)


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
        self._accepted = False
        self._in_the_way: SecureChatError | None = None

    def await_ready(self, source: EventSource) -> None:
        """Return when the engine has logged in; raise what has kept it from that."""
        try:
            event = source.next(self.deadline - self._clock())
        except TimedOut:
            raise Unreachable(
                f"The relay did not let you in within {self._timeout_s:g} s; nothing was sent",
                "the same with a longer --timeout",
            ) from None
        if isinstance(event, e.Ended) and event.error is not None:
            raise event.error

    def follow(self, source: EventSource) -> None:
        """Return when the message has come as far as it was to.

        Raises what kept it from being sent, or what is in its way when the time is over;
        StillQueued, or TimedOut after it was accepted, when that is only its recipient.
        """
        wanted = _STATES[list(Wait).index(self._wait) :]
        while True:
            try:
                event = source.next(self.deadline - self._clock())
            except TimedOut:
                raise self._in_the_way or self._late() from None
            self._take(event)
            if isinstance(event, wanted):
                return

    def _take(self, event: e.Event) -> None:
        match event:
            case e.Sent() | e.Accepted() | e.Delivered():
                self._accepted |= isinstance(event, e.Accepted)
                self._show(event)
            case e.PeerKeyChanged():
                raise _key_changed(event)
            case e.Problem(LimitExceeded() as error, None):
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
        if self._accepted:
            return TimedOut(
                f"The message to {recipient} was accepted, and not delivered {within}",
                f"ask {recipient} to come on line; nothing has to be sent again",
            )
        return still_queued(recipient, f"not {self._wait} {within}")


def _key_changed(event: e.PeerKeyChanged) -> KeyChanged:
    return KeyChanged(
        f"The key of {event.name} has CHANGED: {event.pinned} is known, {event.shown} was shown."
        " Nothing was sent to it",
        f"ask {event.name} on another way, then: securechat client --peer {event.name}",
    )
