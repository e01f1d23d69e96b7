"""The chat in lines: what is shown, what the engine is asked, what the prompt says."""

import pytest

from securechat.client import commands as c
from securechat.client import events as e
from securechat.client.commands import Decision
from securechat.client.searching import SearchWords
from securechat.errors import KeyChanged, NameInvalid, UsageError
from securechat.faces.chat.line_chat import LineChat
from securechat.faces.session.own_message import OwnMessage
from tests.pure.faces.desk import Desk
from tests.pure.faces.fake_engine import FakeEngine
from tests.pure.faces.sample_events import (
    FINGERPRINT,
    NOON_MS,
    begun_offline,
    message,
    past,
    peer_ready,
    ready,
)

HERE, AWAY = e.PresenceChanged("bob", True), e.PresenceChanged("bob", False)
KNOWN = e.Waiting("bob", known=True)
LOST = e.Offline("timed out", 2.0)


def test_the_history_is_shown_message_by_message() -> None:
    desk = Desk()
    assert desk.hear(
        e.History("bob", (past("in\nbob: out"), past("out", state=e.DeliveryState.SENT)))
    ) == [
        "The last 2 messages with bob:",
        "bob (15:06, 2 missing before it, late): in\nbob: out",
        "alice to bob (15:06, sent): out",
    ]
    assert desk.hear(e.SearchResult((), more=False)) == ["Nothing was found."]
    assert len(desk.hear(e.Retention("bob", 3))) == 1


def test_room_on_the_disk_is_told_of() -> None:
    assert Desk().hear(e.Resumed()) == ["There is room on the disk again: all that waited is kept."]


def test_what_was_given_up_is_not_waited_for() -> None:
    desk = Desk()
    desk.enter("one", "two", "/unsend")
    assert desk.engine.calls[-1] == ("ask", c.Unsend("bob"))
    assert desk.hear(e.Withdrawn("bob", ("id1", "id2"))) == ["2 messages to bob will not be sent."]
    assert desk.hear(e.Withdrawn("bob", ("id3",))) == ["1 message to bob will not be sent."]
    assert not desk.chat.pending


def test_questions_about_the_history_reach_the_engine() -> None:
    desk = Desk()
    desk.enter("/history", "/history 3", "/history carol", "/search tea", "/keep", "/keep carol 3")
    assert desk.engine.calls == [
        ("ask", c.History("bob", None)),
        ("ask", c.History("bob", 3)),
        ("ask", c.History("carol", None)),
        ("ask", c.Search(SearchWords(("tea",)))),
        ("ask", c.Keep("bob", None)),
        ("ask", c.Keep("carol", 3)),
    ]
    alone = Desk(peer=None)
    assert "Nobody is chosen" in alone.enter("/history", "/keep")[0]
    assert alone.engine.calls == [("ask", c.History(None, None))]


# Events ---------------------------------------------------------------------------------------


def test_the_log_in_is_followed_by_what_to_do_once() -> None:
    desk = Desk()
    assert len(desk.hear(ready())) == 2
    assert desk.hear(LOST, ready(again=True))[1:] == ["Connected to 127.0.0.1:5555 again."]


def test_a_session_that_begins_without_the_relay_says_so_and_what_to_do() -> None:
    desk = Desk()
    begun, to_do, why = desk.hear(begun_offline(), e.Offline("refused", 1.0))
    assert begun.startswith(f"You are alice on 127.0.0.1:5555 (relay {FINGERPRINT}), which is not")
    assert to_do == "Type a message to bob, or /help."
    assert why.startswith("No connection: refused. Trying again in 1 s")
    assert desk.chat.prompt() == "bob (no connection) > "
    assert desk.enter("hello") == ["1 message waits for bob."]
    assert len(desk.hear(ready())) == 1
    assert desk.chat.prompt() == "bob > "


def test_who_leaves_a_room_before_the_first_log_in_is_in_it_no_more() -> None:
    desk = Desk(peer=None)
    desk.hear(begun_offline(), e.RoomNews("#ops", e.RoomChange.CREATED, "alice"))
    desk.enter("/msg #ops hello")
    assert desk.chat.conversations.current == "#ops"
    desk.hear(e.RoomNews("#ops", e.RoomChange.LEFT, "alice"))
    assert desk.chat.conversations.current is None


