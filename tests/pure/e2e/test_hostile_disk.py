"""What a thief makes of envelopes with the state of a device, stolen before or after."""

import pytest

from securechat.errors import CannotOpen
from tests.pure.e2e.world import NOW_MS, Seat, copy_seat, make_pair, make_seat


def steal(seat: Seat) -> Seat:
    """Return a seat of the thief's, who forgets what has been seen, to open everything again."""
    seen = {row for row in seat.rows if row[0] in {"nonce", "message_id"}}
    stolen = copy_seat(seat)
    stolen.rows = {row: value for row, value in seat.rows.items() if row not in seen}
    return copy_seat(stolen)


def cannot_open(thief: Seat, envelope: bytes) -> None:
    with pytest.raises(CannotOpen):
        thief.endpoint.open(envelope, NOW_MS)


def test_a_state_stolen_later_does_not_open_what_was_read_before() -> None:
    alice, bob = make_pair()
    log = [alice.send(bob, str(number)) for number in range(3)]
    for envelope in log:
        bob.read(envelope)
    thief = steal(bob)
    for envelope in log:
        cannot_open(thief, envelope)
    assert thief.read(alice.send(bob, "what comes later")) == "what comes later"


def test_a_state_stolen_later_does_not_open_a_start_on_a_one_time_key() -> None:
    alice, bob = make_seat("Alice"), make_seat("Bob")
    start = alice.send(bob, "read before")
    bob.read(start)
    cannot_open(steal(bob), start)


def test_a_state_stolen_before_does_not_open_what_follows_an_answer() -> None:
    """The device draws a new key for each answer, and the thief, who only listens, has it not."""
    alice, bob = make_pair()
    thief = steal(bob)
    before = alice.send(bob, "before the answer")
    assert thief.read(before) == bob.read(before) == "before the answer"
    alice.read(bob.send(alice, "answer"))
    after = alice.send(bob, "after the answer")
    cannot_open(thief, after)
    assert bob.read(after) == "after the answer"
