"""When a message counts as read on the full screen, and what is new."""

from msgspec.structs import replace

from securechat.client import events as e
from securechat.faces.screen.drawing.facts import Part
from securechat.faces.screen.state.chat import ScreenChat
from tests.pure.faces.fake_engine import FakeEngine
from tests.pure.faces.sample_events import message
from tests.pure.faces.screen.state.chat_steps import said


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


def test_a_muted_conversation_is_gone_to_last(chat: ScreenChat) -> None:
    chat.hear(e.Notifications("all", ("#ops",)))
    chat.hear(message("alice!", "carol", room="#ops", mention=True))
    chat.hear(message("hi", "dave"))
    chat.next_unread()
    assert chat.current == "dave"
    chat.drawn(at_end=True, focused=True)
    chat.next_unread()
    assert chat.current == "#ops"
