"""The names and the form of what is stored: the next release has to read what this one wrote."""

import msgspec
import pytest

from securechat.e2e.session import State
from tests.pure.e2e.world import NOW_MS, Seat, make_pair, next_device

SIZES_OF_KEYS = {
    "chain": {80},
    "epoch": {8},
    "formerly_sent": {56},
    "message_id": {48},
    "nonce": {24},
    "recovery": {48},
    "self": {7, 8, 12},
    "sent": {56},
    "session": {64},
    "session_start": {64},
}
LISTS = {"chain", "epoch", "formerly_sent", "recovery", "sent", "session"}


@pytest.fixture(scope="module")
def alice() -> Seat:
    """Return a seat that has stored a row of every kind."""
    alice, bob = make_pair()
    alice = next_device(alice)
    alice.read(bob.send(alice))
    alice.send(bob)
    alice.endpoint.ask_recovery(bob.address, NOW_MS)
    alice.endpoint.start_session(bob.shown(), NOW_MS)
    alice.commit()
    return alice


def test_every_kind_of_row_has_its_name_and_key(alice: Seat) -> None:
    sizes: dict[str, set[int]] = {}
    for table, key in alice.rows:
        sizes.setdefault(table, set()).add(len(key))
    assert sizes == SIZES_OF_KEYS


def test_the_rows_of_the_device_itself_have_their_names(alice: Seat) -> None:
    names = {key for table, key in alice.rows if table == "self"}
    assert names == {b"identity", b"account", b"fallback", b"registration"}


def test_rows_with_several_fields_are_lists(alice: Seat) -> None:
    for (table, key), value in alice.rows.items():
        if table in LISTS or key in {b"identity", b"fallback", b"registration"}:
            assert isinstance(msgspec.msgpack.decode(value), list), table


def test_the_states_of_sessions_have_their_numbers() -> None:
    assert {state.name: state.value for state in State} == {
        "STARTING": 1,
        "OPEN": 2,
        "RETIRED": 3,
    }
