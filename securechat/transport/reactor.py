"""The event machine under the loop: a poller, timers, calls from other threads, and ticks.

A tick is: what is ready, timers that expired, calls from other threads, `after_tick`, one flush for
each connection that was written to. Handlers therefore see all that arrived before anything is
sent, and everything for one connection leaves in one send.
"""

import logging
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from securechat.errors import InternalError, SecureChatError
from securechat.transport.poller import READ, make_poller
from securechat.transport.timers import Timer, Timers

READ_BYTES = 262_144
"""The most that one connection may bring in per tick."""

logger = logging.getLogger("securechat.transport")


class Channel(Protocol):
    """Something that the loop closes before it stops."""

    def close(self, deadline_s: float, /) -> None:
        """Close in an orderly way, within `deadline_s`."""

    def abort(self, error: SecureChatError | None = None, /) -> None:
        """Close at once."""


class Writer(Protocol):
    """Something that has output to flush at the end of a tick."""

    def flush(self) -> None:
        """Send what is queued."""


class Reactor:
    """One thread's events; everything but `call_soon` belongs to that thread while it runs."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.after_tick: list[Callable[[], None]] = []
        self.dirty: list[Writer] = []
        self.read_buffer = memoryview(bytearray(READ_BYTES))
        self.timers = Timers()
        self._channels: set[Channel] = set()
        self._stopping = False
        self._poller = make_poller()
        self.watch = self._poller.watch
        self._calls: deque[Callable[[], None]] = deque()
        self._thread_id: int | None = None
        self._wake_receiver, self._wake_sender = socket.socketpair()
        self._wake_receiver.setblocking(False)
        self._wake_sender.setblocking(False)
        self._awake = False
        self.watch(self._wake_receiver, 0, READ, _Waker(self._wake_receiver))

    def call_soon(self, call: Callable[[], None]) -> None:
        """Run `call` in the loop's thread, in this tick or the next; callable from any thread.

        Ignored when the loop has ended.
        """
        self._calls.append(call)
        if not self._awake and threading.get_ident() != self._thread_id:
            self._awake = True
            with suppress(OSError):  # the loop has ended, and with it the need
                self._wake_sender.send(b"\0")

    def call_later(self, delay_s: float, call: Callable[[], None]) -> Timer:
        """Run `call` once in `delay_s`; `timers.set(timer, None)` cancels it."""
        timer = Timer(lambda _now: call())
        self.timers.set(timer, self.clock() + delay_s)
        return timer

    def add(self, channel: Channel) -> bool:
        """Have `channel` closed before the loop stops; False when it stops already: now, then."""
        self._channels.add(channel)
        if self._stopping:
            channel.abort()
        return not self._stopping

    def discard(self, channel: Channel) -> None:
        """Forget a channel that is closed."""
        self._channels.discard(channel)

    def _run(self) -> None:
        self._thread_id = threading.get_ident()
        while self._channels or self._calls or not self._stopping:
            self._tick()
        self._poller.close()
        self._wake_receiver.close()
        self._wake_sender.close()

    def _begin_stop(self, drain_s: float) -> None:
        self._stopping = True
        for channel in list(self._channels):
            channel.close(drain_s)

    def _tick(self) -> None:
        sources = self._poller.sources
        for number, events in self._poller.poll(self._wait_s()):
            source = sources.get(number)
            if source is None:
                continue  # an earlier one of this tick closed it
            try:
                source.ready(events)
            except Exception as error:
                logger.exception("a connection failed inside the loop")
                source.abort(internal_error(error))
        for timer in self.timers.expired(now := self.clock()):
            _guarded(timer.expired, now)
        self._awake = False  # before the calls are taken: whoever comes later must wake us again
        for _ in range(len(self._calls)):
            _guarded(self._calls.popleft())
        for hook in self.after_tick:
            _guarded(hook)
        dirty, self.dirty = self.dirty, []
        for writer in dirty:
            _guarded(writer.flush)

    def _wait_s(self) -> float | None:
        if self._calls or self.dirty:
            return 0.0
        wake_at = self.timers.next_wake()
        return None if wake_at is None else max(0.0, wake_at - self.clock())


class _Waker:
    """The reading end of the loop's own socket pair."""

    def __init__(self, receiver: socket.socket) -> None:
        self._receiver = receiver

    def ready(self, _events: int) -> None:
        self._receiver.recv(4096)

    def abort(self, _error: SecureChatError | None = None) -> None:
        """Do nothing: a loop without it would be deaf."""


def internal_error(error: Exception) -> SecureChatError:
    """Return the error that a connection is closed with when code of ours raised `error`."""
    if isinstance(error, SecureChatError):
        return error
    return InternalError(f"Internal error ({type(error).__name__})", "the same again")


def _guarded(call: Callable[..., None], *args: float) -> None:
    try:
        call(*args)
    except Exception:
        logger.exception("a call inside the loop failed")
