from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from securechat.config import ServerConfig
from securechat.errors import LimitExceeded
from securechat.relay.intake import (
    BACKLOG_CHECK_S,
    DROP_BACKLOG_BYTES,
    FRAME_CHARGE_BYTES,
    MAX_BACKLOG_BYTES,
    Intake,
)
from securechat.relay.limits import ByteBudget

CONFIG = ServerConfig(unanswered_bytes=1000, account_bytes_per_s=10_000)
MEASURED_BYTES = 10_000 // 64
"""From so many bytes on a read is measured."""


@dataclass
class Bench:
    """An intake, the tap that it turns, and what it planned."""

    tap_is_shut: bool = False
    backlog_bytes: int = 0
    planned: list[tuple[float, Callable[[], None]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        budget = ByteBudget(10_000, 0.0)
        self.intake = Intake(CONFIG, budget, self, lambda at, call: self.planned.append((at, call)))

    def is_paused(self) -> bool:
        return self.tap_is_shut

    def pause_reading(self) -> None:
        assert not self.tap_is_shut
        self.tap_is_shut = True

    def resume_reading(self) -> None:
        assert self.tap_is_shut
        self.tap_is_shut = False

    def read(self, *sizes: int, size_bytes: int = MEASURED_BYTES) -> None:
        for size in sizes:
            self.intake.take(size)
        self.intake.measure(size_bytes, 0, 0.0)

    def run_planned(self) -> list[float]:
        planned, self.planned = self.planned, []
        for _, call in planned:
            call()
        return [delay_s for delay_s, _ in planned]


def test_too_many_bytes_pause_until_half_of_them_are_settled() -> None:
    bench = Bench()
    bench.read(400, 599)
    assert not bench.is_paused()
    bench.read(1)
    assert bench.is_paused()
    bench.intake.settle(400)
    assert bench.is_paused()
    bench.intake.settle(599)
    assert not bench.is_paused()


def test_an_overdrawn_budget_pauses_until_it_is_filled() -> None:
    bench = Bench()
    bench.read(size_bytes=10_000)
    assert not bench.is_paused()
    bench.read(size_bytes=5_000)
    assert bench.is_paused()
    bench.read(size_bytes=1_000)
    assert bench.run_planned() == [0.5]
    assert not bench.is_paused()


def test_what_was_asked_for_and_the_number_of_frames_count_too() -> None:
    bench = Bench()
    bench.intake.charge(9_000)
    bench.intake.measure(0, 1, 0.0)
    assert not bench.is_paused()
    bench.intake.measure(500, 0, 0.0)
    assert bench.run_planned() == [pytest.approx((500 + FRAME_CHARGE_BYTES - 1_000) / 10_000)]


def test_short_reads_are_measured_together() -> None:
    bench = Bench()
    bench.read(size_bytes=10_000)
    for _ in range(4):
        bench.read(size_bytes=MEASURED_BYTES - 1)
    assert bench.run_planned() == [2 * (MEASURED_BYTES - 1) / 10_000]


def test_a_pause_too_short_to_matter_is_left_out() -> None:
    bench = Bench()
    bench.read(size_bytes=10_150)
    assert not bench.is_paused()


def test_answers_that_are_not_taken_pause_until_half_of_them_are() -> None:
    bench = Bench()
    bench.backlog_bytes = MAX_BACKLOG_BYTES + 1
    bench.read()
    bench.read()
    assert not bench.intake.is_holding
    bench.backlog_bytes = MAX_BACKLOG_BYTES // 2 + 1
    assert bench.run_planned() == [BACKLOG_CHECK_S]
    assert bench.is_paused()
    bench.backlog_bytes -= 1
    assert bench.run_planned() == [BACKLOG_CHECK_S]
    assert not bench.is_paused()
    assert not bench.planned


def test_who_leaves_too_much_unread_has_to_go() -> None:
    bench = Bench(backlog_bytes=DROP_BACKLOG_BYTES)
    bench.intake.check_backlog()
    bench.backlog_bytes += 1
    with pytest.raises(LimitExceeded):
        bench.intake.check_backlog()


def test_reading_goes_on_when_the_last_reason_has_gone() -> None:
    bench = Bench()
    bench.read(*[250] * 4, size_bytes=20_000)
    assert bench.intake.is_holding
    bench.run_planned()
    assert bench.is_paused()
    for _ in range(4):
        bench.intake.settle(250)
    assert not bench.is_paused()
