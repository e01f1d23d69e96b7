"""What the chat says by itself, and where it stands."""

from datetime import UTC, datetime

import pytest

from securechat.client import commands as c
from securechat.client import events as e
from securechat.errors import UsageError
from securechat.faces.entries import Entry, Tone
from securechat.faces.screen.drawing.rows import Notice
from securechat.faces.screen.state.notices import Notices
from securechat.faces.screen.state.timelines import Timelines
from securechat.faces.wording import notices
from tests.pure.faces.sample_events import FINGERPRINT, NOON_MS

NOW = datetime.fromtimestamp(NOON_MS / 1000, UTC)
INVITED = e.Invitation("#ops", "bob", "bob", 3, "", e.Trust.NEW, request=False)


class Wall:
    """Notices with carol as the current conversation."""

    def __init__(self) -> None:
        self.current: str | None = "carol"
        self.timelines = Timelines(lambda _: None)
        self.notices = Notices(self.timelines, lambda: self.current, lambda: NOW)

    def tell(self, event: e.Event) -> None:
        self.notices.begin(event)
        self.notices.note(Entry("words"))
        self.notices.end()

    def of(self, name: str) -> list[str]:
        held = self.timelines.held(name)
        rows = [] if held is None else held.rows
        return [row.entry.text for row in rows if isinstance(row, Notice)]


def test_news_stand_where_they_are_about() -> None:
    wall = Wall()
    wall.tell(e.TrustChanged("bob", e.Trust.NEW, FINGERPRINT, e.Reason.ACCEPTED))
    assert (wall.of("bob"), wall.of("carol")) == (["words"], [])


def test_answers_and_what_the_user_does_stand_where_the_user_is() -> None:
    wall = Wall()
    wall.tell(e.Contacts(()))
    wall.notices.note(Entry("Something that was typed."))
    assert wall.of("carol") == ["words", "Something that was typed."]
    wall.current = None
    wall.tell(e.Contacts(()))
    assert wall.of("") == ["words"]


@pytest.mark.parametrize(
    "event",
    [INVITED, e.ComparingAsked("bob", own=False), e.DevicesChanged("bob", e.Trust.NEW)],
)
def test_some_news_are_for_whoever_looks_at_another_conversation_too(event: e.Event) -> None:
    wall = Wall()
    wall.tell(event)
    where = "#ops" if event is INVITED else "bob"
    assert (wall.of(where), wall.of("carol")) == (["words"], ["words"])
    wall.current = where.upper()
    wall.tell(event)
    assert wall.of(where) == ["words", "words"]


def test_the_coming_and_going_of_whom_nobody_looks_at_is_not_told() -> None:
    wall = Wall()
    wall.tell(e.PresenceChanged("bob", True))
    assert "bob" not in wall.timelines
    wall.timelines.of("bob")
    wall.tell(e.PresenceChanged("bob", False))
    assert wall.of("bob") == ["words"]


def test_who_comes_and_goes_again_and_again_has_one_row_at_the_end() -> None:
    wall = Wall()
    rows = wall.timelines.of("#lobby").rows
    for name in ("bob", "carol", "bob", "carol", "bob"):
        wall.tell(e.PresenceChanged(name, online=True, room="#lobby"))
    assert [row.who for row in rows if isinstance(row, Notice)] == ["bob", "carol"]
    wall.current = "#lobby"
    wall.tell(e.Contacts(()))
    wall.tell(e.PresenceChanged("bob", online=False, room="#lobby"))
    assert [row.who for row in rows if isinstance(row, Notice)] == ["bob", "carol", "", "bob"]


def test_what_the_screen_has_asked_for_is_not_told() -> None:
    wall = Wall()
    assert wall.notices.expect(e.RoomPeople, "#ops")
    assert not wall.notices.expect(e.RoomPeople, "#OPS")
    wall.tell(e.RoomPeople("#tea", ()))
    assert wall.of("carol") == ["words"]
    wall.tell(e.RoomPeople("#ops", ()))
    assert wall.of("carol") == ["words"]
    wall.tell(e.RoomPeople("#ops", ()))
    assert wall.of("carol") == ["words", "words"]


@pytest.mark.parametrize(
    ("question", "answer", "name"),
    [
        (c.Contacts(), e.Contacts(()), ""),
        (c.Rooms(), e.RoomList(()), ""),
        (c.Who("#ops"), e.RoomPeople("#ops", ()), "#ops"),
        (
            c.Verify("carol", c.How.DIGITS),
            e.SafetyNumber("carol", "1" * 60, e.Trust.NEW, "9f2c"),
            "carol",
        ),
    ],
)
def test_what_was_refused_is_told_when_it_is_asked_for_again(
    question: c.Question, answer: e.Event, name: str
) -> None:
    wall = Wall()
    refused = UsageError("Nobody is called so", "/who")
    wall.notices.expect(type(answer), name)
    wall.tell(e.Problem(refused))
    wall.tell(answer)
    assert wall.of("carol") == ["words"]
    wall.notices.expect(type(answer), name)
    wall.tell(e.Problem(refused, asked=question))
    wall.tell(answer)
    assert wall.of("carol") == ["words"] * 3


def test_what_is_seen_anyway_is_no_notice() -> None:
    wall = Wall()
    for tone in (Tone.MESSAGE, Tone.MENTION):
        wall.notices.note(Entry("bob: hello", tone))
    wall.notices.note(notices.talking_to("carol"))
    wall.notices.note(notices.interrupt_hint())
    assert wall.of("carol") == []
