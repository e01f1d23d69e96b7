"""What one run of one load on one server shows."""

import time
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from relaybench.servers import Server

WARM_UP_S = 0.2


@dataclass(frozen=True, slots=True)
class Sample:
    """One run of a load of messages."""

    delivered: int
    cpu_s: float
    wall_s: float
    latencies_s: Sequence[float]
    """From the send to the delivery of each message, or of some of them; sorted."""
    load_busy: float
    """The share of the time in which the load itself computed."""

    @property
    def cpu_us(self) -> float:
        """CPU microseconds of the server for each delivered message."""
        return self.cpu_s / self.delivered * 1e6

    @property
    def messages_per_s(self) -> float:
        """Deliveries a second."""
        return self.delivered / self.wall_s

    @property
    def busy(self) -> float:
        """The share of the time in which the server computed."""
        return self.cpu_s / self.wall_s

    def latency_ms(self, share: float) -> float:
        """Return the latency that this share of the messages stayed within; nan without any."""
        if not self.latencies_s:
            return float("nan")
        return self.latencies_s[int(share * (len(self.latencies_s) - 1))] * 1e3


class Meter:
    """Measures from now on, when everything is idle."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._cpu_before_s = server.cpu_s()
        self._load_before_s = time.process_time()
        self._started = time.perf_counter()
        self.wall_s = self.load_busy = 0.0

    def stop_watch(self) -> None:
        """Note how long it took until everything was delivered."""
        self.wall_s = time.perf_counter() - self._started
        self.load_busy = (time.process_time() - self._load_before_s) / self.wall_s

    def cpu_s(self) -> float:
        """Return the CPU seconds of the server by now."""
        return self._server.cpu_s() - self._cpu_before_s


class Load(Protocol):
    """Clients of one server, who count what they are delivered."""

    delivered: int
    latencies_s: "array[float]"

    def settle(self) -> None:
        """Wait until nothing is under way and the server has answered for all."""

    def close(self) -> None:
        """Hang up."""


def measure(server: Server, load: Load, run: Callable[[float], None], seconds: float) -> Sample:
    """Run a load for so long, from idle to idle; return what that cost the server, and hang up."""
    try:
        run(min(WARM_UP_S, seconds))
        load.settle()
        load.delivered, load.latencies_s = 0, array("d")
        meter = Meter(server)
        run(seconds)
        meter.stop_watch()
        load.settle()
        cpu_s = meter.cpu_s()
    finally:
        load.close()
    return Sample(load.delivered, cpu_s, meter.wall_s, sorted(load.latencies_s), meter.load_busy)
