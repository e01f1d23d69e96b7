"""The brain of the full screen."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from securechat.client import commands as c
from securechat.client import events as e
from securechat.errors import KeyChanged, LimitExceeded
from securechat.faces.screen.drawing.facts import Opening, Part, Request
from securechat.faces.screen.drawing.rows import Notice, Row
from securechat.faces.screen.drawing.spans import Line
from securechat.faces.screen.state.chat import ScreenChat
from securechat.faces.screen.state.timeline import Timeline
from tests.pure.faces.fake_engine import FakeEngine
from tests.pure.faces.sample_events import (
    NOON_MS,
    begun_offline,
    message,
    past,
    peer_ready,
    ready,
)

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
    chat.hear(paged(past("before")))
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


def test_what_comes_before_a_reader_is_never_counted(chat: ScreenChat) -> None:
    chat.drawn(at_end=True, focused=True)
    chat.hear(message("hello", mention=True))
    assert [(place.unread, place.mention) for place in chat.places] == [(0, False)]
    chat.take_changed()
    chat.drawn(at_end=True, focused=True)
    assert Part.SIDE not in chat.take_changed()
    chat.hear(replace(message("again"), message_id="m2"))
    chat.drawn(at_end=True, focused=False)
    assert [place.unread for place in chat.places] == [1]
    assert Part.SIDE in chat.take_changed()


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


def own_rows(chat: ScreenChat) -> list[Row]:
    return [row for row in chat.timeline.rows if isinstance(row, Row) and row.own]


def notices(chat: ScreenChat) -> list[str]:
    return [row.entry.text for row in chat.timeline.rows if isinstance(row, Notice)]


def paged(*rows: e.PastMessage, older: bool = False, newer: bool = False) -> e.Page:
    return e.Page(c.Page("bob"), rows, older=older, newer=newer)


def test_what_came_while_nobody_looked_is_marked_until_one_goes_elsewhere(
    chat: ScreenChat,
) -> None:
    chat.hear(message("one"))
    chat.drawn(at_end=True, focused=False)
    chat.hear(replace(message("two"), message_id="m2"))
    chat.drawn(at_end=False, focused=True)
    assert chat.timeline.new_from == "m1"
    assert chat.places[0].unread == 2
    chat.drawn(at_end=True, focused=True)
    assert chat.timeline.new_from == "m1"
    chat.hear(replace(message("three"), message_id="m3"))
    chat.drawn(at_end=True, focused=False)
    assert chat.timeline.new_from == "m3"
    chat.choose("carol")
    chat.choose("bob")
    assert chat.timeline.new_from == "m3"
    chat.drawn(at_end=True, focused=True)
    chat.choose("carol")
    chat.choose("bob")
    assert chat.timeline.new_from is None


def test_a_conversation_that_is_opened_says_from_where_on_it_is_new(
    chat: ScreenChat, engine: FakeEngine
) -> None:
    chat.hear(message("one", "carol"))
    chat.choose("carol")
    assert chat.timeline.new_from == "m1"
    assert engine.read == []
    chat.drawn(at_end=True, focused=True)
    assert engine.read == [("carol", "m1")]


def test_a_burst_is_read_when_its_end_was_drawn(chat: ScreenChat, engine: FakeEngine) -> None:
    for number in range(3000):
        chat.hear(replace(message("x"), message_id=f"m{number}"))
    chat.drawn(at_end=True, focused=True)
    assert len(engine.read) == 3000
    assert chat.places[0].unread == 0


def test_a_stranger_is_not_accepted_by_being_looked_at(
    chat: ScreenChat, engine: FakeEngine
) -> None:
    known = (
        e.KnownPerson("carol", "carol", e.Trust.NEW, "9f2c", request=False, blocked=False),
        e.KnownPerson("mallory", "mallory", e.Trust.NEW, "9f2c", request=True, blocked=False),
        e.KnownPerson("eve", "eve", e.Trust.NEW, "9f2c", request=False, blocked=True),
    )
    chat.hear(e.Contacts(known))
    assert [place.name for place in chat.places] == ["bob", "carol", "mallory"]
    chat.hear(message("hi", "mallory", request=True))
    chat.hear(message("hi", "dave"))
    chat.hear(message("hi", "erin", room="#ops"))
    for name in ("mallory", "carol", "eve", "dave", "erin", "Carol"):
        chat.choose(name)
    assert [call[1] for call in engine.calls if call[0] == "talk_to"] == ["carol", "dave"]


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


def test_what_is_written_at_another_place_of_the_history_is_seen(
    chat: ScreenChat, engine: FakeEngine
) -> None:
    chat.hear(paged(replace(past("old"), message_id="p5", position=5), newer=True))
    engine.calls.clear()
    chat.enter("hello")
    assert ("ask", c.Page("bob")) in engine.calls


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


def test_an_answer_goes_out_as_one(chat: ScreenChat, engine: FakeEngine) -> None:
    chat.hear(message("tea?"))
    row = chat.timeline.rows[-1]
    assert isinstance(row, Row)
    chat.reply_to(row)
    chat.enter("/who")
    assert chat.replying is row
    chat.enter("//yes")
    assert engine.sent == [("bob", "/yes", {"reply_to": "m1"})]
    assert own_rows(chat)[-1].reply == e.Quote("m1", "bob", "tea?")
    assert chat.replying is None


def test_an_edit_puts_aside_what_was_being_typed(chat: ScreenChat, engine: FakeEngine) -> None:
    chat.enter("helo")
    chat.typed("half a text")
    chat.edit(own_rows(chat)[-1])
    assert chat.typed_of("bob") == "helo"
    chat.cancel()
    assert (chat.typed_of("bob"), chat.editing) == ("half a text", None)
    chat.edit(own_rows(chat)[-1])
    chat.typed("hello")
    assert chat.enter("hello")
    assert ("ask", c.Amend("bob", "id1", "hello")) in engine.calls
    assert (chat.typed_of("bob"), chat.editing) == ("half a text", None)
    assert len(engine.sent) == 1


def refuse_newest(chat: ScreenChat, engine: FakeEngine) -> None:
    """Let the engine refuse the edit that it was asked for last."""
    asked = next(call[1] for call in reversed(engine.calls) if isinstance(call[1], c.Amend))
    chat.hear(e.Problem(KeyChanged("The key of bob has CHANGED"), asked=asked))


def test_an_edit_that_is_refused_is_an_edit_again(chat: ScreenChat, engine: FakeEngine) -> None:
    chat.enter("hello")
    chat.typed("half a text")
    chat.edit(own_rows(chat)[-1])
    chat.enter("hello you")
    assert chat.typed_of("bob") == "half a text"
    refuse_newest(chat, engine)
    assert chat.typed_of("bob") == "hello you"
    assert chat.editing is not None
    chat.cancel()
    assert chat.typed_of("bob") == "half a text"
    chat.enter("/edit hello there")
    refuse_newest(chat, engine)
    assert chat.typed_of("bob") == "hello there"


def test_an_edit_that_can_be_none_again_stands_before_what_is_typed(
    chat: ScreenChat, engine: FakeEngine
) -> None:
    chat.enter("one")
    chat.enter("two")
    chat.enter("/edit two!")
    chat.edit(own_rows(chat)[0])
    refuse_newest(chat, engine)
    assert chat.typed_of("bob") == "one"
    chat.cancel()
    assert chat.typed_of("bob") == "two!"
    chat.choose("carol")
    chat.typed("for carol")
    refuse_newest(chat, engine)
    assert (chat.typed_of("carol"), chat.typed_of("bob")) == ("for carol", "two!\ntwo!")


@pytest.mark.parametrize(
    "event",
    [
        e.Problem(KeyChanged("Changed"), "id1"),
        e.Amended("id1", "alice", "bob", "", NOON_MS, own=True),
    ],
)
def test_an_edit_of_what_is_not_there_any_more_becomes_a_text(
    chat: ScreenChat, engine: FakeEngine, event: e.Event
) -> None:
    chat.enter("hello")
    chat.hear(event)
    chat.enter("/edit hello you")
    refuse_newest(chat, engine)
    assert (chat.typed_of("bob"), chat.editing) == ("hello you", None)


def test_an_edit_stays_in_its_conversation(chat: ScreenChat, engine: FakeEngine) -> None:
    chat.enter("helo")
    chat.edit(own_rows(chat)[-1])
    chat.choose("carol")
    assert chat.editing is None
    chat.enter("hello")
    assert engine.sent[-1] == ("carol", "hello")
    assert chat.typed_of("bob") == ""


def test_only_own_messages_are_edited(chat: ScreenChat) -> None:
    chat.hear(message("tea?"))
    row = chat.timeline.rows[-1]
    assert isinstance(row, Row)
    chat.edit(row)
    assert chat.editing is None


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


def test_what_was_typed_in_an_earlier_run_is_there_again(
    chat: ScreenChat, engine: FakeEngine
) -> None:
    assert ("ask", c.StoredTexts()) in engine.calls
    chat.take_changed()
    chat.hear(e.StoredTexts((("bob", "half a text"),)))
    assert chat.typed_of("bob") == "half a text"
    assert Part.INPUT in chat.take_changed()


def test_what_is_typed_is_kept_at_a_switch_and_at_the_end(
    chat: ScreenChat, engine: FakeEngine
) -> None:
    chat.typed("half a")
    chat.choose("carol")
    assert ("ask", c.StoreText("bob", "half a")) in engine.calls
    chat.typed("other")
    chat.flush()
    assert ("ask", c.StoreText("carol", "other")) in engine.calls


def test_what_could_not_be_sent_stays_in_the_input(chat: ScreenChat, engine: FakeEngine) -> None:
    def refuse(call: tuple[object, ...]) -> None:
        if call[0] == "send":
            raise KeyChanged("The key of bob has changed", "/verify bob")

    engine.on_call = refuse
    chat.typed("hello")
    assert not chat.enter("hello")
    assert chat.typed_of("bob") == "hello"
    assert "The key of bob has changed" in notices(chat)[-1]


def test_pages_that_typed_commands_ask_for(chat: ScreenChat, engine: FakeEngine) -> None:
    chat.enter("/search  tea from:bob")
    assert chat.take_request() == Request(Opening.SEARCH, "tea from:bob")
    assert chat.take_request() is None
    chat.enter("/help")
    assert chat.take_request() == Request(Opening.HELP)
    chat.enter("/verify bob qr")
    assert chat.take_request() == Request(Opening.VERIFY)
    chat.enter("/verify carol qr")
    assert chat.take_request() is None
    assert engine.calls[-1] == ("ask", c.Verify("carol", c.How.QR))
    chat.enter("/history carol")
    assert chat.current == "carol"
    assert not any(isinstance(call[1], c.Search | c.History) for call in engine.calls[1:])


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


def text_of(line: Line) -> str:
    return "".join(part.text for part in line)


def test_a_muted_conversation_is_gone_to_last(chat: ScreenChat) -> None:
    chat.hear(e.Notifications("all", ("#ops",)))
    chat.hear(message("alice!", "carol", room="#ops", mention=True))
    chat.hear(message("hi", "dave"))
    chat.next_unread()
    assert chat.current == "dave"
    chat.drawn(at_end=True, focused=True)
    chat.next_unread()
    assert chat.current == "#ops"


def test_the_relay_can_be_asked_about_from_the_input(chat: ScreenChat, engine: FakeEngine) -> None:
    chat.enter("/relay")
    assert engine.calls[-1] == ("ask", c.Sight(None))
    assert chat.take_request() is None


def test_what_was_written_before_the_log_in_is_there_once_and_under_the_own_name(
    engine: FakeEngine,
) -> None:
    chat = ScreenChat(engine, peer="bob", now=lambda: NOW)
    chat.begin()
    chat.enter("hello")
    chat.hear(ready())
    written = replace(past("hello", state=e.DeliveryState.SENT), message_id="id1", position=1)
    chat.hear(paged(written))
    assert [(row.sender, row.text, row.position) for row in own_rows(chat)] == [
        ("alice", "hello", 1)
    ]
