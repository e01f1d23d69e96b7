"""A relay, and two people on its command lines."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import Relay, relaying
from tests.sockets.scripting.person import Person


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    with relaying(tmp_path_factory.mktemp("relay")) as relay:
        yield relay


@pytest.fixture
def alice(relay: Relay, tmp_path: Path, request: pytest.FixtureRequest) -> Person:
    return Person(f"alice{abs(hash(request.node.name)) % 10**9}", relay, tmp_path)


@pytest.fixture
def bob(relay: Relay, tmp_path: Path, request: pytest.FixtureRequest) -> Person:
    return Person(f"bob{abs(hash(request.node.name)) % 10**9}", relay, tmp_path)
