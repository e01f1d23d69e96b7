"""Calling for attention while nobody looks."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securechat.config import ClientConfig
from securechat.faces.bell import is_quiet
from securechat.faces.screen.settings import ScreenSettings
from securechat.faces.screen.state.notifying import (
    TEXT_COLUMNS,
    Notifier,
    notification,
    notify_send,
    osc9,
    osc777,
    through_tmux,
)
from tests.pure.faces.sample_events import message

TEXT = "meet me at five"


class Outside:
    """All that reaches the world outside of the chat, at a time that the test sets."""

    def __init__(self, settings: ScreenSettings) -> None:
        self.now = datetime(2026, 11, 21, 12, tzinfo=UTC)
        self.now_s = 0.0
        self.bells = 0
        self.written: list[str] = []
        self.spawned: list[Sequence[str]] = []
        self.notifier = Notifier(
            settings,
            bell=self._ring,
            write=self.written.append,
            spawn=self.spawned.append,
            now=lambda: self.now,
            now_s=lambda: self.now_s,
        )

    def tell(self, *, alert: bool = True, in_sight: bool = False) -> None:
        self.notifier.notify(message(TEXT, alert=alert), in_sight=in_sight)

    def _ring(self) -> None:
        self.bells += 1


def test_the_bell_rings_for_what_calls_for_attention_and_is_out_of_sight() -> None:
    outside = Outside(ScreenSettings())
    outside.tell(alert=False)
    outside.tell(in_sight=True)
    assert outside.bells == 0
    outside.tell()
    assert (outside.bells, outside.written, outside.spawned) == (1, [], [])


def test_a_flood_is_one_notice_a_second() -> None:
    outside = Outside(ScreenSettings(terminal="osc9", desktop=True))
    for outside.now_s in (0.0, 0.5, 0.9, 1.0, 1.5):
        outside.tell()
    assert (outside.bells, len(outside.written), len(outside.spawned)) == (2, 2, 2)


def test_tmux_is_asked_to_hand_a_notice_on_and_rings_by_itself() -> None:
    outside = Outside(ScreenSettings(terminal="osc9", tmux=True))
    outside.tell()
    assert outside.bells == 1
    assert outside.written == ["\x1bPtmux;\x1b\x1b]9;Message from bob\x07\x1b\\"]
    assert outside.written == [through_tmux("\x1b]9;Message from bob\x07")]


def test_the_bell_can_be_off_and_the_others_on() -> None:
    outside = Outside(ScreenSettings(bell=False, terminal="osc777", desktop=True))
    outside.tell()
    assert outside.bells == 0
    assert outside.written == ["\x1b]777;notify;securechat;Message from bob\x07"]
    assert outside.spawned == [["notify-send", "--", "securechat", "Message from bob"]]


def test_nothing_happens_in_the_quiet_hours() -> None:
    outside = Outside(ScreenSettings(quiet="22:00-07:00", terminal="osc9", desktop=True))
    outside.now = outside.now.replace(hour=23)
    outside.tell()
    assert (outside.bells, outside.written, outside.spawned) == (0, [], [])
    outside.now = outside.now.replace(hour=7)
    outside.tell()
    assert outside.bells == 1


@pytest.mark.parametrize(
    ("hours", "time", "quiet"),
    [
        ("22:00-07:00", "21:59", False),
        ("22:00-07:00", "22:00", True),
        ("22:00-07:00", "00:00", True),
        ("22:00-07:00", "06:59", True),
        ("22:00-07:00", "07:00", False),
        ("12:30-13:30", "12:29", False),
        ("12:30-13:30", "13:29", True),
        ("12:30-13:30", "13:30", False),
        ("08:00-08:00", "08:00", False),
        ("", "12:00", False),
    ],
)
def test_quiet_hours_may_cross_midnight(hours: str, time: str, quiet: bool) -> None:
    assert is_quiet(hours, datetime.strptime(time, "%H:%M").replace(tzinfo=UTC)) is quiet


def test_the_text_is_only_shown_if_the_user_wants_it() -> None:
    event = message(TEXT, room="#ops")
    assert notification(event, show_text=False).body == "Message from bob in #ops"
    assert notification(event, show_text=True).body == "bob in #ops: meet me at five"


def test_as_set_from_the_start_only_the_bell_leaves_the_chat() -> None:
    notify = ClientConfig().notify
    assert (notify.terminal, notify.desktop, notify.show_text) == ("off", False, False)
    outside = Outside(ScreenSettings(terminal="osc777", desktop=True))
    outside.tell()
    assert (len(outside.written), len(outside.spawned)) == (1, 1)
    assert TEXT not in f"{outside.written} {outside.spawned}"


def test_quiet_hours_follow_the_wall_clock_over_jumps_and_summer_time() -> None:
    """An hour that comes twice is quiet twice, and a jump counts at once."""
    summer, winter = timezone(timedelta(hours=2)), timezone(timedelta(hours=1))
    outside = Outside(ScreenSettings(quiet="02:15-02:45"))
    times = [
        (datetime(2026, 10, 25, 2, 30, tzinfo=summer), False),
        (datetime(2026, 10, 25, 2, 50, tzinfo=summer), True),
        (datetime(2026, 10, 25, 2, 30, tzinfo=winter), False),
        (datetime(2026, 3, 29, 1, 59, tzinfo=winter), True),
        (datetime(2026, 3, 29, 3, 0, tzinfo=summer), True),
        (datetime(1999, 1, 1, 2, 44, tzinfo=winter), False),
        (datetime(2040, 1, 1, 2, 45, tzinfo=winter), True),
    ]
    for number, (outside.now, rings) in enumerate(times):
        outside.now_s, before = float(number * 10), outside.bells
        outside.tell()
        assert (outside.bells > before) is rings, outside.now


def test_a_text_cannot_give_orders_to_a_desktop() -> None:
    shown = notification(message('<img src="x"> & <a href="y">'), show_text=True)
    assert notify_send(shown)[3] == 'bob: &lt;img src="x"&gt; &amp; &lt;a href="y"&gt;'
    shown = notification(message(r"\74b\76 \33]0;title\7 \n"), show_text=True)
    assert notify_send(shown)[3] == r"bob: \\74b\\76 \\33]0;title\\7 \\n"


@given(st.text())
def test_nothing_of_a_text_ends_the_sequence_that_it_stands_in(text: str) -> None:
    shown = notification(message(text), show_text=True)
    for sequence, beginning in (
        (osc9(shown), "\x1b]9;"),
        (osc777(shown), "\x1b]777;notify;securechat;"),
    ):
        assert sequence.startswith(beginning)
        assert sequence.endswith("\x07")
        field = sequence[len(beginning) : -1]
        assert field.isprintable()
        assert ";" not in field
        assert len(field) <= TEXT_COLUMNS * 8


def test_a_text_that_looks_like_another_order_is_only_a_text() -> None:
    shown = notification(message("4;1;50\x07\x1b]0;title\x07\x9c", "4"), show_text=True)
    assert osc9(shown)[4:-1].isprintable()
    assert osc9(shown).count(";") == 1
