"""Clients killed 50 times at each point between receipt and acknowledgement, typing and answer."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import Relay, relaying
from tests.sockets.client_kills import kill_readers, kill_senders

KILLS = 50
IN_A_ROW = 5

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[Relay]:
    with relaying(tmp_path / "relay") as relay:
        yield relay


def test_a_reader_killed_fifty_times_at_each_point(relay: Relay, tmp_path: Path) -> None:
    found = kill_readers(tmp_path, relay, rounds=KILLS // IN_A_ROW, deaths=IN_A_ROW)
    print(found.summary)
    assert set(found.kills.values()) == {KILLS}
    found.check()


def test_a_sender_killed_fifty_times_at_each_point(relay: Relay, tmp_path: Path) -> None:
    found = kill_senders(tmp_path, relay, kills=KILLS)
    print(found.summary)
    assert set(found.kills.values()) == {KILLS}
    found.check()
