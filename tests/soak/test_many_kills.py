"""The relay killed two hundred times under load."""

from pathlib import Path

import pytest

from tests.sockets.kills import run_kills

KILLS = 200
MESSAGES = 20_000
READY_WITHIN_S = 3.0


@pytest.mark.timeout(1800)
def test_two_hundred_kills_lose_nothing_and_keep_the_order(tmp_path: Path) -> None:
    found = run_kills(tmp_path, kills=KILLS, load_s=0.5, per_pair=10**9)
    print(found.summary)
    assert found.accepted >= MESSAGES
    assert (found.lost, found.disordered) == (0, 0)
    assert max(found.restart_s) < READY_WITHIN_S
