"""What one run of one load on one server shows."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Sample:
    """One run of a load of messages."""

    delivered: int
    cpu_s: float
    wall_s: float
    latencies_s: Sequence[float]
    """From the send to the delivery of each message, or of some of them; sorted."""
    notes: Sequence[str] = field(default=())
    """What a reader of the figures has to know."""

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
        """Return the latency that this share of the messages stayed within."""
        return self.latencies_s[int(share * (len(self.latencies_s) - 1))] * 1e3
