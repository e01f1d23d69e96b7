"""Rooms in the chat in lines: where text goes, what is told, what is counted."""

import pytest

from securechat.client import commands as c
from securechat.client import events as e
from securechat.errors import HistoryForked, LimitExceeded, NameInvalid, SecureChatError, UsageError
from securechat.faces.chat.muting import MAX_WITHHELD
from tests.pure.faces.desk import Desk
from tests.pure.faces.sample_events import message, past, peer_ready, ready

LOBBY_ENTERED = e.RoomNews("#lobby", e.RoomChange.ENTERED)
CREATED = e.RoomNews("#ops", e.RoomChange.CREATED)
ENTERED = e.RoomNews("#ops", e.RoomChange.ENTERED, text="tea")
LEFT = e.RoomNews("#ops", e.RoomChange.LEFT, "alice")
PAUSED = e.RoomNews("#ops", e.RoomChange.PAUSED)
RESUMED = e.RoomNews("#ops", e.RoomChange.RESUMED, "bob")
OPEN = (
    "[SERVER] You are in #lobby, an open room: whoever the relay admits can read here. "
    "/who says who is there."
)


def in_lobby() -> Desk:
    desk = Desk(peer=None, lobby=True)
    desk.hear(ready(), LOBBY_ENTERED)
    return desk


def in_ops() -> Desk:
    desk = in_lobby()
    desk.enter("/join #ops")
    desk.hear(ENTERED)
    desk.engine.calls.clear()
    return desk


def test_without_a_peer_it_begins_in_the_lobby_and_says_that_it_is_open() -> None:
    desk = Desk(peer=None, lobby=True)
    assert desk.chat.prompt() == "#lobby > "
    assert desk.hear(ready(), LOBBY_ENTERED)[1:] == ["Type a message to #lobby, or /help.", OPEN]
    assert desk.hear(LOBBY_ENTERED) == []  # after an outage
    desk.enter("hello", "/me waves", "/reply bob so do I", f"/reply {'0a' * 16} no")
    assert desk.engine.sent == [
        ("#lobby", "hello"),
        ("#lobby", "waves", {"action": True}),
        ("#lobby", "so do I", {"reply_to": "bob"}),
        ("#lobby", "no", {"reply_to": "0a" * 16}),
    ]


def test_coming_to_the_lobby_and_leaving_it_is_a_line_each() -> None:
    def seen(name: str, online: bool, away: bool = False) -> e.PresenceChanged:
        return e.PresenceChanged(name, online, away=away, room="#lobby")

    desk = in_lobby()
    assert desk.hear(
        seen("Bob", True), seen("Bob", True, True), seen("Bob", True), seen("Bob", False),
        seen("carol", True, True), seen("carol", True), seen("eve", False),
    ) == [
        "[SERVER] Bob joined the chat!",
        "[SERVER] Bob left the chat!",
        "[SERVER] eve left the chat!",
    ]  # fmt: skip


def test_a_full_lobby_is_not_entered() -> None:
    desk = Desk(peer=None, lobby=True)
    [line] = desk.hear(e.RoomNews("#lobby", e.RoomChange.FULL))
    assert "is full" in line
    assert desk.chat.prompt() == "#lobby (you are not in it) > "
    desk.enter("/join #lobby")
    desk.hear(e.RoomNews("#lobby", e.RoomChange.FULL))
    assert desk.chat.prompt() == "#lobby (you are not in it) > "
    desk.enter("/join #lobby")
    assert desk.hear(LOBBY_ENTERED) == [OPEN]
    assert desk.chat.prompt() == "#lobby > "


@pytest.mark.parametrize(("line", "news"), [("/create #ops", CREATED), ("/join #Ops", ENTERED)])
def test_a_room_that_was_asked_for_is_the_current_one_when_it_is_there(
    line: str, news: e.RoomNews
) -> None:
    desk = in_lobby()
    desk.enter(line)
    assert desk.chat.prompt().endswith(" (joining) > ")
    shown = desk.hear(news)
    assert shown[0].startswith("[SERVER] You ")
    assert shown[1:] == ["You are writing to #ops now."]
    assert desk.chat.prompt() == "#ops > "


