"""A dozen clients in one room, some of whom are killed while others write; see also the soak."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import FAILURE_S, Relay, relaying
from tests.sockets.crowded_room import crowded_room

PEOPLE, IN_A_PROCESS = 12, 2
SETTLE_S = 2 * FAILURE_S


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[Relay]:
    with relaying(tmp_path / "relay") as relay:
        yield relay


@pytest.mark.parametrize("room", ["#ops", "#lobby"])
def test_everybody_sees_every_message_once_and_in_order(
    relay: Relay, tmp_path: Path, room: str
) -> None:
    with crowded_room(relay, tmp_path / "homes", PEOPLE, IN_A_PROCESS, room) as crowded:
        crowded.gather(SETTLE_S)
        killed, stays, also_killed = crowded.hosts[:3]
        talkers = [host.names[0] for host in (killed, stays, also_killed)]
        for victim in (killed, also_killed):
            for name in talkers * 2:
                assert crowded.say(name)
            crowded.wait_until_typed(SETTLE_S)
            crowded.kill(victim)
            assert crowded.say(stays.names[0])
            crowded.revive(SETTLE_S)
        crowded.settle(talkers, SETTLE_S)
        found = crowded.finish()
    assert found.kills == 2 * IN_A_PROCESS
    assert found.texts + found.untaken == 2 * 7 + len(talkers)
    found.check()
