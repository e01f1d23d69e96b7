"""One client in a process of its own: it sends or receives texts, and tells what that took.

``python -m clientbench.peer NAME PEER ADDRESS CA HOME``: it logs in, and then prints one JSON
object (`Report`) for each line on stdin: ``send N WINDOW`` sends N texts, so many of them not
accepted at any time; ``receive N`` waits for N texts; ``rest`` does nothing. The end of stdin ends
it. The one who sends has no events waiting in its memory, and cannot receive.
"""

import resource
import statistics
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from unittest.mock import patch

import msgspec

from securechat import Client
from securechat.client.events import Accepted, Event, Message, Problem, Sent
from securechat.protocol.client_side import ClientSide
from securechat.wire.frames import ClientFrame

SENDER, RECEIVER = "sender", "receiver"
TEXT = "x" * 100
WAIT_S = 600.0
MAX_TIMES = 1000
"""Times of one command that are kept: the memory is to be the client's."""


class Report(msgspec.Struct, frozen=True):
    """What was measured for one command, and how large the process and its store are after it."""

    cpu_s: float
    """CPU time of the whole process."""
    elapsed_s: float
    handed_ms: float
    """Median from the call to the event that says it is with the connection; 0 if none was sent."""
    accepted_ms: float
    """The same to the relay's answer."""
    frames: dict[str, int]
    """Frames that went to the relay since the last report, by kind."""
    resident_kib: int
    store_bytes: int


class Sender:
    """Sends texts, and notes when they are handed over and accepted."""

    def __init__(self, client: Client, peer: str) -> None:
        self._client = client
        self._peer = peer
        self._lock = threading.Lock()
        self._begun: dict[str, float] = {}
        self._free = threading.Semaphore(0)
        self.handed_ms: list[float] = []
        self.accepted_ms: list[float] = []
        client.subscribe(self._hear)

    def send(self, number: int, window: int) -> None:
        """Send texts; return when all of them are accepted."""
        self.handed_ms.clear()
        self.accepted_ms.clear()
        self._free.release(window)
        for _ in range(number):
            self._take_turn()
            with self._lock:
                begin_s = time.perf_counter()
                self._begun[self._client.send(self._peer, TEXT)] = begin_s
        for _ in range(window):
            self._take_turn()

    def _take_turn(self) -> None:
        if not self._free.acquire(timeout=WAIT_S):
            raise TimeoutError("A text was not accepted")

    def _hear(self, event: Event) -> None:
        match event:
            case Sent(message_id):
                with self._lock:
                    _note(self.handed_ms, self._begun[message_id])
            case Accepted(message_id):
                with self._lock:
                    _note(self.accepted_ms, self._begun.pop(message_id))
                self._free.release()
            case Problem(error):
                sys.stderr.write(f"{error}\n")


def _note(times_ms: list[float], begin_s: float) -> None:
    if len(times_ms) < MAX_TIMES:
        times_ms.append((time.perf_counter() - begin_s) * 1000)


def receive(client: Client, number: int) -> None:
    """Return when so many texts have come."""
    messages = (event for event in client.events() if isinstance(event, Message))
    for _ in zip(range(number), messages, strict=False):
        pass


def resident_kib() -> int:
    """Return how much memory the process has now; where that is not told, the most it ever had."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * resource.getpagesize() // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _median(times_ms: list[float]) -> float:
    return statistics.median(times_ms) if times_ms else 0.0


def main() -> None:
    """Log in, and carry out what is read from stdin."""
    name, peer, address, ca, home = sys.argv[1:]
    frames: Counter[str] = Counter()
    send_frame = ClientSide.send

    def count(machine: ClientSide, frame: ClientFrame) -> bytes:
        frames[type(frame).__name__] += 1
        return send_frame(machine, frame)

    is_sender = name == SENDER
    with (
        patch.object(ClientSide, "send", count),
        Client(name, address, home=home, ca=ca, peer=peer, receive=not is_sender) as client,
    ):
        sender = Sender(client, peer)
        for line in sys.stdin:
            command, *numbers = line.split()
            begin_s, begin_cpu_s = time.perf_counter(), time.process_time()
            if command == "send":
                sender.send(*map(int, numbers))
            elif command == "receive":
                receive(client, *map(int, numbers))
            report = Report(
                cpu_s=time.process_time() - begin_cpu_s,
                elapsed_s=time.perf_counter() - begin_s,
                handed_ms=_median(sender.handed_ms),
                accepted_ms=_median(sender.accepted_ms),
                frames=dict(frames),
                resident_kib=resident_kib(),
                store_bytes=sum(file.stat().st_size for file in Path(home).rglob("state.db*")),
            )
            sys.stdout.write(msgspec.json.encode(report).decode() + "\n")
            sys.stdout.flush()
            frames.clear()


if __name__ == "__main__":
    main()
