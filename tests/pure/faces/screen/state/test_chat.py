"""The brain of the full screen."""

import subprocess
import sys
from datetime import timedelta

from msgspec.structs import replace

from securechat.client import commands as c
from securechat.client import events as e
from securechat.errors import KeyChanged, LimitExceeded
from securechat.faces.screen.drawing.facts import Part
from securechat.faces.screen.drawing.rows import Row
from securechat.faces.screen.drawing.spans import Line
from securechat.faces.screen.state.chat import ScreenChat
from tests.pure.faces.fake_engine import FakeEngine
from tests.pure.faces.sample_events import NOON_MS, begun_offline, message, past, ready
from tests.pure.faces.screen.state.chat_steps import NOW, notices, own_rows, paged, said


def text_of(line: Line) -> str:
    return "".join(part.text for part in line)


def test_it_begins_with_the_history_of_whom_it_is_with(
    chat: ScreenChat, engine: FakeEngine
) -> None:
    assert chat.current == "bob"
    assert engine.calls[0] == ("ask", c.Page("bob", 200))
    chat.hear(paged(past("before")))
    assert said(chat.timeline) == ["before"]


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


def test_which_messages_belong_to_the_conversation_that_is_shown(chat: ScreenChat) -> None:
    assert chat.is_current(message(sender="Bob"))
    assert not chat.is_current(message(room="#ops"))
    assert not chat.is_current(message(sender="carol"))


def test_the_second_interrupt_leaves(chat: ScreenChat) -> None:
    chat.interrupt()
    assert not chat.leaving
    chat.interrupt()
    assert chat.leaving


