"""A hundred clients in one room, five of them talking, while ten a minute are killed and come back.

Two clients are in each process; a kill takes both. They are back within seconds, and what was
written meanwhile has waited for them. Needs /proc for the figures of CPU.
"""

import itertools
import os
import random
import statistics
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.processes import Relay, relaying
from tests.sockets.crowded_room import CrowdedRoom, crowded_room
from tests.sockets.room_host import LOBBY

PEOPLE, IN_A_PROCESS, TALKERS = 100, 2, 5
SAY_EVERY_S = 0.5
KILL_EVERY_S = 60 / (10 / IN_A_PROCESS)
AWAY_MAX_S = 5.0
CLOSED_S, LOBBY_S = 180.0, 60.0
GATHER_S, SETTLE_S = 300.0, 120.0
SEED = 5
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")

pytestmark = pytest.mark.timeout(2400)


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[Relay]:
    with relaying(tmp_path / "relay") as relay:
        yield relay


@pytest.mark.parametrize(("room", "seconds"), [("#ops", CLOSED_S), (LOBBY, LOBBY_S)])
def test_everybody_sees_every_message_once_and_in_order(
    relay: Relay, tmp_path: Path, room: str, seconds: float
) -> None:
    begun = time.monotonic()
    with crowded_room(relay, tmp_path / "homes", PEOPLE, IN_A_PROCESS, room) as crowded:
        crowded.gather(GATHER_S)
        gathered = time.monotonic()
        gathering_cpu_s = cpu_s(relay.process.pid)
        before_s = {host: cpu_s(host.pid) for host in crowded.hosts}
        talkers = crowded.names[: TALKERS * IN_A_PROCESS : IN_A_PROCESS]
        talk(crowded, talkers, seconds)
        talked = time.monotonic()
        crowded.settle(talkers, SETTLE_S)
        settled = time.monotonic()
        relay_cpu_s = cpu_s(relay.process.pid) - gathering_cpu_s
        used_s = [cpu_s(host.pid) - before_s[host] for host in crowded.hosts if host.life == 1]
        found = crowded.finish()
    client_s = statistics.median(used_s) / IN_A_PROCESS
    print(
        f"\n{room}: {found.summary}\n  gathered in {gathered - begun:.0f} s, talked for"
        f" {talked - gathered:.0f} s, all had all {settled - talked:.1f} s later;"
        f" CPU of the relay {gathering_cpu_s:.1f} s for gathering,"
        f" {relay_cpu_s:.1f} s since then: {relay_cpu_s / found.deliveries * 1e6:.0f} us a"
        f" delivery; of a client that only reads, since then, {client_s:.1f} s:"
        f" {client_s / (found.deliveries / PEOPLE) * 1e3:.1f} ms a delivery"
    )
    assert found.kills >= (seconds / KILL_EVERY_S - 1) * IN_A_PROCESS
    found.check()


def talk(crowded: CrowdedRoom, talkers: Sequence[str], seconds: float) -> None:
    """Let them write in turn, and kill and revive one process after the other."""
    chance = random.Random(SEED)
    now = begun = time.monotonic()
    turns = itertools.cycle(talkers)
    say_at = kill_at = now
    away = []
    while now < begun + seconds:
        crowded.take_news(max(0.0, min(say_at, kill_at) - now))
        now = time.monotonic()
        if now >= say_at:
            say_at += SAY_EVERY_S
            crowded.say(next(turns))
        if now >= kill_at:
            kill_at += KILL_EVERY_S
            host = chance.choice([each for each in crowded.hosts if crowded.is_there(each)])
            crowded.kill(host)
            away.append((now + chance.uniform(0.0, AWAY_MAX_S), host))
        for back_at, host in tuple(away):
            if now >= back_at:
                host.start()
                away.remove((back_at, host))


def cpu_s(pid: int) -> float:
    """Return the CPU time of a process, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S