@pytest.mark.parametrize("line", ["/create #ops", "/join #ops"])
def test_what_is_typed_ahead_never_lands_in_the_open_room(line: str) -> None:
    desk = in_lobby()
    desk.enter(line, "secret")
    assert desk.engine.sent == [("#ops", "secret")]


@pytest.mark.parametrize("error", [UsageError("No such room"), NameInvalid("Bad")])
def test_a_room_that_cannot_be_entered_is_not_waited_for(error: SecureChatError) -> None:
    desk = in_lobby()
    desk.enter("/join #ops")
    desk.hear(e.Problem(HistoryForked("of somebody")), e.Problem(LimitExceeded("Full"), "id1"))
    assert desk.chat.prompt() == "#ops (joining) > "  # what others do changes nothing
    desk.hear(e.Problem(error))
    assert desk.chat.prompt() == "#lobby > "
    assert desk.hear(ENTERED)[1:] == []
    assert desk.chat.prompt() == "#lobby > "


def test_a_room_of_a_known_name_is_entered_under_the_one_it_has_here() -> None:
    desk = in_lobby()
    desk.enter("/create #ops")
    desk.hear(e.RoomNews("#ops[9f2c-41aa]", e.RoomChange.CREATED))
    desk.enter("hello")
    assert desk.engine.sent == [("#ops[9f2c-41aa]", "hello")]


def test_another_choice_is_not_undone_by_a_room_that_comes_late() -> None:
    desk = in_lobby()
    desk.enter("/join #ops", "/msg bob hi")
    desk.hear(ENTERED)
    assert desk.chat.prompt() == "bob > "


def test_who_leaves_a_room_is_back_in_the_lobby() -> None:
    desk = in_ops()
    desk.enter("/leave")
    assert desk.engine.calls == [("ask", c.Leave("#ops"))]
    assert desk.hear(e.RoomNews("#ops", e.RoomChange.LEFT, "bob")) == ["[SERVER] #ops: bob left."]
    assert desk.chat.prompt() == "#ops > "
    assert desk.hear(LEFT) == ["[SERVER] You left #ops.", "You are writing to #lobby now."]
    desk.hear(e.RoomNews("#lobby", e.RoomChange.LEFT, "alice"))
    assert desk.chat.prompt() == "> "
    assert "Nobody is chosen" in desk.enter("hello")[0]


def test_who_leaves_a_room_without_being_in_the_lobby_writes_to_nobody() -> None:
    desk = Desk()
    desk.hear(ready())
    desk.enter("/create #ops")
    desk.hear(CREATED, LEFT)
    assert desk.chat.prompt() == "> "


def test_who_is_removed_writes_nowhere_else_unawares() -> None:
    desk = in_ops()
    assert desk.hear(e.RoomNews("#ops", e.RoomChange.REMOVED, "bob", "alice")) == [
        "[SERVER] #ops: bob removed alice (you)."
    ]
    assert desk.chat.prompt() == "#ops (you are not in it) > "
    desk.enter("secret")
    assert desk.engine.sent == [("#ops", "secret")]
    desk.enter("/join #ops")
    desk.hear(ENTERED)
    assert desk.chat.prompt() == "#ops > "


@pytest.mark.parametrize("change", [e.RoomChange.PAUSED, e.RoomChange.BEHIND])
def test_what_is_typed_in_a_paused_room_waits(change: e.RoomChange) -> None:
    desk = in_ops()
    [line] = desk.hear(e.RoomNews("#ops", change, "bob"))
    assert line.startswith("[SERVER] #ops is paused: ")
    assert desk.chat.prompt() == "#ops (paused) > "
    assert desk.enter("one", "two") == ["1 message waits for #ops.", "2 messages wait for #ops."]
    desk.hear(RESUMED)
    assert desk.chat.prompt() == "#ops > "
    assert desk.hear(e.Accepted("id1", "#ops"), e.Accepted("id2", "#ops")) == [
        "Your messages to #ops have been handed over."
    ]


def test_what_is_typed_in_a_room_without_a_connection_waits() -> None:
    desk = in_ops()
    desk.hear(e.Offline("timed out", 2.0))
    assert desk.enter("one") == ["1 message waits for #ops."]
    assert desk.chat.prompt() == "#ops (no connection) > "


