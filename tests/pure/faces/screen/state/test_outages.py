"""A line that fails again and again is one row among the messages."""

from datetime import UTC, datetime, timedelta

from securechat.client import events as e
from securechat.faces.entries import Entry, Tone
from securechat.faces.screen.drawing.rows import Notice
from securechat.faces.screen.state.notices import Notices
from securechat.faces.screen.state.outages import TOGETHER
from securechat.faces.screen.state.timeline import KEPT_ROWS
from securechat.faces.screen.state.timelines import Timelines
from tests.pure.faces.sample_events import ready

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
LOST = e.Offline("timed out", 4.0)
AGAIN = ready(again=True)


class Line:
    """Notices in the conversation with bob, and a clock."""

    def __init__(self) -> None:
        self.now = NOON
        self.current = "bob"
        self.timelines = Timelines(lambda _: None)
        self._notices = Notices(self.timelines, lambda: self.current, lambda: self.now)

    def tell(self, *events: e.Event, minutes: int = 0) -> None:
        self.now += timedelta(minutes=minutes)
        for event in events:
            self._notices.begin(event)
            self._notices.note(Entry("as the chat in lines says it"))
            self._notices.end()

    def of(self, name: str) -> list[str]:
        rows = self.timelines.of(name).rows
        return [row.entry.text for row in rows if isinstance(row, Notice)]


def test_an_outage_is_one_row_that_says_how_it_went_on() -> None:
    line = Line()
    line.tell(LOST)
    assert line.of("bob") == [
        "No connection: timed out. Trying again in 4 s; what you type is kept."
    ]
    line.tell(e.Offline("refused.", 8.0))
    assert line.of("bob") == ["No connection: refused. Trying again in 8 s; what you type is kept."]
    line.tell(AGAIN, minutes=3)
    assert line.of("bob") == ["No connection: refused. Connected to 127.0.0.1:5555 again at 12:03."]


def test_many_are_one_row_that_says_how_often_and_when_last() -> None:
    line = Line()
    for _ in range(7):
        line.tell(LOST, AGAIN, minutes=50)
    line.tell(LOST, minutes=1)
    (row,) = line.timelines.of("bob").rows
    assert isinstance(row, Notice)
    assert row.entry == Entry(
        "No connection 8 times, last at 17:51: timed out. Trying again in 4 s; "
        "what you type is kept.",
        Tone.ALERT,
    )
    assert row.time_ms == int((NOON + timedelta(minutes=50)).timestamp() * 1000)
    line.tell(AGAIN)
    assert line.of("bob") == [
        "No connection 8 times, last at 17:51: timed out. "
        "Connected to 127.0.0.1:5555 again at 17:51."
    ]


def test_one_long_after_the_others_is_another_row() -> None:
    line = Line()
    line.tell(LOST, AGAIN)
    line.tell(LOST, minutes=int(TOGETHER.total_seconds()) // 60 + 1)
    assert len(line.of("bob")) == 2
    assert "times" not in line.of("bob")[1]


def test_it_stands_where_it_began_and_is_told_anew_where_that_is_gone() -> None:
    line = Line()
    line.tell(LOST)
    line.current = "carol"
    line.tell(AGAIN)
    assert ("again at" in line.of("bob")[0], line.of("carol")) == (True, [])
    for number in range(KEPT_ROWS):
        line.timelines.of("bob").note(Notice(Entry(f"notice {number}"), 1))
    line.tell(LOST)
    assert "2 times" in line.of("carol")[0]


def test_the_first_log_in_is_told_in_the_words_of_the_chat() -> None:
    line = Line()
    line.tell(ready())
    line.tell(AGAIN)
    assert line.of("bob") == ["as the chat in lines says it"]
