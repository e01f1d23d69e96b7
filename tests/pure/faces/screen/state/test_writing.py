"""What is typed on the full screen: messages, answers, edits, and what stays in the input."""

import pytest
from msgspec.structs import replace

from securechat.client import commands as c
from securechat.client import events as e
from securechat.errors import KeyChanged
from securechat.faces.screen.drawing.facts import Opening, Part, Request
from securechat.faces.screen.drawing.rows import Notice, Row
from securechat.faces.screen.state.chat import ScreenChat
from tests.pure.faces.fake_engine import FakeEngine
from tests.pure.faces.sample_events import NOON_MS, message, past, ready
from tests.pure.faces.screen.state.chat_steps import NOW, notices, own_rows, paged


def refuse_newest(chat: ScreenChat, engine: FakeEngine) -> None:
    """Let the engine refuse the edit that it was asked for last."""
    asked = next(call[1] for call in reversed(engine.calls) if isinstance(call[1], c.Amend))
    chat.hear(e.Problem(KeyChanged("The key of bob has CHANGED"), asked=asked))


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


def test_what_is_written_at_another_place_of_the_history_is_seen(
    chat: ScreenChat, engine: FakeEngine
) -> None:
    chat.hear(paged(replace(past("old"), message_id="p5", position=5), newer=True))
    engine.calls.clear()
    chat.enter("hello")
    assert ("ask", c.Page("bob")) in engine.calls


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
