"""What pairs notice of others who do not read while somebody writes to them."""

import time
from dataclasses import dataclass, replace

from relaybench.arrivals import meet
from relaybench.client import Client, LoadFailed
from relaybench.contenders import Running
from relaybench.pairs import BLOCKED_S, measure_pairs
from relaybench.sample import Sample

RECEIVE_BYTES = 64 * 1024
"""What the kernel takes for a reader who does not read."""

MESSAGES_PER_S = 20
"""What each of them is written while the pairs talk."""

BACKLOG_S = 20.0


@dataclass(frozen=True, slots=True)
class Slow:
    """What one run shows: the pairs alone, and beside slow readers, unless that stopped them."""

    quiet: Sample
    beside: Sample | None
    why: str = ""
    """What stopped them."""

    def p99_ratio(self) -> float | None:
        """Return by how much the slowest percent became slower."""
        return self.beside.latency_ms(0.99) / self.quiet.latency_ms(0.99) if self.beside else None


class SlowRoom:
    """One writes to many who never read."""

    def __init__(self, writer: Client) -> None:
        self._writer = writer
        self._due = 0.0

    def fill(self, messages: int) -> None:
        """Write so many messages to each, as fast as the server takes them from the writer."""
        deadline = time.perf_counter() + BACKLOG_S
        for _ in range(messages):
            self._writer.stream.write(self._writer.messages(1))
            self._wait(deadline, answers=False)
        self._wait(deadline, answers=True)

    def tick(self, now: float) -> None:
        """Write the next message when it is time to, and hear what the server says."""
        stream = self._writer.stream
        if now >= self._due and stream.flush():
            self._due = now + 1 / MESSAGES_PER_S
            stream.write(self._writer.messages(1))
        self._writer.receive(stream.read_if_any())

    def _wait(self, deadline: float, *, answers: bool) -> None:
        """Wait until the server has taken everything, and answered for it if that is wanted."""
        writer = self._writer
        while not writer.stream.flush() or (answers and writer.unanswered()):
            if time.perf_counter() > deadline:
                raise LoadFailed(f"it took nothing more within {BACKLOG_S:.0f} s")
            writer.receive(writer.stream.read_if_any())
            time.sleep(BLOCKED_S)
        writer.receive(writer.stream.read_if_any())


def measure_slow(running: Running, pairs: int, readers: int, backlog: int, seconds: float) -> Slow:
    """Let pairs talk alone, then beside so many readers who have this backlog of messages."""
    server, dialect, dialling = running.server, running.dialect, running.dialling
    quiet = measure_pairs(server, meet(dialect.pairs(dialling, pairs)), 1, seconds)
    talkers = meet(dialect.pairs(dialling, pairs))
    members = meet(dialect.room(replace(dialling, receive_bytes=RECEIVE_BYTES), readers + 1, 1))
    try:
        slow = SlowRoom(members[0])
        slow.fill(backlog)
        return Slow(quiet, measure_pairs(server, talkers, 1, seconds, slow.tick))
    except (LoadFailed, OSError) as error:
        return Slow(quiet, None, str(error))
    finally:
        for client in (*talkers, *members):
            client.stream.close()