def test_own_messages_that_go_well_make_no_noise() -> None:
    desk = Desk()
    desk.hear(ready(), peer_ready(), HERE)
    assert desk.enter("hello") == []
    assert desk.hear(e.Sent("id1", "bob"), e.Accepted("id1", "bob")) == []
    assert desk.hear(e.Delivered("id1", "bob")) == []
    assert desk.hear(e.Read("id1", "bob")) == []


def test_each_kind_of_outage_is_told_once() -> None:
    desk = Desk()
    assert len(desk.hear(ready(), LOST, LOST, LOST)) == 3
    assert len(desk.hear(e.Offline("refused", 4.0), LOST)) == 2


def test_a_person_is_told_of_once() -> None:
    desk = Desk()
    assert len(desk.hear(peer_ready(), peer_ready())) == 1
    assert len(desk.hear(HERE, HERE)) == 1
    assert len(desk.hear(e.Waiting("carol"), e.Waiting("Carol"))) == 1


@pytest.mark.parametrize("events", [(peer_ready(), AWAY), (AWAY, peer_ready())])
def test_somebody_who_was_never_there_has_not_left(events: tuple[e.Event, ...]) -> None:
    shown = Desk().hear(*events, AWAY)
    assert [line for line in shown if "[SERVER]" in line] == [
        "[SERVER] bob is not here; what you type waits for them."
    ]


def test_somebody_unknown_is_not_away_but_waited_for() -> None:
    assert Desk().hear(AWAY, e.Waiting("bob")) == [
        "Waiting for bob, who has not been here yet. What you type is kept."
    ]


@pytest.mark.parametrize("events", [(AWAY, KNOWN), (KNOWN, AWAY), (KNOWN, AWAY, peer_ready())])
def test_somebody_known_is_away_and_not_waited_for(events: tuple[e.Event, ...]) -> None:
    assert Desk().hear(*events)[:1] == ["[SERVER] bob is not here; what you type waits for them."]
    assert not any("is not here" in line for line in Desk().hear(*events)[1:])


def test_somebody_who_left_is_not_said_to_be_away_too() -> None:
    desk = Desk()
    desk.hear(peer_ready(), HERE)
    assert desk.hear(AWAY, KNOWN) == ["[SERVER] bob left the chat!"]
    assert desk.enter("hello") == ["1 message waits for bob."]


def test_somebody_not_there_was_seen_last() -> None:
    seen = e.PresenceChanged("bob", False, last_seen_ms=NOON_MS)
    assert Desk().hear(peer_ready(), seen)[1:] == [
        "[SERVER] bob is not here (last seen 15:06); what you type waits for them."
    ]


def test_somebody_goes_away_and_comes_back() -> None:
    desk, idle = Desk(), e.PresenceChanged("bob", True, away=True)
    desk.hear(peer_ready(), HERE)
    assert desk.hear(idle, idle) == ["[SERVER] bob is away: connected, but nobody sits there."]
    assert desk.chat.prompt() == "bob (new, away) > "
    assert desk.enter("hello") == []  # it arrives all the same
    assert desk.hear(HERE, AWAY, idle, AWAY) == [
        "[SERVER] bob is back.",
        "[SERVER] bob left the chat!",
        "[SERVER] bob joined the chat!",
        "[SERVER] bob is away: connected, but nobody sits there.",
        "[SERVER] bob left the chat!",
    ]


def test_coming_and_going() -> None:
    assert Desk().hear(peer_ready(), HERE, AWAY, HERE)[1:] == [
        "[SERVER] bob joined the chat!",
        "[SERVER] bob left the chat!",
        "[SERVER] bob joined the chat!",
    ]


@pytest.mark.parametrize("reason", list(e.Reason))
def test_a_key_that_was_told_with_its_trust_is_not_told_again(reason: e.Reason) -> None:
    trust = e.Trust.VERIFIED if reason is e.Reason.COMPARED else e.Trust.NEW
    desk = Desk()
    desk.hear(peer_ready(), CHANGED)
    decided = e.TrustChanged("bob", trust, FINGERPRINT, reason)
    assert len(desk.hear(decided, peer_ready(trust=trust))) == 1
    assert len(desk.hear(e.Waiting("bob"), e.PeerReady("bob", trust, "another", True))) == 2


