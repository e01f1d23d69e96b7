"""A relay killed with -9 under load loses nothing that it has accepted, and keeps every order."""

from pathlib import Path

import pytest

from tests.sockets.kills import run_kills

READY_WITHIN_S = 3.0


@pytest.mark.timeout(120)
def test_twenty_kills_lose_nothing_and_keep_the_order(tmp_path: Path) -> None:
    found = run_kills(tmp_path, kills=20, load_s=0.15, per_pair=100_000)
    assert found.accepted > 1_000
    assert (found.lost, found.disordered) == (0, 0)
    assert max(found.restart_s) < READY_WITHIN_S
