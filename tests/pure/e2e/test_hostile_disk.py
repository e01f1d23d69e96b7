"""A thief, who opens logged envelopes with the state of a device, stolen before or after them."""

import pytest

from securechat.e2e.epochs import ROTATED_GRACE_MS
from securechat.errors import CannotOpen
from securechat.identity.chain import ROTATE_AFTER_MS
from tests.pure.e2e.world import NOW_MS, Seat, copy_seat, make_pair, make_seat

SEEN = frozenset({"nonce", "message_id"})
BEGUN = SEEN | {"chain", "session"}


def steal(seat: Seat, forget: frozenset[str] = SEEN) -> Seat:
    """Return a seat with a device's rows but for some tables, which would stop a second opening."""
    stolen = copy_seat(seat)
    stolen.rows = {row: value for row, value in seat.rows.items() if row[0] not in forget}
    return copy_seat(stolen)


def cannot_open(thief: Seat, envelope: bytes) -> None:
    """Check that nobody opens an envelope with a stolen state, with its sessions or without."""
    for forget in (SEEN, BEGUN):
        with pytest.raises(CannotOpen):
            steal(thief, forget).endpoint.open(envelope, NOW_MS)


def test_a_state_stolen_later_does_not_open_what_was_read_before() -> None:
    alice, bob = make_pair()
    log = [alice.send(bob, str(number)) for number in range(3)]
    for envelope in log:
        bob.read(envelope)
    for envelope in log:
        cannot_open(bob, envelope)
    assert steal(bob).read(alice.send(bob, "what comes later")) == "what comes later"


def test_a_state_stolen_later_does_not_open_a_start_on_a_one_time_key() -> None:
    alice, bob = make_seat("Alice"), make_seat("Bob")
    start = alice.send(bob, "read before")
    bob.read(start)
    cannot_open(bob, start)


def test_a_start_on_a_fallback_key_stays_open_until_its_keys_are_deleted() -> None:
    """Nothing uses up a fallback key: one-time keys are there for that."""
    alice, bob = make_seat("Alice"), make_seat("Bob")
    bob.one_time_keys.clear()
    start = alice.send(bob, "read before")
    assert bob.read(start) == steal(bob, BEGUN).read(start) == "read before"
    rotated_ms = NOW_MS + ROTATE_AFTER_MS
    bob.publish(rotated_ms)
    bob.endpoint.drained(rotated_ms + ROTATED_GRACE_MS)
    bob.commit()
    cannot_open(bob, start)


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
