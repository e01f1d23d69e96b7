"""A hostile relay: what it changes, cuts, misdelivers or repeats opens nothing, without a trace."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from securechat.e2e import envelope
from securechat.e2e.results import Duplicate
from tests.pure.e2e.hostile import (
    Case,
    flip,
    make_message_case,
    make_start_case,
    refuse,
    refuse_all,
)
from tests.pure.e2e.world import DAY_MS, NOW_MS, copy_seat, make_seat

MESSAGE_CASE, START_CASE = make_message_case(), make_start_case()
CASES = [pytest.param(MESSAGE_CASE, id="message"), pytest.param(START_CASE, id="start")]


def test_no_flipped_bit_of_a_message_opens() -> None:
    genuine = MESSAGE_CASE.genuine
    refuse_all(MESSAGE_CASE, [flip(genuine, bit) for bit in range(8 * len(genuine))])


@settings(max_examples=50, deadline=None)
@given(st.sets(st.integers(0, 8 * 2048 - 1), min_size=1, max_size=3))
def test_no_flipped_bit_of_a_start_opens(bits: set[int]) -> None:
    hostile, bob = START_CASE.genuine, START_CASE.recipient
    for bit in bits:
        hostile = flip(hostile, bit)
    before = bob.state()
    refuse(bob, hostile)
    assert bob.state() == before


@pytest.mark.parametrize("case", CASES)
def test_no_other_length_opens(case: Case) -> None:
    hostile = [case.genuine[:length] for length in range(len(case.genuine))]
    hostile += [case.genuine + bytes(extra) for extra in (1, 2, 16, 512, len(case.genuine), 16384)]
    hostile += [bytes(size) for size in envelope.SIZES_BYTES]
    refuse_all(case, hostile)


@pytest.mark.parametrize("case", CASES)
def test_a_box_of_another_size_does_not_open(case: Case) -> None:
    frame = case.frame
    hostile = [case.recipient.reseal(frame + bytes(extra)) for extra in (1, 100)]
    hostile += [case.recipient.reseal(frame[:-1]), case.recipient.reseal(b"")]
    refuse_all(case, hostile)


@pytest.mark.parametrize("case", CASES)
def test_what_is_for_bob_does_not_open_elsewhere(case: Case) -> None:
    for seat in (make_seat("Carol"), copy_seat(case.sender)):
        before = seat.state()
        refuse(seat, case.genuine)
        assert seat.state() == before


@pytest.mark.parametrize("case", CASES)
def test_a_replay_is_a_duplicate_now_and_after_a_reload(case: Case) -> None:
    bob = copy_seat(case.recipient)
    assert bob.read(case.genuine) == "genuine"
    before = bob.state()
    for _ in range(100):
        assert bob.receive(case.genuine) == Duplicate()
    bob.reload()
    assert bob.receive(case.genuine) == Duplicate()
    assert bob.state() == before


@pytest.mark.parametrize("case", CASES)
def test_a_replay_does_not_open_after_rotation_either(case: Case) -> None:
    bob = copy_seat(case.recipient)
    bob.read(case.genuine)
    for day in (7, 14):
        bob.publish(NOW_MS + day * DAY_MS)
        assert bob.receive(case.genuine, NOW_MS + day * DAY_MS) == Duplicate()
    bob.endpoint.drained(NOW_MS + 17 * DAY_MS)
    bob.reload()
    refuse(bob, case.genuine)


def test_a_start_on_a_fallback_key_opens_once() -> None:
    alice, bob = make_seat("Alice"), make_seat("Bob")
    bob.one_time_keys.clear()
    start = alice.send(bob, "genuine")
    assert bob.read(start) == "genuine"
    before = bob.state()
    assert bob.receive(start) == Duplicate()
    bob.reload()
    assert bob.receive(start) == Duplicate()
    assert bob.state() == before


def test_a_replayed_start_of_a_deleted_session_opens_nothing() -> None:
    alice, bob = make_seat("Alice"), make_seat("Bob")
    bob.one_time_keys.clear()
    start = alice.send(bob, "genuine")
    bob.read(start)
    for session in list(bob.endpoint._sessions._of(alice.address)):
        bob.endpoint._sessions._delete(session)
    bob.reload()
    assert bob.receive(start) == Duplicate()
