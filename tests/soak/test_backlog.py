"""100,000 envelopes wait for one device: what that costs the relay, and the others."""

import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.processes import environment, relaying
from tests.sockets.kills import wait
from tests.sockets.load_devices import Device, running_loop

QUEUED = 100_000
SENDERS = 5
QUIET_S = 5.0
MOST_MEMORY_BYTES = 64 * 1024 * 1024
"""How much the relay may grow; the envelopes alone are about as much."""

PAGE_BYTES = resource.getpagesize()


def memory_bytes(pid: int) -> int:
    """Return what a process has in memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES


def p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


@pytest.mark.timeout(600)
def test_a_long_queue_costs_no_memory_and_does_not_slow_others_down(tmp_path: Path) -> None:
    flags = ("--mailbox-messages", str(8 * QUEUED))
    with running_loop() as loop, relaying(tmp_path, *flags) as relay:
        names = ("bob", "carol", "dave", *(f"eve{number}" for number in range(SENDERS)))
        bob, carol, dave, *senders = devices = [
            Device(loop, relay.port, relay.ca, name, seed) for seed, name in enumerate(names, 1)
        ]
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
        carol.recipients, carol.limit, carol.at_once = [dave], 10**9, 1
        loop.call_soon(carol.write_more)
        time.sleep(QUIET_S)
        quiet, dave.latencies_s = dave.latencies_s, []
        command = [
            "nice",
            sys.executable,
            "-m",
            "tests.soak.reader",
            str(relay.port),
            str(relay.ca),
        ]
        done = subprocess.run(
            [*command, "1", str(QUEUED)],
            env=environment(tmp_path),
            capture_output=True,
            text=True,
            timeout=240,
            check=True,
        )
        busy, dave.latencies_s = dave.latencies_s, []
        carol.limit = 0
        fetched_grown = memory_bytes(pid) - before
    fetched_s, in_order = done.stdout.split()
    print(
        f"queued in {queued_s:.1f} s, memory +{grown >> 20} MiB; fetched in {fetched_s} s,"
        f" memory +{fetched_grown >> 20} MiB; p95 of others {p95(quiet) * 1e3:.2f} ms quiet,"
        f" {p95(busy) * 1e3:.2f} ms meanwhile ({len(quiet)}, {len(busy)} messages)"
    )
    assert in_order == "True"
    assert max(grown, fetched_grown) < MOST_MEMORY_BYTES
    assert p95(busy) < 2 * p95(quiet)
