"""100,000 envelopes wait for one device: what that costs the relay, and the others."""

import resource
import signal
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.processes import Relay, environment, relaying
from tests.sockets.kills import wait
from tests.sockets.load_devices import Device, running_loop

QUEUED = 100_000
SENDERS = 5
PAIRS = 2
QUIET_TURNS = 20
SLICE_S = 0.25
"""How long the reader reads, and is held, in turns: other work on the machine meets both."""

SETTLE_S = 0.05
"""What is left out at the beginning of each turn."""

READER_SHARE = 0.2
"""Of a processor, what the reader uses while it reads, and a burner while the reader is held."""

MOST_MEMORY_BYTES = 16 * 1024 * 1024
"""How much the relay may grow; the envelopes alone are three times as much."""

MOST_SLOWER = 2.0
"""How much later, at the 95th percentile, messages of others may arrive."""

PAGE_BYTES = resource.getpagesize()


def memory_bytes(pid: int) -> int:
    """Return what a process has in memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES


def p95_ms(turns: list[list[float]]) -> float:
    """Return the 95th percentile of a turn, the median of all turns: other work comes in bursts."""
    return statistics.median(statistics.quantiles(turn, n=20)[-1] for turn in turns) * 1e3


@dataclass
class Others:
    """Devices that write to each other, one message under way in each pair."""

    pairs: list[tuple[Device, Device]]

    def begin(self) -> None:
        for writer, reader in self.pairs:
            writer.recipients, writer.limit, writer.at_once = [reader], 10**9, 1

    def latencies_s(self, seconds: float) -> list[float]:
        """Return how long messages took within this time, once it has settled."""
        time.sleep(SETTLE_S)
        for _, reader in self.pairs:
            reader.latencies_s = []
        time.sleep(seconds)
        return [each for _, reader in self.pairs for each in reader.latencies_s]

    def end(self) -> None:
        for writer, _ in self.pairs:
            writer.limit = 0


@dataclass
class Fetch:
    """What a fetch in turns has shown."""

    busy: list[list[float]] = field(default_factory=list)
    """The latencies of others, in seconds, of each turn in which the reader read."""
    held: list[list[float]] = field(default_factory=list)
    """The same of each turn in which it was held."""
    reading_s: float = 0.0
    most_bytes: int = 0
    in_order: bool = False


def fetch(relay: Relay, home: Path, others: Others) -> Fetch:
    """Let a process fetch everything, and hold it in every other slice of time."""
    found = Fetch()
    reader = start(home, "reader", str(relay.port), str(relay.ca), "1", str(QUEUED))
    while reader.poll() is None:
        began = time.monotonic()
        found.busy.append(others.latencies_s(SLICE_S))
        found.most_bytes = max(found.most_bytes, memory_bytes(relay.process.pid))
        reader.send_signal(signal.SIGSTOP)
        found.reading_s += time.monotonic() - began
        burner = start(home, "burner", str(READER_SHARE))
        found.held.append(others.latencies_s(SLICE_S))
        burner.kill()
        burner.communicate()
        reader.send_signal(signal.SIGCONT)
    output, _ = reader.communicate()
    found.in_order = output.split()[1] == "True"
    return found


def start(home: Path, module: str, *arguments: str) -> "subprocess.Popen[str]":
    """Start a module of this package, to which others do not give way."""
    command = ("nice", sys.executable, "-m", f"tests.soak.{module}", *arguments)
    return subprocess.Popen(command, env=environment(home), stdout=subprocess.PIPE, text=True)


@pytest.mark.timeout(600)
def test_a_long_queue_costs_no_memory_and_does_not_slow_others_down(tmp_path: Path) -> None:
    flags = ("--mailbox-messages", str(8 * QUEUED))
    with running_loop() as loop, relaying(tmp_path, *flags) as relay:
        names = (
            "bob",
            *(f"eve{i}" for i in range(SENDERS)),
            *(f"ann{i}" for i in range(2 * PAIRS)),
        )
        bob, *rest = devices = [
            Device(loop, relay.port, relay.ca, name, seed) for seed, name in enumerate(names, 1)
        ]
        senders, talkers = rest[:SENDERS], rest[SENDERS:]
        for device in devices:
            loop.call_soon(device.come)
        wait(lambda: all(device.is_in for device in devices))
        loop.call_soon(bob.go)
        pid = relay.process.pid
        before = memory_bytes(pid)
        for sender in senders:
            sender.recipients, sender.limit = [bob], QUEUED // SENDERS
            sender.at_once, sender.size_bytes = 200, 500
            loop.call_soon(sender.write_more)
        began = time.monotonic()
        wait(lambda: sum(len(sender.accepted) for sender in senders) == QUEUED, 240.0)
        queued_s, grown = time.monotonic() - began, memory_bytes(pid) - before
        others = Others(list(zip(talkers[::2], talkers[1::2], strict=True)))
        others.begin()
        for writer, _ in others.pairs:
            loop.call_soon(writer.write_more)
        quiet = p95_ms([others.latencies_s(SLICE_S) for _ in range(QUIET_TURNS)])
        found = fetch(relay, tmp_path, others)
        others.end()
    held, busy, fetched_grown = p95_ms(found.held), p95_ms(found.busy), found.most_bytes - before
    print(
        f"queued in {queued_s:.1f} s, memory +{grown >> 20} MiB;"
        f" fetched in {found.reading_s:.1f} s, memory +{fetched_grown >> 20} MiB;"
        f" p95 of others {quiet:.2f} ms quiet, {held:.2f} ms beside a burner,"
        f" {busy:.2f} ms beside the fetch ({len(found.busy)} turns)"
    )
    assert found.in_order
    assert max(grown, fetched_grown) < MOST_MEMORY_BYTES
    assert busy < MOST_SLOWER * held