def test_devices_are_told_and_change_nobody_s_trust() -> None:
    desk = Desk()
    desk.hear(peer_ready())
    [renewed, changed] = desk.hear(
        e.DeviceRenewed("d" * 32), e.DevicesChanged("bob", e.Trust.VERIFIED)
    )
    assert "goes on as a new device" in renewed
    assert changed.startswith("[NOTICE] bob (verified) uses a new device now")
    assert desk.chat.prompt() == "bob (new) > "


def test_missing_messages_are_told_before_the_next_one() -> None:
    assert Desk().hear(message(missing=2)) == [
        "[Missing] 2 messages of bob before the next one.",
        "bob (new): hello",
    ]


def test_a_trust_word_is_told_until_it_is_known_and_when_it_changes() -> None:
    verified = message(trust=e.Trust.VERIFIED)
    assert Desk().hear(peer_ready(), message(), verified, verified)[1:] == [
        "bob: hello",
        "bob (verified): hello",
        "bob: hello",
    ]
    changed = message(trust=e.Trust.CHANGED)
    assert Desk().hear(changed, changed) == ["bob (CHANGED): hello"] * 2


def test_answers_and_problems_are_shown() -> None:
    desk = Desk()
    assert desk.hear(e.People(("bob",))) == ["Connected now: bob."]
    assert desk.hear(e.Contacts(())) == ["Nobody is known here yet."]
    assert desk.hear(e.Blocked("bob", blocked=False)) == ["bob is not blocked any more."]
    assert desk.hear(e.Problem(UsageError("Bad", "good"))) == ["[Problem] Bad. Try: good"]
    [line] = desk.hear(e.SafetyNumber("bob", "1" * 60, e.Trust.NEW, FINGERPRINT))
    assert "11111 11111" in line


def test_the_end_is_kept_for_the_caller() -> None:
    desk, end = Desk(), e.Ended(None)
    assert desk.hear(end) == []
    assert desk.chat.ended is end


# Who the text goes to -------------------------------------------------------------------------


def test_text_goes_to_the_peer() -> None:
    desk = Desk()
    desk.enter("hello", "//quit")
    assert desk.engine.sent == [("bob", "hello"), ("bob", "/quit")]


def test_text_for_nobody_is_not_sent() -> None:
    desk = Desk(peer=None)
    assert desk.enter("hello") == [
        "[Problem] Nobody is chosen to write to, nothing was sent. Try: /msg NAME text"
    ]
    assert desk.engine.calls == []


def test_the_first_who_writes_becomes_the_conversation() -> None:
    desk = Desk(peer=None)
    assert desk.hear(message(request=True), message(sender="carol")) == [
        "bob (new, asks to talk): hello",
        "You are writing to bob now.",
        "carol (new): hello",
    ]
    assert desk.engine.calls == []  # having been written to accepts nobody
    desk.enter("hi")
    assert desk.engine.calls == [("send", "bob", "hi")]


def test_somebody_known_who_writes_first_is_talked_to() -> None:
    desk = Desk(peer=None)
    desk.hear(message())
    assert desk.engine.calls == [("talk_to", "bob")]


def test_a_new_name_moves_the_conversation() -> None:
    desk = Desk()
    desk.hear(peer_ready(trust=e.Trust.VERIFIED))
    assert desk.hear(e.Renamed("Bob", "Bobby")) == ["Bob is called Bobby here."]
    assert desk.chat.prompt() == "Bobby ✓ > "
    assert desk.hear(message(sender="Bobby", trust=e.Trust.VERIFIED)) == ["Bobby: hello"]
    desk.hear(e.Renamed("carol", "Cleo"))
    desk.enter("hi")
    assert desk.engine.sent == [("Bobby", "hi")]


def test_another_name_than_the_typed_one_is_told_once() -> None:
    desk = Desk()
    desk.enter("/msg alice hi")
    assert desk.hear(e.Renamed("alice", "Chef")) == ["alice is called Chef here."]
    assert desk.enter("/msg Alice hi") == []
    desk.hear(e.Renamed("Chef", "Boss"))
    assert desk.enter("/msg alice hi") == []
    assert desk.chat.prompt() == "Boss > "
    desk.hear(e.Renamed("Boss", "alice"))
    assert desk.enter("/msg alice hi") == []
    assert desk.chat.prompt() == "alice > "


