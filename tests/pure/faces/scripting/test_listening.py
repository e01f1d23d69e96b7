"""What ``listen`` prints, what it keeps, and when it is over."""

import io
import json
import time

import pytest

from securechat.client import events as e
from securechat.errors import KeyChanged, SecureChatError, TimedOut, UsageError
from securechat.faces.scripting.listening import (
    Listening,
    hear_all,
    printing_json,
    printing_lines,
)
from securechat.faces.scripting.sources import OwnEvents
from securechat.faces.streams import LineWriter
from tests.pure.faces.json_lines.test_chat import ClosedPipe
from tests.pure.faces.sample_events import message, ready


class Desk:
    """A listen in lines, and what it has printed."""

    def __init__(self, count: int | None = None, sender: str | None = None) -> None:
        self._out, self._err = io.BytesIO(), io.BytesIO()
        out = LineWriter(self._out)
        self.listening = Listening(printing_lines(out, LineWriter(self._err)), out, count, sender)
        self.events = OwnEvents()
        self.shown: list[str] = []

    def hear(self, *events: e.Event, seconds: float = 0.0) -> e.Ended | None:
        for event in events:
            self.events.put(event)
        deadline = time.monotonic() + seconds
        return hear_all(
            self.events, self.listening, deadline, lambda _, mid: self.shown.append(mid)
        )

    @property
    def printed(self) -> list[str]:
        return self._out.getvalue().decode().splitlines()

    @property
    def trouble(self) -> str:
        return self._err.getvalue().decode()


def test_a_message_in_a_room_says_where() -> None:
    desk = Desk(2)
    desk.hear(message(room="#ops"), message("waves\n[#ops] x: y", room="#ops", action=True))
    assert desk.printed == ["[#ops] bob: hello", "[#ops] * bob waves", "    [#ops] x: y"]


def test_a_message_is_one_entry_with_a_name() -> None:
    desk = Desk(4)
    desk.hear(
        ready(),
        message("hello", request=True),
        message("one\ntwo\r\n\x1b[31m", sender="carol"),
        message("psst", e2e=False),
        message("last", late=True),
    )
    assert desk.printed == [
        "bob: hello",
        "carol: one",
        "    two",
        "    \ufffd[31m",
        "bob (TLS only: the relay can read this): psst",
        "bob: last",
    ]
    assert desk.trouble == ""


def test_trouble_goes_where_the_messages_do_not() -> None:
    desk = Desk(1)
    desk.hear(
        e.Offline("gone", 1.0),
        e.Problem(UsageError("Bad\x1b", "good")),
        e.PeerKeyChanged("bob", "aaaa", "bbbb"),
        message("x", missing=2),
    )
    assert desk.printed == ["bob: x"]
    for word in ("gone", "Bad\ufffd", "CHANGED", "[Missing] 2 messages of bob"):
        assert word in desk.trouble


def test_a_connection_that_stays_lost_is_one_line() -> None:
    desk = Desk(1)
    gone = e.Offline("gone", 1.0)
    desk.hear(gone, gone, ready(again=True), gone, gone, message())
    assert desk.trouble.count("gone") == 2


def test_objects_are_those_of_the_client() -> None:
    sink = io.BytesIO()
    out = LineWriter(sink)
    listening = Listening(printing_json(out), out, None)
    for event in (ready(), message("x"), e.Ended(None)):
        listening.hear(event)
    found = [json.loads(line) for line in sink.getvalue().splitlines()]
    assert [each["event"] for each in found] == ["ready", "message"]


def test_it_is_over_after_the_count() -> None:
    desk = Desk(2)
    assert desk.hear(message("1"), ready(), message("2"), message("3")) is None
    assert desk.printed == ["bob: 1", "bob: 2"]
    assert desk.listening.is_over
    assert len(desk.shown) == 2


def test_the_end_of_the_engine_is_given_back() -> None:
    error = SecureChatError("gone")
    assert Desk().hear(message("1"), e.Ended(error)) == e.Ended(error)


@pytest.mark.parametrize(
    ("count", "heard", "enough"), [(None, 0, False), (None, 1, True), (2, 0, False), (2, 1, False)]
)
def test_when_the_time_is_over_enough_has_come_or_not(
    count: int | None, heard: int, enough: bool
) -> None:
    desk = Desk(count)
    with pytest.raises(TimedOut):
        desk.hear(*[message()] * heard)
    if enough:
        desk.listening.raise_timed_out(1.0)
    else:
        with pytest.raises(TimedOut, match="Within 1 s"):
            desk.listening.raise_timed_out(1.0)


def test_what_a_reader_who_has_gone_was_not_shown_is_not_said_to_be() -> None:
    out = LineWriter(ClosedPipe(1))
    listening, events = Listening(printing_json(out), out, None), OwnEvents()
    shown: list[tuple[str, str]] = []
    for text in ("1", "2", "3"):
        events.put(message(text))
    assert hear_all(events, listening, None, lambda *which: shown.append(which)) is None
    assert len(shown) == 1


CHANGED = e.PeerKeyChanged("bob", "aaaa", "bbbb")
RESTORED = e.TrustChanged("bob", e.Trust.NEW, "aaaa", e.Reason.RESTORED)


@pytest.mark.parametrize(
    ("sender", "events", "changed"),
    [
        ("bob", [CHANGED], True),
        ("bob", [CHANGED, RESTORED], False),
        ("bob", [CHANGED, RESTORED, CHANGED], True),
        ("bob", [], False),
        (None, [CHANGED], False),
    ],
)
def test_whom_it_is_about_is_changed_at_the_end_or_not(
    sender: str | None, events: list[e.Event], *, changed: bool
) -> None:
    desk = Desk(1, sender)
    desk.hear(*events, message())
    if changed:
        with pytest.raises(KeyChanged, match="aaaa is pinned, bbbb was shown"):
            desk.listening.raise_changed()
    else:
        desk.listening.raise_changed()


def test_devices_are_told_beside_the_messages() -> None:
    desk = Desk(1)
    desk.hear(e.DeviceRenewed("d" * 32), e.DevicesChanged("bob", e.Trust.NEW), message("1"))
    assert desk.printed == ["bob: 1"]
    assert "goes on as a new device" in desk.trouble
    assert "bob (new) uses a new device now" in desk.trouble
