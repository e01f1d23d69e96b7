from typing import Any

import pytest

from securechat.config import ServerConfig
from securechat.relay.channel import Channel
from securechat.relay.intake import FRAME_CHARGE_BYTES, Intake
from securechat.relay.limits import ByteBudget
from securechat.relay.replies import REQUEST_BYTES, Replies
from securechat.transport.endpoint import Endpoint
from securechat.wire import frames as f

CONFIG = ServerConfig(unanswered_bytes=2 * REQUEST_BYTES, account_bytes_per_s=100_000)


class Wire:
    """A connection that notes what is written, and whether the relay reads from it."""

    local_certificate = b""
    remote = Endpoint("127.0.0.1", 40_000)
    since = 0.0
    backlog_bytes = 0

    def __init__(self) -> None:
        self.is_paused = False

    def pause_reading(self) -> None:
        self.is_paused = True

    def resume_reading(self) -> None:
        self.is_paused = False

    def write(self, data: bytes) -> None: ...

    def set_timer(self, deadline: float | None) -> None: ...

    def authenticated(self) -> None: ...

    def close(self) -> None: ...


class Desk:
    """Replies, and what they have sent."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent: list[int] = []
        self.wire = Wire()
        self.channel = Channel(self.wire)
        self.budget = ByteBudget(CONFIG.account_bytes_per_s, 0.0)
        self.intake = Intake(CONFIG, self.budget, self.wire, lambda delay_s, call: None)
        self.replies = Replies(self.channel, self.intake)
        monkeypatch.setattr(Channel, "write", self._write)

    def _write(self, frame: Any) -> int:
        self.sent.append(frame.request)
        return 100


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(monkeypatch)


def test_answers_go_out_in_the_order_of_their_places(desk: Desk) -> None:
    replies, sent = desk.replies, desk.sent
    replies.give(f.Done(0))
    first, second = replies.reserve(), replies.reserve()
    replies.give(f.Done(3))
    second(f.Done(2))
    assert sent == [0]
    replies.send(f.Done(9))
    assert sent == [0, 9]
    first(f.Done(1))
    assert sent == [0, 9, 1, 2, 3]
    replies.give(f.Done(4))
    assert sent[-1] == 4


def test_who_asks_for_much_that_has_to_wait_is_not_read_from_until_it_is_answered(
    desk: Desk,
) -> None:
    first, second = desk.replies.reserve(), desk.replies.reserve()
    assert desk.wire.is_paused
    first(f.Done(1))
    second(f.Done(2))
    assert not desk.wire.is_paused


def test_an_answer_is_paid_for_by_who_asked(desk: Desk) -> None:
    for _ in range(20):
        desk.replies.give(f.Done(0))
    desk.intake.measure(0, 0, 0.0)
    left_bytes = CONFIG.account_bytes_per_s - 20 * (100 + FRAME_CHARGE_BYTES)
    assert desk.budget.spend(left_bytes, 0.0) == 0.0
    assert desk.budget.spend(1, 0.0) > 0.0


def test_nobody_who_is_not_listened_to_any_more_is_answered_or_read_from(desk: Desk) -> None:
    first, second = desk.replies.reserve(), desk.replies.reserve()
    desk.channel.is_deaf = True
    first(f.Done(1))
    second(f.Done(2))
    assert desk.sent == []
    assert desk.wire.is_paused