def test_the_brain_does_not_know_what_draws_it() -> None:
    program = """
import sys
from securechat.faces.screen import actions
from securechat.faces.screen import settings
from securechat.faces.screen.drawing import row_layout, typed_text, viewport
from securechat.faces.screen.state import chat
sys.exit("textual" in sys.modules or "prompt_toolkit" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_what_the_screen_asks_for_by_itself_is_not_shown(
    chat: ScreenChat, engine: FakeEngine
) -> None:
    before = notices(chat)
    chat.hear(e.Contacts(()))
    room = e.RoomInfo("#ops", "tea", "alice", 3, joined=True, admin=True, paused=False, muted=False)
    chat.hear(e.RoomList((room,)))
    assert notices(chat) == before
    chat.choose("#ops")
    assert engine.calls[-1] == ("ask", c.Who("#ops"))
    people = (e.RoomPerson("alice", None), e.RoomPerson("bob", e.Trust.VERIFIED))
    chat.hear(e.RoomPeople("#ops", people))
    assert notices(chat) == []
    heading = chat.heading
    assert (heading.name, heading.is_room, heading.topic) == ("#ops", True, "tea")
    assert heading.people == (("alice", ""), ("bob", "verified"))
    chat.enter("/rooms")
    chat.hear(e.RoomList((room,)))
    assert "#ops" in notices(chat)[-1]


def test_rooms_are_asked_for_when_there_may_be_others(chat: ScreenChat, engine: FakeEngine) -> None:
    chat.hear(e.RoomList(()))
    engine.calls.clear()
    chat.hear(e.RoomNews("#ops", e.RoomChange.CREATED))
    chat.hear(e.RoomNews("#tea", e.RoomChange.CREATED))
    assert engine.calls == [("ask", c.Rooms())]


def test_a_room_that_was_made_is_where_one_is_then(chat: ScreenChat, engine: FakeEngine) -> None:
    chat.enter("/create #ops")
    chat.hear(e.RoomNews("#ops", e.RoomChange.CREATED))
    assert chat.current == "#ops"
    assert ("ask", c.Page("#ops")) in engine.calls


def test_pages_are_asked_for_at_both_ends(chat: ScreenChat, engine: FakeEngine) -> None:
    first = replace(past("old"), message_id="p5", position=5)
    chat.hear(paged(first, older=True))
    engine.calls.clear()
    chat.older()
    chat.newer()
    assert engine.calls == [("ask", c.Page("bob", before=5))]
    chat.jump(3)
    chat.newest()
    assert engine.calls[1:] == [
        ("ask", c.Page("bob", around=3)),
        ("ask", c.Page("bob")),
    ]


def test_a_message_that_was_found_is_in_its_conversation(
    chat: ScreenChat, engine: FakeEngine
) -> None:
    chat.visit(replace(past("found", room="#ops"), position=7))
    assert chat.current == "#ops"
    assert engine.calls[-1] == ("ask", c.Page("#ops", around=7))
    found = replace(past("found", room="#ops"), position=7)
    chat.hear(e.Page(c.Page("#ops", around=7), (found,), older=False, newer=False))
    assert chat.take_jump() == 0
    chat.visit(past("found", state=e.DeliveryState.READ))
    assert chat.current == "bob"


def test_messages_are_deleted_and_reacted_to_by_their_ids(
    chat: ScreenChat, engine: FakeEngine
) -> None:
    chat.enter("hello")
    row = own_rows(chat)[0]
    chat.delete(row)
    chat.react(row, "tea")
    assert engine.calls[-2:] == [
        ("ask", c.Amend("bob", "id1", "")),
        ("ask", c.React("bob", "id1", "tea")),
    ]


def test_a_changed_message_changes_where_it_stands(chat: ScreenChat) -> None:
    chat.hear(message("tee"))
    before = notices(chat)
    chat.hear(e.Amended("m1", "bob", "alice", "tea", NOON_MS))
    chat.hear(e.Reacted("m1", "bob", "yes", "alice"))
    row = chat.timeline.rows[-1]
    assert isinstance(row, Row)
    assert (row.text, row.edited, row.reactions) == ("tea", True, (("bob", "yes"),))
    chat.hear(e.Amended("m1", "bob", "alice", "", NOON_MS))
    assert chat.places[0].unread == 0
    assert notices(chat) == before


def test_nobody_changes_the_message_of_another(chat: ScreenChat) -> None:
    chat.hear(message("tea", "carol", room="#ops"))
    chat.hear(e.Amended("m1", "mallory", "#ops", "poison", NOON_MS, room="#ops"))
    chat.choose("#ops")
    assert said(chat.timeline) == ["tea"]


def test_without_the_relay_it_shows_what_is_kept_and_what_waits(engine: FakeEngine) -> None:
    chat = ScreenChat(engine, peer="bob", now=lambda: NOW)
    chat.begin()
    engine.queued = 3
    room = e.RoomInfo("#ops", "tea", "alice", 3, joined=True, admin=True, paused=False, muted=False)
    for event in (
        begun_offline(),
        e.Offline("refused.", 4.0),
        paged(past("before"), past("mine", state=e.DeliveryState.QUEUED)),
        e.Contacts((e.KnownPerson("bob", "bob", e.Trust.VERIFIED, "aa", False, False),)),
        e.RoomList((room,)),
    ):
        chat.hear(event)
    assert ("ask", c.Rooms()) in engine.calls
    assert said(chat.timeline) == ["before", "mine"]
    assert chat.heading.trust == "verified"
    assert [place.name for place in chat.places] == ["#ops", "bob"]
    standing = chat.standing
    assert (standing.own_name, standing.offline, standing.queued) == ("alice", "refused", 3)
    chat.hear(ready())
    assert (chat.standing.offline, chat.standing.queued) == ("", 0)


def test_whom_the_user_calls_otherwise_keeps_the_trust_word(engine: FakeEngine) -> None:
    chat = ScreenChat(engine, peer="bob", now=lambda: NOW)
    chat.begin()
    known = e.KnownPerson("Bobby", "bob", e.Trust.VERIFIED, "aa", False, False)
    for event in (e.Contacts((known,)), e.Renamed("bob", "Bobby"), begun_offline()):
        chat.hear(event)
    assert (chat.heading.name, chat.heading.trust) == ("Bobby", "verified")
    assert [(place.name, place.trust) for place in chat.places] == [("Bobby", "verified")]


def test_who_types_is_told_where_they_do(chat: ScreenChat) -> None:
    chat.hear(e.Typing("bob", active=True))
    assert text_of(chat.typing_now) == "bob is typing"
    chat.choose("carol")
    assert chat.typing_now == ()


def test_how_the_session_stands(chat: ScreenChat) -> None:
    chat.hear(message("tea?", "carol", room="#ops", mention=True))
    chat.enter("hello")
    standing = chat.standing
    assert (standing.relay, standing.unread, standing.mentions, standing.queued) == (
        "127.0.0.1:5555", 1, 1, 1,
    )  # fmt: skip
    chat.hear(e.Offline("timed out", 4.0))
    assert chat.standing.offline == "timed out"
    chat.hear(e.ComparingAsked("bob", own=False))
    assert chat.standing.asks == "bob"
    chat.hear(e.Ended(KeyChanged("Another device has your name.", "start again")))
    assert chat.standing.ended == "Another device has your name. start again"
    assert "Another device has your name" in text_of(chat.banners[-1])


def test_trouble_passes(engine: FakeEngine) -> None:
    now = NOW
    chat = ScreenChat(engine, peer="bob", now=lambda: now)
    chat.hear(e.Problem(LimitExceeded("The mailbox of bob is full"), "id1"))
    chat.take_changed()
    now += timedelta(seconds=10)
    chat.tick()
    assert chat.take_changed() == {Part.STATUS}
    assert chat.standing.trouble == ""


def test_a_message_that_failed_says_so(chat: ScreenChat) -> None:
    chat.enter("one")
    chat.enter("two")
    chat.hear(e.Problem(KeyChanged("Changed"), "id1"))
    chat.hear(e.Withdrawn("bob", ("id2",)))
    assert [row.state for row in own_rows(chat)] == [e.DeliveryState.FAILED] * 2


def test_whoever_is_called_otherwise_keeps_what_was_typed_and_is_unread(
    chat: ScreenChat, engine: FakeEngine
) -> None:
    chat.typed("half a")
    chat.hear(message("tea?"))
    chat.hear(e.Renamed("bob", "Bobby"))
    assert chat.current == "Bobby"
    assert chat.typed_of("Bobby") == "half a"
    assert [(place.name, place.unread) for place in chat.places] == [("Bobby", 1)]


def test_whoever_is_called_otherwise_keeps_the_timeline_and_what_is_edited(
    chat: ScreenChat, engine: FakeEngine
) -> None:
    chat.hear(paged(past("before")))
    chat.enter("hello")
    chat.hear(replace(message("tea?"), message_id="m7", reply=e.Quote("m1", "bob", "before")))
    chat.hear(e.Reacted("id1", "bob", "yes", "alice"))
    timeline, before = chat.timeline, notices(chat)
    chat.edit(own_rows(chat)[-1])
    chat.hear(e.Renamed("bob", "Bobby"))
    assert chat.timeline is timeline
    assert notices(chat)[: len(before)] == before
    rows = [row for row in timeline.rows if isinstance(row, Row)]
    assert [row.sender for row in rows] == ["Bobby", "alice", "Bobby"]
    assert rows[-1].reply == e.Quote("m1", "Bobby", "before")
    assert rows[1].reactions == (("Bobby", "yes"),)
    chat.hear(e.Amended("m7", "Bobby", "alice", "coffee?", NOON_MS))
    assert said(timeline)[-1] == "coffee?"
    chat.enter("hello you")
    assert ("ask", c.Amend("Bobby", "id1", "hello you")) in engine.calls


def test_the_relay_is_asked_about_for_the_current_conversation(
    chat: ScreenChat, engine: FakeEngine
) -> None:
    chat.look_at_relay()
    assert engine.calls[-1] == ("ask", c.Sight("bob"))
    before = notices(chat)
    chat.take_changed()
    chat.hear(e.RelayView("bob", "0" * 32, ()))
    assert chat.relay_view == e.RelayView("bob", "0" * 32, ())
    assert (notices(chat), chat.take_changed()) == (before, {Part.RELAY})
    chat.enter("hello")
    chat.choose("carol")
    assert Part.RELAY not in chat.take_changed()


def test_nobody_is_verified_in_a_room(chat: ScreenChat, engine: FakeEngine) -> None:
    chat.choose("#ops")
    engine.calls.clear()
    chat.verify(c.How.DIGITS)
    assert engine.calls == []