def test_msg_to_somebody_who_is_blocked_does_not_say_that_it_is_written_to_them() -> None:
    desk = Desk()
    desk.hear(e.Blocked("carol", blocked=True))
    assert desk.enter("/msg carol hi") == []


def test_msg_writes_and_stays() -> None:
    desk = Desk()
    assert desk.enter("/msg carol hi", "there", "/msg Carol again") == [
        "You are writing to carol now."
    ]
    assert desk.engine.sent == [("carol", "hi"), ("carol", "there"), ("Carol", "again")]


def test_a_name_that_the_engine_refuses_is_no_conversation() -> None:
    desk = Desk()

    def refuse(call: tuple[object, ...]) -> None:
        if call[:2] == ("send", "alice"):
            raise UsageError("That is your own name")

    desk.engine.on_call = refuse
    assert desk.enter("/msg alice hi") == ["[Problem] That is your own name."]
    desk.enter("hello")
    assert desk.engine.sent[-1] == ("bob", "hello")


def test_commands_reach_the_engine() -> None:
    desk = Desk()
    desk.enter("/who", "/verify", "/verify carol", "")
    assert desk.engine.calls == [
        ("ask", c.Who()),
        ("ask", c.Verify("bob")),
        ("ask", c.Verify("carol")),
    ]
    desk.engine.calls.clear()
    desk.enter("/trust", "/accept-key carol", "/block eve", "/petname bob Bobby", "/contacts")
    assert desk.engine.calls == [
        ("ask", c.Decide(Decision.TRUST, "bob")),
        ("ask", c.Decide(Decision.ACCEPT_KEY, "carol")),
        ("ask", c.Decide(Decision.BLOCK, "eve")),
        ("ask", c.Call("bob", "Bobby")),
        ("ask", c.Contacts()),
    ]
    assert "/quit" in desk.enter("/help")[0]
    desk.enter("/quit")
    assert desk.chat.leaving


def test_an_unknown_command_is_asked_about() -> None:
    desk = Desk()
    [line] = desk.enter("/qiut")
    assert "no command /qiut" in line
    assert desk.engine.calls == []
    assert not desk.chat.leaving


def test_an_engine_that_refuses_at_once_is_a_problem_too() -> None:
    desk = Desk()

    def refuse(call: object) -> None:
        raise NameInvalid("A name has only letters.", "another name")

    desk.engine.on_call = refuse
    assert desk.enter("/verify bob") == ["[Problem] A name has only letters. Try: another name"]


def test_a_bad_line_of_input_is_a_problem() -> None:
    desk = Desk()
    desk.chat.refuse(UsageError("The line is not UTF-8"))
    assert desk.shown == ["[Problem] The line is not UTF-8."]


# What waits -----------------------------------------------------------------------------------


@pytest.mark.parametrize("obstacle", [[LOST], [e.Waiting("bob")], [peer_ready(), AWAY]])
def test_what_cannot_be_handed_over_is_counted(obstacle: list[e.Event]) -> None:
    desk = Desk()
    desk.hear(ready(), *obstacle)
    assert desk.enter("one", "two") == ["1 message waits for bob.", "2 messages wait for bob."]
    assert desk.hear(e.Accepted("id1", "bob")) == []
    assert desk.hear(e.Accepted("id2", "bob")) == ["Your messages to bob have been handed over."]
    assert desk.hear(e.Accepted("id2", "bob")) == []


def test_a_message_given_up_does_not_wait() -> None:
    desk = Desk()
    desk.hear(e.Waiting("bob"))
    desk.enter("one")
    desk.hear(e.Problem(UsageError("Bad"), "id1"))
    assert desk.enter("two") == ["1 message waits for bob."]


CHANGED = e.PeerKeyChanged("bob", "a", "b")
REFUSED = e.Problem(KeyChanged("The key of bob has CHANGED"), "id1")


@pytest.mark.parametrize("obstacle", [LOST, e.Waiting("bob", known=True), AWAY])
@pytest.mark.parametrize("bar", [CHANGED, e.Blocked("bob", blocked=True)])
def test_what_is_refused_does_not_wait(bar: e.Event, obstacle: e.Event) -> None:
    desk = Desk()
    desk.hear(ready(), peer_ready(), bar, obstacle)
    assert desk.enter("one") == []


