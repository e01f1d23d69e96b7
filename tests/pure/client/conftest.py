"""The people whom Alice's client meets."""

import pytest

from tests.pure.client.engine_world import make_seat
from tests.pure.e2e.world import Seat


@pytest.fixture
def bob() -> Seat:
    return make_seat("bob")


@pytest.fixture
def new_bob() -> Seat:
    """Bob, who has begun anew, or somebody who has been given his name."""
    return make_seat("bob")


@pytest.fixture
def mallory() -> Seat:
    return make_seat("mallory")
