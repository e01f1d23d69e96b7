"""How messages in rooms, actions and answers are shown."""

import pytest

from securechat.client import events as e
from securechat.faces.entries import Tone
from securechat.faces.wording.messages import message as shown
from securechat.faces.wording.messages import past_message, plain_message, quoted, retention
from tests.pure.faces.desk import NOW
from tests.pure.faces.sample_events import message, past


def text_of(event: e.Message) -> str:
    return shown(event, NOW, trust_is_known=True).text


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