def test_what_waits_for_somebody_not_heard_of_is_not_counted() -> None:
    """They may be CHANGED or blocked since an earlier run: the engine will say so."""
    desk = Desk(peer=None)
    desk.hear(ready(), LOST)
    assert desk.enter("/msg bob one") == ["You are writing to bob now."]
    desk.hear(REFUSED)
    assert desk.enter("two") == []
    assert desk.chat.prompt() == "bob (CHANGED, no connection) > "


def test_somebody_is_written_to_again_once_that_is_settled() -> None:
    desk = Desk()
    desk.hear(CHANGED, e.TrustChanged("bob", e.Trust.NEW, FINGERPRINT, e.Reason.ACCEPTED), AWAY)
    assert desk.enter("one") == ["1 message waits for bob."]
    desk.hear(e.Blocked("bob", blocked=True), e.Blocked("bob", blocked=False))
    assert desk.enter("two") == ["2 messages wait for bob."]


# The prompt -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("events", "prompt"),
    [
        ([], "bob > "),
        ([peer_ready()], "bob (new) > "),
        ([peer_ready(name="Bob")], "Bob (new) > "),
        ([peer_ready(trust=e.Trust.VERIFIED)], "bob ✓ > "),
        ([peer_ready(), e.PeerKeyChanged("bob", "a", "b")], "bob (CHANGED) > "),
        (
            [e.TrustChanged("bob", e.Trust.VERIFIED, FINGERPRINT, e.Reason.COMPARED)],
            "bob ✓ > ",
        ),
        ([e.Waiting("bob")], "bob (waiting) > "),
        ([e.Waiting("bob"), peer_ready()], "bob (new) > "),
        ([LOST], "bob (no connection) > "),
        ([peer_ready(), LOST], "bob (new, no connection) > "),
        ([peer_ready(trust=e.Trust.VERIFIED), LOST], "bob ✓ (no connection) > "),
        ([LOST, ready(again=True)], "bob > "),
        ([message(trust=e.Trust.VERIFIED)], "bob ✓ > "),
        ([peer_ready(name="carol")], "bob > "),
        (
            [peer_ready(), e.EncryptionChanged("bob", False, False)],
            "bob (new, TLS only: the relay can read this) > ",
        ),
        ([peer_ready(), e.EncryptionChanged("bob", True, False)], "bob (new) > "),
    ],
)
def test_the_prompt_says_with_whom_and_how_safe(events: list[e.Event], prompt: str) -> None:
    desk = Desk()
    desk.hear(*events)
    assert desk.chat.prompt() == prompt


def test_the_prompt_in_ascii() -> None:
    desk = Desk(unicode=False)
    desk.hear(peer_ready(trust=e.Trust.VERIFIED))
    assert desk.chat.prompt() == "bob (verified) > "


def test_the_prompt_without_a_conversation() -> None:
    desk = Desk(peer=None)
    assert desk.chat.prompt() == "> "
    desk.hear(LOST)
    assert desk.chat.prompt() == "(no connection) > "


# Ctrl-C ---------------------------------------------------------------------------------------


def test_the_second_interrupt_leaves() -> None:
    desk = Desk()
    desk.chat.interrupt()
    assert desk.shown == ["Press Ctrl-C again to leave."]
    assert not desk.chat.leaving
    desk.chat.interrupt()
    assert desk.chat.leaving


def test_typing_in_between_makes_it_the_first_again() -> None:
    desk = Desk()
    desk.chat.interrupt()
    desk.chat.typing()
    desk.chat.interrupt()
    desk.enter("hello")
    desk.chat.interrupt()
    assert not desk.chat.leaving


def test_what_the_engine_has_taken_is_told_with_its_id() -> None:
    taken: list[OwnMessage] = []
    chat = LineChat(FakeEngine(), peer="bob", show=lambda _: None, written=taken.append)
    for line in ("hello", "/me waves", "/reply bob yes", "/msg #ops hi", "/who"):
        chat.enter(line)
    assert taken == [
        OwnMessage("id1", "bob", "hello"),
        OwnMessage("id2", "bob", "waves", action=True),
        OwnMessage("id3", "bob", "yes", reply_to="bob"),
        OwnMessage("id4", "#ops", "hi"),
    ]
