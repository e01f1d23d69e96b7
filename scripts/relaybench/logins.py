"""The load of clients who connect, log in and go, several at a time."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from relaybench.arrivals import arrivals, meet
from relaybench.client import Client
from relaybench.contenders import Running
from relaybench.pairs import SETTLE_S

AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Logins:
    """What one run shows."""

    count: int
    cpu_s: float
    wall_s: float

    @property
    def cpu_ms(self) -> float:
        """CPU milliseconds of the server for each connection, handshake and login."""
        return self.cpu_s / self.count * 1e3

    @property
    def per_s(self) -> float:
        """Logins a second."""
        return self.count / self.wall_s


def measure_logins(running: Running, pairs: int, seconds: float) -> Logins:
    """Let those who are registered come and go for so long."""
    for client in meet(_everybody(running, pairs)):
        client.stream.close()
    time.sleep(SETTLE_S)
    cpu_before_s, started = running.server.cpu_s(), time.perf_counter()
    count = 0
    for client in arrivals(_until(started + seconds, running, pairs), AT_ONCE):
        client.stream.close()
        count += 1
    wall_s = time.perf_counter() - started
    time.sleep(SETTLE_S)
    return Logins(count, running.server.cpu_s() - cpu_before_s, wall_s)


def _everybody(running: Running, pairs: int) -> Iterator[Client]:
    return running.dialect.pairs(running.dialling, pairs)


def _until(deadline: float, running: Running, pairs: int) -> Iterator[Client]:
    """Make everybody's clients again and again."""
    while True:
        for client in _everybody(running, pairs):
            yield client
            if time.perf_counter() >= deadline:
                return
