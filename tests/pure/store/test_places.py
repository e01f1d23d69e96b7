"""Neighbouring places are joined, and no place is added or left out."""

from hypothesis import given
from hypothesis import strategies as st

from securechat.store.places import Place, runs
from tests.pure.store.conformance import ALICE, BOB


def test_neighbours_are_one_run_and_a_gap_begins_another() -> None:
    places = [(ALICE, 1), (ALICE, 2), (ALICE, 4), (BOB, 5), (BOB, 6), (ALICE, 7)]
    assert list(runs(places)) == [(ALICE, 1, 2), (ALICE, 4, 4), (BOB, 5, 6), (ALICE, 7, 7)]


def test_no_places_are_no_runs() -> None:
    assert list(runs([])) == []


@given(st.lists(st.tuples(st.sampled_from([ALICE, BOB]), st.integers(1, 9))))
def test_runs_cover_exactly_the_places(places: list[Place]) -> None:
    covered = [
        (mailbox, sequence)
        for mailbox, first, last in runs(places)
        for sequence in range(first, last + 1)
    ]
    assert covered == places
