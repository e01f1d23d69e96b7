"""Clients killed with -9 wherever it could hurt: nothing is lost, shown twice or out of order."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import Relay, relaying
from tests.sockets.client_kills import kill_readers, kill_senders


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    with relaying(tmp_path_factory.mktemp("relay")) as relay:
        yield relay


def test_a_reader_that_is_killed_shows_each_message_once_and_in_order(
    relay: Relay, tmp_path: Path
) -> None:
    found = kill_readers(tmp_path, relay, rounds=1, deaths=2)
    assert set(found.kills.values()) == {2}
    found.check()
    assert found.repeated <= found.kills.total()


def test_a_sender_that_is_killed_hands_over_once_and_in_order_what_it_has_taken(
    relay: Relay, tmp_path: Path
) -> None:
    found = kill_senders(tmp_path, relay, kills=2)
    assert set(found.kills.values()) == {2}
    found.check()
