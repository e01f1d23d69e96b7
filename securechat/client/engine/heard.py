"""What an engine has told, for those who wait for one thing in it."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import cast

from securechat.client import events as ev
from securechat.client.events import DeliveryState
from securechat.errors import DiskFull, SecureChatError, StillQueued, TimedOut

MAX_REMEMBERED = 1000
"""Own messages whose last state is remembered; older ones are forgotten."""


class Heard:
    """That a session has begun, its rooms, the newest own messages, and the end; for any thread.

    `hear` is the listener to subscribe to an engine; `ended` is its last event, once it was told.
    """

    def __init__(self) -> None:
        self.ended: ev.Ended | None = None
        self._stalled: SecureChatError | None = None
        self._has_begun = False
        self._rooms: ev.RoomList | None = None
        self._states: OrderedDict[str, DeliveryState | SecureChatError] = OrderedDict()
        self._changed = threading.Condition()

    def hear(self, event: ev.Event) -> None:
        """Take note of an event."""
        with self._changed:
            match event:
                case ev.Ready() | ev.BegunOffline():
                    self._has_begun = True
                case ev.RoomList():
                    self._rooms = event
                case ev.Sent() | ev.Accepted() | ev.Delivered() | ev.Read():
                    self._note(event.message_id, ev.STATE_TOLD[type(event)])
                case ev.Problem(error, str(message_id)):
                    self._note(message_id, error)
                case ev.Problem(DiskFull() as error):
                    self._stalled = error
                case ev.Resumed():
                    self._stalled = None
                case ev.Withdrawn(name, message_ids):
                    for message_id in message_ids:
                        self._note(message_id, _withdrawn(name))
                case ev.Ended():
                    self.ended = event
            self._changed.notify_all()

    def wait_for_begin(self, start: Callable[[], None], timeout_s: float) -> None:
        """Start the engine, and return when its session has begun, with the relay or without it.

        Raises what has ended the engine, or TimedOut.
        """
        start()
        with self._changed:
            if not self._wait(lambda: self._has_begun, timeout_s):
                raise TimedOut(f"No login within {timeout_s:g} s", "the same with more time")

    def wait_for_rooms(self, ask: Callable[[], None], timeout_s: float) -> ev.RoomList:
        """Ask for the rooms, and return the next list of them.

        Raises what has ended the engine, DiskFull, or TimedOut.
        """
        with self._changed:
            before = self._rooms
        ask()
        with self._changed:
            if self._wait(lambda: self._rooms is not before, timeout_s):
                return cast(ev.RoomList, self._rooms)
        raise TimedOut(f"No answer within {timeout_s:g} s", "the same with more time")

    def wait_for_state(self, message_id: str, state: DeliveryState, timeout_s: float) -> None:
        """Return when a message has come as far as ``state``, at once if it has already.

        Raises the error because of which it was not sent, or that has ended the engine; DiskFull;
        StillQueued when the relay has not accepted it in time, or TimedOut when it has.
        """
        with self._changed:
            if self._wait(lambda: self._has_reached(message_id, state), timeout_s):
                return
            if self._has_reached(message_id, DeliveryState.ACCEPTED):
                raise TimedOut(
                    f"The message was accepted, and not {state} within {timeout_s:g} s",
                    "ask its recipient, or wait longer; send nothing again",
                )
        raise StillQueued(
            f"The message was not accepted within {timeout_s:g} s. It waits in the outbox, and goes"
            " out while any client of this profile is connected",
            "securechat listen --timeout 60; send nothing again",
        )

    def wait_for_end(self, timeout_s: float) -> None:
        """Wait at most so long until the engine has ended."""
        with self._changed:
            self._changed.wait_for(lambda: self.ended is not None, timeout_s)

    def _wait(self, is_so: Callable[[], bool], timeout_s: float) -> bool:
        """Wait until it is so; false when time is over, or the engine has ended without it."""
        self._changed.wait_for(
            lambda: is_so() or self.ended is not None or self._stalled is not None, timeout_s
        )
        if is_so():
            return True
        if self._stalled is not None:
            raise self._stalled
        if self.ended is not None and self.ended.error is not None:
            raise self.ended.error
        return False

    def _has_reached(self, message_id: str, wanted: DeliveryState) -> bool:
        reached = self._states.get(message_id, DeliveryState.QUEUED)
        if isinstance(reached, SecureChatError):
            raise reached
        return reached.then(wanted) is reached

    def _note(self, message_id: str, state: DeliveryState | SecureChatError) -> None:
        held = self._states.get(message_id)
        if isinstance(held, DeliveryState) and isinstance(state, DeliveryState):
            state = held.then(state)
        self._states[message_id] = state
        self._states.move_to_end(message_id)
        if len(self._states) > MAX_REMEMBERED:
            self._states.popitem(last=False)


def _withdrawn(name: str) -> SecureChatError:
    return SecureChatError(f"The message to {name} was given up before it was sent")
