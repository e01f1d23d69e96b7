import pytest

from securechat.relay.limits import ByteBudget, LoginThrottle, RateLimit


def test_a_budget_holds_one_second_and_fills_steadily() -> None:
    budget = ByteBudget(100, now=0.0)
    assert budget.spend(100, 0.0) == 0.0
    assert budget.spend(50, 0.0) == 0.5
    assert budget.spend(0, 0.5) == 0.0
    assert budget.spend(100, 1.0) == 0.5


def test_a_budget_never_holds_more_than_a_second() -> None:
    budget = ByteBudget(100, now=0.0)
    assert budget.spend(300, 1000.0) == 2.0


def test_some_failures_are_free_and_later_ones_wait_ever_longer() -> None:
    throttle = LoginThrottle(3)
    assert [throttle.failed("host", 10.0) for _ in range(10)] == [0, 0, 0, 1, 2, 3, 4, 5, 5, 5]


def test_keys_are_counted_apart() -> None:
    throttle = LoginThrottle(1)
    assert throttle.failed("one", 0.0) == 0.0
    assert throttle.failed("other", 0.0) == 0.0
    assert throttle.failed("one", 0.0) == 1.0


def test_a_failure_counts_for_a_minute() -> None:
    throttle = LoginThrottle(1)
    throttle.failed("host", 0.0)
    assert throttle.failed("host", 59.0) == 1.0
    assert throttle.failed("host", 60.0) == 1.0
    assert throttle.failed("host", 119.5) == 1.0
    assert throttle.failed("host", 200.0) == 0.0


@pytest.mark.parametrize("hosts", [1, 5000])
def test_it_remembers_a_bounded_number_of_failures(hosts: int) -> None:
    throttle = LoginThrottle(3)
    for number in range(10_000):
        throttle.failed(number % hosts, now=number / 10)
    assert len(throttle._failures) <= 600
    assert max(map(len, throttle._failures.values())) <= 8


def test_a_rate_is_counted_for_each_key_and_begins_anew_with_each_window() -> None:
    rate = RateLimit(2, 60.0)
    assert [rate.admit("host", now) for now in (5.0, 5.0, 64.9, 65.0)] == [True, True, False, True]
    assert rate.admit("other", 65.0)
    assert rate.admit("another", 200.0)
    assert list(rate._counts) == ["another"]
