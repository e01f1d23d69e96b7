import pytest
from hypothesis import given
from hypothesis import strategies as st

from securechat.transport.timers import Timer, Timers


def fired(timers: Timers, now: float) -> list[Timer]:
    return list(timers.expired(now))


def timer() -> Timer:
    return Timer(lambda now: None)


def test_a_timer_expires_at_its_deadline_and_once() -> None:
    timers, one = Timers(), timer()
    timers.set(one, 5.0)
    assert timers.next_wake() == 5.0
    assert fired(timers, 4.999) == []
    assert fired(timers, 5.0) == [one]
    assert one.deadline is None
    assert fired(timers, 1e9) == []
    assert timers.next_wake() is None


def test_timers_expire_in_order_of_their_deadlines() -> None:
    timers, early, late = Timers(), timer(), timer()
    timers.set(late, 2.0)
    timers.set(early, 1.0)
    assert fired(timers, 3.0) == [early, late]


def test_moving_later_adds_no_entry() -> None:
    timers, one = Timers(), timer()
    for deadline in range(1, 1001):
        timers.set(one, float(deadline))
    assert len(timers) == 1
    assert fired(timers, 999.0) == []
    assert timers.next_wake() == 1000.0
    assert fired(timers, 1000.0) == [one]


def test_moving_earlier_counts() -> None:
    timers, one = Timers(), timer()
    timers.set(one, 9.0)
    timers.set(one, 3.0)
    assert timers.next_wake() == 3.0
    assert fired(timers, 3.0) == [one]
    assert fired(timers, 9.0) == []


def test_a_stopped_timer_does_not_expire() -> None:
    timers, one = Timers(), timer()
    timers.set(one, 1.0)
    timers.set(one, None)
    assert fired(timers, 2.0) == []


def test_a_timer_set_while_others_expire_waits_for_the_next_look() -> None:
    timers, one = Timers(), timer()
    timers.set(one, 1.0)
    for each in timers.expired(1.0):
        timers.set(each, 1.0)
    assert fired(timers, 1.0) == [one]


def test_stale_entries_do_not_pile_up() -> None:
    timers, one = Timers(), timer()
    for deadline in range(10_000, 0, -1):
        timers.set(one, float(deadline))
    assert len(timers) < 200
    assert fired(timers, 1.0) == [one]


@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.none() | st.integers(0, 20), st.integers(0, 3)),
        max_size=200,
    )
)
def test_behaves_like_a_table_of_deadlines(steps: list[tuple[int, int | None, int]]) -> None:
    timers, all_timers = Timers(), [timer() for _ in range(5)]
    table: dict[Timer, float] = {}
    now = 0.0
    for index, delay, advance in steps:
        one = all_timers[index]
        timers.set(one, None if delay is None else now + delay)
        table.pop(one, None)
        if delay is not None:
            table[one] = now + delay
        now += advance
        due = {each for each, deadline in table.items() if deadline <= now}
        assert set(fired(timers, now)) == due
        table = {each: deadline for each, deadline in table.items() if each not in due}
        if table:
            wake = timers.next_wake()
            assert wake is not None
            assert wake <= min(table.values())


def test_nothing_to_wait_for() -> None:
    assert Timers().next_wake() is None


@pytest.mark.parametrize("now", [0.0, 1.0])
def test_no_timer_no_expiry(now: float) -> None:
    assert fired(Timers(), now) == []
