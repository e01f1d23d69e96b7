"""Ordinary people at a relay, in a loop of this process, and samples of what they meet."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from securechat.transport.loop import Loop
from siegelib.canaries import LATE_S, Canaries, Sample
from siegelib.door import Door
from siegelib.watched_relay import WatchedRelay

FAILURE_S = 30.0
LOOK_S = 0.05


class Bystanders:
    """Pairs who write to each other, and newcomers."""

    def __init__(self, relay: WatchedRelay, pairs: int) -> None:
        self._loop = Loop()
        self._canaries = Canaries(Door.of(self._loop, relay.port, relay.ca), pairs)

    def start(self) -> None:
        """Log everybody in; raises RuntimeError when that cannot be."""
        self._loop.start()
        self._loop.call_soon(self._canaries.come)
        deadline = time.monotonic() + FAILURE_S
        while not self._canaries.are_in:
            if time.monotonic() > deadline:
                raise RuntimeError("The pairs cannot log in")
            time.sleep(LOOK_S)

    def stop(self) -> None:
        """Break everything off."""
        self._loop.call_soon(self._canaries.leave)
        self._loop.stop(0.0)

    @contextmanager
    def watch(self) -> Iterator[Sample]:
        """Have canaries sent during the block; the sample is complete after it."""
        sample = Sample()
        self._loop.call_soon(lambda: self._canaries.use(sample))
        try:
            yield sample
        finally:
            self._loop.call_soon(lambda: self._canaries.use(None))
        deadline = time.monotonic() + LATE_S
        while not sample.is_settled and time.monotonic() < deadline:
            time.sleep(LOOK_S)


@contextmanager
def bystanding(relay: WatchedRelay, pairs: int) -> Iterator[Bystanders]:
    """Have ordinary people at a relay until the block ends."""
    bystanders = Bystanders(relay, pairs)
    bystanders.start()
    try:
        yield bystanders
    finally:
        bystanders.stop()
