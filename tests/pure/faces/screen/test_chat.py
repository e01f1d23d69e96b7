"""The brain of the full screen."""

import subprocess
import sys
from datetime import UTC, datetime

import pytest

from securechat.client import commands as c
from securechat.client import events as e
from securechat.faces.screen.chat import Part, ScreenChat
from securechat.faces.screen.rows import Notice, Row
from securechat.faces.screen.timeline import Timeline
from tests.pure.faces.fake_engine import FakeEngine
from tests.pure.faces.sample_events import NOON_MS, message, peer_ready, ready

NOW = datetime.fromtimestamp(NOON_MS / 1000, UTC)


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def rung() -> list[e.Message]:
    return []


@pytest.fixture
def chat(engine: FakeEngine, rung: list[e.Message]) -> ScreenChat:
    chat = ScreenChat(engine, peer="bob", now=lambda: NOW, ring=rung.append)
    chat.begin()
    for event in (ready(), peer_ready()):
        chat.hear(event)
    return chat


def said(timeline: Timeline) -> list[str]:
    return [row.text for row in timeline.rows if isinstance(row, Row)]


def test_it_begins_with_the_history_of_whom_it_is_with(
    chat: ScreenChat, engine: FakeEngine
) -> None:
    assert chat.current == "bob"
    assert engine.calls[0] == ("ask", c.Page("bob", 200))
    past = e.PastMessage(
        "m0", "bob", "alice", "before", NOON_MS, NOON_MS, True, "new", None, missing=0, late=False
    )
    chat.hear(e.Page(c.Page("bob"), (past,), older=False, newer=False))
    assert said(chat.timeline) == ["before"]


def test_a_message_is_read_when_it_was_drawn_before_a_reader(
    chat: ScreenChat, engine: FakeEngine
) -> None:
    chat.hear(message("hello"))
    assert said(chat.timeline) == ["hello"]
    for at_end, focused in ((True, False), (False, True)):
        chat.drawn(at_end=at_end, focused=focused)
        assert engine.read == []
    assert [place.unread for place in chat.places] == [1]
    chat.drawn(at_end=True, focused=True)
    assert engine.read == [("bob", "m1")]
    assert [place.unread for place in chat.places] == [0]


def test_another_conversation_only_counts_until_it_is_chosen(
    chat: ScreenChat, engine: FakeEngine, rung: list[e.Message]
) -> None:
    event = message("alice!", "carol", room="#ops", mention=True, alert=True)
    chat.hear(event)
    chat.drawn(at_end=True, focused=True)
    assert engine.read == []
    assert rung == [event]
    assert [(place.name, place.unread, place.mention) for place in chat.places] == [
        ("#ops", 1, True),
        ("bob", 0, False),
    ]
    chat.next_unread()
    assert chat.current == "#ops"
    assert said(chat.timeline) == ["alice!"]
    chat.step(1)
    assert chat.current == "bob"


def test_an_own_message_is_there_at_once_and_says_how_far_it_has_come(chat: ScreenChat) -> None:
    chat.take_changed()
    assert chat.enter("hello")
    assert Part.MESSAGES in chat.take_changed()
    chat.hear(e.Delivered("id1", "bob"))
    own = [row for row in chat.timeline.rows if isinstance(row, Row)]
    assert [(row.sender, row.text, row.state) for row in own] == [
        ("alice", "hello", e.DeliveryState.DELIVERED)
    ]


def test_a_problem_is_a_notice_and_an_unknown_command_is_not_sent(
    chat: ScreenChat, engine: FakeEngine
) -> None:
    assert not chat.enter("/dance")
    last = chat.timeline.rows[-1]
    assert isinstance(last, Notice)
    assert "There is no command /dance" in last.entry.text
    assert engine.sent == []


def test_a_text_that_is_too_long_stays(chat: ScreenChat, engine: FakeEngine) -> None:
    assert not chat.enter("x" * 9000)
    assert engine.sent == []


def test_what_is_typed_stays_with_its_conversation(chat: ScreenChat) -> None:
    chat.typed("half a")
    chat.choose("carol")
    chat.typed("other")
    assert (chat.typed_of("Bob"), chat.typed_of("carol")) == ("half a", "other")


def test_a_search_that_says_nothing_is_not_asked(chat: ScreenChat, engine: FakeEngine) -> None:
    engine.calls.clear()
    chat.search("")
    assert engine.calls == []
    chat.search("tea")
    assert [type(call[1]) for call in engine.calls] == [c.Search]
    chat.hear(e.SearchResult((), more=False))
    assert chat.found == e.SearchResult((), more=False)


def test_a_changed_key_stands_above_everything_until_it_was_seen(chat: ScreenChat) -> None:
    chat.hear(e.PeerKeyChanged("bob", "9f2c", "41aa"))
    chat.choose("carol")
    assert len(chat.banners) == 3
    chat.note_alarm()
    assert chat.banners == []
    chat.choose("bob")
    assert len(chat.banners) == 1
    chat.hear(e.TrustChanged("bob", e.Trust.NEW, "41aa", e.Reason.ACCEPTED))
    assert chat.banners == []


def test_comparing_is_answered_for_whom_it_is_with(chat: ScreenChat, engine: FakeEngine) -> None:
    chat.verify(c.How.EMOJI)
    chat.hear(e.ComparingShown("bob", (1,) * 7, "1111 2222 3333"))
    chat.match()
    assert engine.calls[-2:] == [
        ("ask", c.Verify("bob", c.How.EMOJI)),
        ("ask", c.Match("bob")),
    ]


def test_the_second_interrupt_leaves(chat: ScreenChat) -> None:
    chat.interrupt()
    assert not chat.leaving
    chat.interrupt()
    assert chat.leaving


def test_the_brain_does_not_know_what_draws_it() -> None:
    modules = "chat, row_layout, viewport, typed_text, actions, settings"
    program = f"""
import sys
from securechat.faces.screen import {modules}
sys.exit("textual" in sys.modules or "prompt_toolkit" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
