import pytest

from securechat.relay.patience import COMMIT_AFTER_S, MAX_COMMIT_AFTER_S, PATIENCE, after_wait


def test_a_slow_acknowledgement_makes_patient_at_once() -> None:
    assert after_wait(COMMIT_AFTER_S, 0.02) == pytest.approx(PATIENCE * 0.02)


def test_quick_ones_take_the_patience_back_by_and_by_and_no_further() -> None:
    patience_s, steps = MAX_COMMIT_AFTER_S, 0
    while patience_s > COMMIT_AFTER_S and steps < 100:
        less_s = after_wait(patience_s, 0.0)
        assert COMMIT_AFTER_S <= less_s < patience_s
        patience_s, steps = less_s, steps + 1
    assert 10 < steps < 100
    assert after_wait(patience_s, 0.0) == COMMIT_AFTER_S


def test_no_device_is_waited_for_longer_than_the_bound() -> None:
    assert after_wait(COMMIT_AFTER_S, 60.0) == MAX_COMMIT_AFTER_S
