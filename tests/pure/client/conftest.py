"""The people whom Alice's client meets, and numbers to compare that are quick to make."""

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


@pytest.fixture(autouse=True)
def quick_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rounds of a safety number are slow by design; its own tests have all of them."""
    monkeypatch.setattr("securechat.identity.safety_number._ROUNDS", 1)