def test_messages_of_other_conversations_are_counted_until_these_are_chosen() -> None:
    desk = in_lobby()
    shown = desk.hear(
        message(room="#ops"), message("again", room="#ops"), message(), message(room="#lobby")
    )
    assert shown == [
        "[#ops] bob (new): hello",
        "[#ops] bob: again",
        "bob: hello",
        "[#lobby] bob: hello",
    ]
    assert desk.chat.prompt() == "#lobby [2 in #ops, 1 from bob] > "
    desk.enter("/msg bob hi")
    assert desk.chat.prompt() == "bob (new) [2 in #ops] > "
    desk.hear(e.Renamed("bob", "Bobby"), message(sender="Bobby"), message(sender="carol"))
    assert desk.chat.prompt() == "Bobby (new) [2 in #ops, 1 from carol] > "
    desk.hear(e.Renamed("carol", "Cleo"))
    desk.enter("/join #ops")
    desk.hear(ENTERED)
    assert desk.chat.prompt() == "#ops [1 from Cleo] > "
    desk.hear(e.History("Cleo", ()))
    assert desk.chat.prompt() == "#ops > "


def test_of_many_conversations_the_prompt_counts_some() -> None:
    desk = in_lobby()
    desk.hear(*(message(sender=name) for name in ("bob", "carol", "dave", "eve", "fay")))
    assert desk.chat.prompt() == "#lobby [1 from bob, 1 from carol, 1 from dave, 2 more] > "


def test_the_list_of_rooms_counts_and_knows() -> None:
    def room(name: str, creator: str | None, **flags: bool) -> e.RoomInfo:
        known = {"joined": True, "admin": False, "paused": False, "muted": False, **flags}
        return e.RoomInfo(name, "tea" if creator else "", creator, 3, **known)

    desk = in_lobby()
    desk.hear(message(room="#ops"))
    listed = (
        room("#lobby", None),
        room("#ops", "bob", admin=True, paused=True, muted=True),
        room("#new", "eve", joined=False),
    )
    assert desk.hear(e.RoomList(listed)) == [
        "Your rooms:\n"
        "#lobby (open to everybody here, 3 people)\n"
        '#ops (made by bob, 3 people, you are an admin, paused, muted, 1 unread), "tea"\n'
        '#new (made by eve, 3 people, invited: /join #new), "tea"'
    ]
    assert desk.enter("/msg #ops hi")[0] == "1 message waits for #ops."
    assert desk.chat.prompt() == "#ops (paused) > "
    assert desk.hear(e.RoomList(())) == ["You are in no room. /join #lobby, or /create #NAME."]


# Questions ------------------------------------------------------------------------------------


def test_questions_about_rooms_mean_the_current_one() -> None:
    desk = in_ops()
    desk.enter(
        "/who", "/invite bob carol", "/kick bob", "/admin bob", "/topic", "/topic tea",
        "/merge", "/mute", "/history 5", "/keep 3", "/rooms", "/unsend", "/leave",
    )  # fmt: skip
    assert desk.engine.calls == [
        ("ask", question)
        for question in (
            c.Who("#ops"), c.Invite("#ops", ("bob", "carol")), c.Kick("#ops", "bob"),
            c.Admin("#ops", "bob"), c.Topic("#ops", None), c.Topic("#ops", "tea"),
            c.Merge("#ops"), c.Mute("#ops", True), c.History("#ops", 5), c.Keep("#ops", 3),
            c.Rooms(), c.Unsend("#ops"), c.Leave("#ops"),
        )
    ]  # fmt: skip


@pytest.mark.parametrize(
    "line", ["/invite carol", "/kick carol", "/admin carol", "/topic", "/merge", "/leave"]
)
def test_questions_about_rooms_need_one(line: str) -> None:
    desk = Desk()
    assert desk.enter(line) == [
        "[Problem] You are writing to bob, a person, and this is about a room. "
        f"Try: {line.split()[0]} #ROOM, with one of those that /rooms lists"
    ]
    assert desk.engine.calls == []


@pytest.mark.parametrize("line", ["/verify", "/trust", "/accept-key"])
def test_questions_about_people_do_not_mean_a_room(line: str) -> None:
    desk = in_ops()
    [shown] = desk.enter(line)
    assert "You are in #ops, a room, and this is about a person" in shown
    assert "/who #ops" in shown
    assert desk.engine.calls == []


