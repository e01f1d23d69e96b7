"""The relay's disk, seen from outside: synced before an answer, failing, full."""

import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from securechat.transport.loop import Loop
from tests.processes import Relay, relaying
from tests.soak.tracing import failing, require_strace, traced
from tests.sockets.kills import wait
from tests.sockets.load_devices import Device, check_order, running_loop

ACCEPTANCES = 500
FAILURES = 20
ACCEPTS_AGAIN_S = 5.0
CHAT_ON = 20

pytestmark = pytest.mark.timeout(600)


@dataclass
class Town:
    """A relay and four devices: Alice writes to Bob, who is away, Carol to Dave, who is there."""

    loop: Loop
    relay: Relay
    alice: Device
    bob: Device
    carol: Device
    dave: Device

    def write(self, sender: Device, *, at_once: int) -> None:
        """Let a device write, so much at once, from now on."""
        sender.at_once, sender.limit = at_once, 10**9
        self.loop.call_soon(sender.write_more)

    def expect_more(self, count: Callable[[], int], more: int, within_s: float) -> float:
        """Wait until a count has grown by so much; return the seconds, which are bounded."""
        goal, began = count() + more, time.monotonic()
        wait(lambda: count() >= goal)
        took_s = time.monotonic() - began
        assert took_s < within_s
        return took_s


@contextmanager
def town(directory: Path, **options: Any) -> Iterator[Town]:
    with running_loop() as loop, relaying(directory, **options) as relay:
        alice, bob, carol, dave = devices = [
            Device(loop, relay.port, relay.ca, name, seed)
            for seed, name in enumerate(("alice", "bob", "carol", "dave"), 1)
        ]
        for device in devices:
            loop.call_soon(device.come)
        wait(lambda: all(device.is_in for device in devices))
        alice.recipients, carol.recipients = [bob], [dave]
        loop.call_soon(bob.go)
        wait(lambda: not bob.is_in)
        yield Town(loop, relay, alice, bob, carol, dave)


def test_every_acceptance_for_somebody_away_follows_a_sync(tmp_path: Path) -> None:
    require_strace()
    log = tmp_path / "trace"
    with town(tmp_path) as here:
        for other in (here.carol, here.dave):
            here.loop.call_soon(other.go)
        wait(lambda: not (here.carol.is_in or here.dave.is_in))
        calls = "trace=fdatasync,fsync,recvfrom,sendto"
        with traced(here.relay.process.pid, "-o", str(log), "-yy", "-s", "0", "-e", calls):
            here.write(here.alice, at_once=1)
            wait(lambda: len(here.alice.accepted) >= ACCEPTANCES)
            here.alice.limit = 0
            wait(lambda: not here.alice.unanswered)
    answered = synced = 0
    is_waiting = is_synced = False
    for line in log.read_text().splitlines():
        if re.search(r"recvfrom.*= [1-9]", line) and "TCP" in line:
            is_waiting, is_synced = True, False
        elif re.search(r"f(data)?sync.*= 0", line):
            is_synced = True
        elif re.search(r"sendto\(.*TCP", line) and is_waiting:
            answered += 1
            synced += is_synced
            is_waiting = False
    print(f"{synced} of {answered} acceptances follow a sync")
    assert answered >= ACCEPTANCES
    assert synced == answered


@pytest.mark.parametrize(("call", "error"), [("pwrite64", "ENOSPC"), ("fdatasync", "EIO")])
def test_a_disk_that_fails_is_told_of_and_used_again(tmp_path: Path, call: str, error: str) -> None:
    require_strace()
    recoveries_s: list[float] = []
    with town(tmp_path) as here:
        alice, bob, carol, dave = here.alice, here.bob, here.carol, here.dave
        here.write(alice, at_once=4)
        here.write(carol, at_once=1)
        for _ in range(FAILURES):
            here.expect_more(lambda: len(alice.accepted), 4, ACCEPTS_AGAIN_S)
            with failing(here.relay.process.pid, tmp_path / "relay", call, error):
                here.expect_more(lambda: alice.refused.count("not-stored"), 5, ACCEPTS_AGAIN_S)
                before = len(alice.accepted)
                here.expect_more(lambda: alice.refused.count("not-stored"), 8, ACCEPTS_AGAIN_S)
                assert len(alice.accepted) == before
                here.expect_more(lambda: len(dave.arrived[carol.tag]), CHAT_ON, ACCEPTS_AGAIN_S)
            recoveries_s.append(here.expect_more(lambda: len(alice.accepted), 1, ACCEPTS_AGAIN_S))
        alice.limit = carol.limit = 0
        wait(lambda: not (alice.unanswered or carol.unanswered))
        here.relay.process.signal(signal.SIGKILL)
        here.relay.process.finish()
        with relaying(tmp_path, port=here.relay.port):
            here.loop.call_soon(bob.come)
            wait(lambda: len(bob.arrived[alice.tag]) == len(alice.sent[bob.mailbox]))
        found = check_order([alice, carol])
    print(f"{call} {error}: {found}, accepted again within {max(recoveries_s):.2f} s")
    assert (found["lost"], found["disordered"]) == (0, 0)
