"""The sentences about rooms."""

import pytest

from securechat.client import events as e
from securechat.client.event_types.room_events import RoomChange as Change
from securechat.faces.entries import Tone
from securechat.faces.wording import rooms as wording


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (
            e.RoomNews("#ops", Change.CREATED),
            "You have made #ops, a closed room. /invite NAME takes people into it.",
        ),
        (
            e.RoomNews("#ops", Change.ENTERED, text="tea"),
            "You are in #ops, a closed room. Topic: tea",
        ),
        (e.RoomNews("#ops", Change.ENTERED), "You are in #ops, a closed room. It has no topic."),
        (e.RoomNews("#ops", Change.LEFT, "bob"), "#ops: bob left."),
        (e.RoomNews("#ops", Change.LEFT, "alice"), "You left #ops."),
        (e.RoomNews("#ops", Change.JOINED, "carol"), "#ops: carol joined."),
        (e.RoomNews("#ops", Change.INVITED, "bob", "carol"), "#ops: bob invited carol."),
        (e.RoomNews("#ops", Change.INVITED, "alice", "carol"), "#ops: alice (you) invited carol."),
        (e.RoomNews("#ops", Change.REMOVED, "bob", "alice"), "#ops: bob removed alice (you)."),
        (e.RoomNews("#ops", Change.REMOVED, None, "carol"), "#ops: somebody removed carol."),
        (e.RoomNews("#ops", Change.ADMIN, "bob", "carol"), "#ops: bob made carol an admin."),
        (
            e.RoomNews("#ops", Change.TOPIC, "bob", text="tea"),
            "#ops: bob changed the topic. Topic: tea",
        ),
        (e.RoomNews("#ops", Change.TOPIC, text="tea"), "#ops: Topic: tea"),
        (e.RoomNews("#ops", Change.TOPIC), "#ops: It has no topic."),
        (
            e.RoomNews("#ops", Change.PAUSED),
            "#ops is paused: two admins have changed it at once. What you type waits until one of "
            "them types /merge #ops.",
        ),
        (
            e.RoomNews("#ops", Change.BEHIND, "bob"),
            "#ops is paused: bob writes after a change of it that is not here yet. What you type "
            "waits until it is.",
        ),
        (e.RoomNews("#ops", Change.RESUMED), "#ops goes on: what you typed goes out."),
        (
            e.RoomNews("#ops", Change.RESUMED, "bob"),
            "#ops goes on, merged by bob: what you typed goes out.",
        ),
        (
            e.RoomNews("#lobby", Change.FULL),
            "#lobby is full, and you are not in it. /join #lobby tries again.",
        ),
    ],
)
def test_news(event: e.RoomNews, text: str) -> None:
    assert wording.news(event, "alice").text == f"[SERVER] {text}"


def test_what_stops_the_talk_is_loud() -> None:
    loud = {each for each in Change if wording.news(e.RoomNews("#o", each), "a").tone is Tone.ALERT}
    assert loud == {Change.PAUSED, Change.BEHIND, Change.REMOVED}


def test_somebody_called_you_is_not_you() -> None:
    news = e.RoomNews("#ops", Change.REMOVED, "bob", "you")
    assert wording.news(news, "alice").text == "[SERVER] #ops: bob removed you."
    assert "(you)" not in wording.news(news, "alice").text


def test_an_invitation_says_who_what_and_how() -> None:
    by_creator = e.Invitation("#ops", "bob", "bob", 2, "", e.Trust.VERIFIED, request=False)
    assert wording.invitation(by_creator).text == (
        "[SERVER] bob (verified) invites you to #ops, a closed room of 2 people. "
        "/join #ops accepts, /leave #ops refuses."
    )
    by_stranger = e.Invitation("#ops", "eve", "bob", 1, 'a"b', e.Trust.NEW, request=True)
    assert wording.invitation(by_stranger).text == (
        "[SERVER] eve (new, a stranger) invites you to #ops, a closed room of 1 person, made "
        'by bob, about "a\'b". /join #ops accepts, /leave #ops refuses.'
    )


def test_the_lobby_is_nothing_to_be_invited_to_while_one_is_on_the_way() -> None:
    lobby = e.RoomInfo("#lobby", "", None, 1, False, False, False, False)
    listed = wording.rooms(e.RoomList((lobby,)), lambda _: 0).text
    assert listed == "Your rooms:\n#lobby (open to everybody here)"


@pytest.mark.parametrize("topic", ["one\ntwo", "one\r\n[SERVER] two", "a\u2028b", "a\x1b]0;b\x07"])
def test_a_topic_is_one_line_whatever_is_in_it(topic: str) -> None:
    info = e.RoomInfo("#ops", topic, "bob", 2, True, False, False, False)
    for entry in (
        wording.news(e.RoomNews("#ops", Change.TOPIC, "bob", text=topic), "alice"),
        wording.invitation(e.Invitation("#ops", "bob", "bob", 2, topic, e.Trust.NEW, False)),
    ):
        assert entry.text.isprintable() or "\ufffd" in entry.text
        assert not set(entry.text) & set("\n\r\u2028\x1b\x07")
    assert len(wording.rooms(e.RoomList((info,)), lambda _: 0).text.split("\n")) == 2
