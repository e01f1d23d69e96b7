"""How messages are shown: whose, when, in which room, and what is to be known of them."""

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from securechat.client import events as e
from securechat.faces.entries import Entry, Tone
from securechat.faces.wording.messages import (
    history,
    past_message,
    plain_message,
    quoted,
    retention,
    search_result,
)
from securechat.faces.wording.messages import message as shown
from tests.pure.faces.desk import NOW
from tests.pure.faces.sample_events import message, past


def text_of(event: e.Message, now: datetime = NOW) -> str:
    return shown(event, now, trust_is_known=True).text


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (message(room="#ops"), "[#ops] bob: hello"),
        (message("waves", action=True), "* bob waves"),
        (message("waves", room="#ops", action=True), "[#ops] * bob waves"),
        (message("waves", action=True, request=True), "* bob (new, asks to talk) waves"),
        (
            message(room="#ops", reply=e.Quote("m0", "alice", "is it tea?")),
            '[#ops] bob (answers alice "is it tea?"): hello',
        ),
        (
            message("nods", action=True, reply=e.Quote("m0", "alice", "tea?")),
            '* bob (answers alice "tea?") nods',
        ),
        (message(reply=e.Quote("m0")), "bob (answers a message that is not here): hello"),
        (
            message(reply=e.Quote("m0", "alice", "x" * 99)),
            f'bob (answers alice "{"x" * 39}…"): hello',
        ),
    ],
)
def test_a_message_says_where_it_is_and_what_it_answers(event: e.Message, text: str) -> None:
    assert text_of(event) == text


def test_what_names_the_reader_in_a_room_stands_out() -> None:
    assert shown(message("hi alice", room="#ops", mention=True), NOW).tone is Tone.MENTION
    assert shown(message("hi bob", room="#ops"), NOW).tone is Tone.MESSAGE
    assert shown(message("hi alice", mention=True), NOW).tone is Tone.MESSAGE


@pytest.mark.parametrize(
    "text", ["(verified) waves", " (verified) x", "\u200b(verified)", "\u1161(verified)", "", ":x"]
)
def test_an_action_that_begins_like_a_remark_of_ours_comes_after_the_true_one(text: str) -> None:
    assert text_of(message(text, action=True)) == f"* bob (new) {text}"
    assert plain_message(message(text, action=True)).text == f"* bob (new) {text}"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("one\ntwo\r\n\tthree", '"one two three"'),
        ('a"): b', "\"a''': b\"".replace("'''", "''")),
        ("“a” «b» [c] （d） ＂e″", "\"'a' 'b' 'c' 'd' 'e'\""),
        ("\x1b[31mred\u202e", '"\ufffd\'31mred\ufffd"'),
        ("語" * 99, f'"{"語" * 19}…"'),
        ("", '""'),
    ],
)
def test_a_quotation_is_one_line_that_nothing_in_it_can_close(text: str, found: str) -> None:
    assert quoted(text) == found


def test_messages_of_the_history_of_a_room() -> None:
    own = past("out", state=e.DeliveryState.SENT, room="#ops")
    assert past_message(own, NOW).text == "[#ops] alice (15:06, sent): out"
    of_bob = past("waves", room="#ops", action=True)
    assert past_message(of_bob, NOW).text == (
        "[#ops] * bob (15:06, 2 missing before it, late) waves"
    )
    own_action = past("waves", state=e.DeliveryState.READ, action=True)
    assert past_message(own_action, NOW).text == "* alice to bob (15:06, read) waves"
    assert "Messages in #ops are kept" in retention(e.Retention("#ops", 3)).text


def test_what_a_script_gets() -> None:
    assert plain_message(message(room="#ops")).text == "[#ops] bob: hello"
    assert plain_message(message("waves", action=True)).text == "* bob waves"
    assert plain_message(message(e2e=False)).text == (
        "bob (TLS only: the relay can read this): hello"
    )


def test_a_message_is_a_name_and_a_text() -> None:
    expected = Entry("bob (new): hello", Tone.MESSAGE, body="hello")
    assert shown(message(), NOW) == expected
    assert text_of(message()) == text_of(message(trust=e.Trust.VERIFIED)) == "bob: hello"


def test_a_stranger_asks_to_talk() -> None:
    assert text_of(message(request=True)) == "bob (new, asks to talk): hello"


def test_what_is_wrong_with_a_message_stands_before_it() -> None:
    assert text_of(message(trust=e.Trust.CHANGED)) == "bob (CHANGED): hello"
    late = "bob (late: sent before what was shown above): hello"
    assert text_of(message(late=True)) == late
    assert text_of(message(e2e=False)) == "bob (TLS only: the relay can read this): hello"


@pytest.mark.parametrize(
    ("now", "when"),
    [
        (NOW + timedelta(minutes=4), ""),
        (NOW - timedelta(minutes=4), ""),
        (NOW + timedelta(minutes=6), " (15:06)"),
        (NOW - timedelta(minutes=6), " (15:06)"),
        (NOW + timedelta(days=1), " (2025-06-15 15:06)"),
        ((NOW + timedelta(hours=1)).astimezone(timezone(timedelta(hours=2))), " (17:06)"),
    ],
)
def test_the_time_is_said_when_it_is_not_now(now: datetime, when: str) -> None:
    assert text_of(message(), now) == f"bob{when}: hello"


def test_messages_of_the_history_say_when_and_how_far() -> None:
    later = NOW + timedelta(hours=1)
    own = past("out", state=e.DeliveryState.READ)
    assert past_message(own, later).text == "alice to bob (15:06, read): out"
    of_bob = past("in")
    assert past_message(of_bob, later + timedelta(days=1)).text == (
        "bob (2025-06-15 15:06, 2 missing before it, late): in"
    )
    plain = replace(of_bob, e2e=False, missing=0, late=False)
    assert past_message(plain, NOW).text == ("bob (15:06, TLS only: the relay could read this): in")


def test_the_titles_of_histories() -> None:
    def title(count: int, name: str | None = "bob") -> str:
        return history(e.History(name, (past(),) * count)).text

    assert title(0) == "No messages with bob are kept here."
    assert title(1) == "The last message with bob:"
    assert title(2) == "The last 2 messages with bob:"
    assert title(2, None) == "The last 2 messages:"

    def found(count: int, *, more: bool = False) -> str:
        return search_result(e.SearchResult((past(),) * count, more)).text

    assert found(0) == "Nothing was found."
    assert found(1) == "Found 1 message:"
    assert found(2) == "Found 2 messages:"
    assert "before:DATE" in found(2, more=True)


@pytest.mark.parametrize(
    ("days", "kept"),
    [
        (None, "kept for ever"),
        (0, "not kept"),
        (1, "kept for 1 day"),
        (1000, "kept for 1,000 days"),
    ],
)
def test_how_long_messages_are_kept(days: int | None, kept: str) -> None:
    text = retention(e.Retention("bob", days)).text
    assert text.startswith(f"Messages with bob are {kept} here.")


@given(st.integers(-(2**70), 2**70))
def test_any_time_a_peer_claims_can_be_said(time_ms: int) -> None:
    assert text_of(message(time_ms=time_ms)).endswith(": hello")


def test_a_message_in_a_room_that_names_the_reader_stands_out() -> None:
    in_room = message(room="#ops", mention=True, trust=e.Trust.VERIFIED)
    assert shown(in_room, NOW, trust_is_known=True).tone is Tone.MENTION
    for other in (message(room="#ops"), message(mention=True)):
        assert shown(other, NOW, trust_is_known=True).tone is Tone.MESSAGE
