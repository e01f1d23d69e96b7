"""What one run of one load on one server shows."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from relaybench.servers import Server


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