@pytest.mark.parametrize("peer", ["bob", None])
def test_who_without_a_room_is_about_all_who_are_connected(peer: str | None) -> None:
    desk = Desk(peer=peer)
    desk.enter("/who")
    assert desk.engine.calls == [("ask", c.Who(None))]


def test_answers_about_rooms_and_oneself() -> None:
    desk = in_ops()
    people = (
        e.RoomPerson("alice", None, admin=True),
        e.RoomPerson("bob", e.Trust.VERIFIED, away=True),
        e.RoomPerson("carol", None),
    )
    assert desk.hear(e.RoomPeople("#ops", people)) == [
        "In #ops: alice (you, admin), bob (verified, away), carol."
    ]
    assert "/presence on" in desk.hear(e.OwnPresence(visible=False, away=True))[0]
    assert "/back" in desk.hear(e.OwnPresence(visible=True, away=True))[0]
    assert "/away" in desk.hear(e.OwnPresence(visible=True, away=False))[0]
    assert desk.hear(e.People(("bob",), {}, away=frozenset({"bob"}))) == [
        "Connected now: bob (away)."
    ]


# Peace ----------------------------------------------------------------------------------------


def muted(*names: str) -> e.Notifications:
    return e.Notifications("mentions", names)


def test_muted_conversations_are_counted_and_not_shown() -> None:
    desk = in_lobby()
    assert desk.hear(muted("#Ops", "Carol")) == []
    assert desk.hear(
        message(room="#ops", alert=True, missing=2), message(sender="carol", alert=True)
    ) == []  # fmt: skip
    assert desk.chat.prompt() == "#lobby [1 in #ops, 1 from carol] > "
    assert desk.rings == 0
    assert len(desk.hear(muted(), message(room="#ops", alert=True))) == 1
    assert desk.rings == 1


def test_a_muted_conversation_is_counted_also_while_it_is_the_current_one() -> None:
    desk = in_ops()
    desk.hear(muted("#ops"))
    assert desk.hear(message(room="#ops")) == []
    assert desk.chat.prompt() == "#ops [1 in #ops] > "


def test_what_a_muted_person_wrote_counts_as_shown_when_it_is() -> None:
    """They may be told that it was read, which no room is."""
    desk = in_lobby()
    desk.hear(muted("bob", "#ops"))
    assert desk.chat.hear(message(room="#ops")) is True
    assert desk.chat.hear(message()) is False
    assert desk.engine.read == []
    desk.hear(e.History("bob", (past(),)), e.History("bob", (past(),)))
    assert desk.engine.read == [("bob", "m1")]


def test_muted_people_cannot_fill_the_engine_with_unread_messages() -> None:
    desk = in_lobby()
    desk.hear(muted("bob"))
    messages = [
        e.Message(f"m{n}", "bob", "alice", "x", 0, True, e.Trust.NEW, False, 0)
        for n in range(MAX_WITHHELD + 1)
    ]
    assert [desk.chat.hear(each) for each in messages].count(True) == 1


def test_what_is_muted_is_told_when_it_was_asked_for() -> None:
    desk = in_lobby()
    desk.enter("/notify", "/mute bob")
    told = (
        "Notifications are mentions: messages to you alone ring, and those in rooms that name you."
    )
    assert desk.hear(muted(), muted("bob", "#ops"), muted()) == [told, f"{told} Muted: bob, #ops."]


@pytest.mark.parametrize("level", list(c.Level))
def test_every_level_says_what_it_does(level: c.Level) -> None:
    desk = in_lobby()
    desk.enter(f"/notify {level}")
    assert desk.engine.calls == [("ask", c.Notify(level))]
    [line] = desk.hear(e.Notifications(level.value, ()))
    assert line.startswith(f"Notifications are {level}: ")


def test_it_rings_for_what_calls_for_attention() -> None:
    desk = in_lobby()
    desk.hear(message(), message(alert=True, mention=True))
    assert desk.rings == 1


def test_people_are_told_of_in_rooms_as_they_are_elsewhere() -> None:
    desk = in_ops()
    desk.hear(peer_ready(trust=e.Trust.VERIFIED))
    assert desk.hear(message(room="#ops", trust=e.Trust.VERIFIED)) == ["[#ops] bob: hello"]
    assert desk.hear(message(room="#ops", trust=e.Trust.CHANGED)) == ["[#ops] bob (CHANGED): hello"]
