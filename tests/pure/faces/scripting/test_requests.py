"""Requests of other commands: parsed, carried out, answered, and nothing else let in."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securechat.client import events as e
from securechat.client.commands import Invites, MakeInvite, RevokeInvite
from securechat.errors import KeyChanged, SecureChatError, Untrusted, UsageError
from securechat.faces.scripting.request_session import RequestSession
from securechat.faces.scripting.requests import (
    ListenRequest,
    Request,
    Sending,
    SendRequest,
    Shown,
    encode_request,
    parse_request,
    still_queued,
)
from tests.pure.faces.fake_engine import FakeEngine
from tests.pure.faces.sample_events import message, ready


@given(
    st.builds(SendRequest, st.text(), st.text())
    | st.builds(ListenRequest, st.none() | st.text())
    | st.builds(Shown, st.text(), st.text(), st.booleans())
    | st.builds(MakeInvite, st.integers(), st.integers(), st.none() | st.text())
    | st.builds(Invites)
    | st.builds(RevokeInvite, st.text())
)
def test_a_request_is_one_line_and_comes_back(request: Request) -> None:
    line = encode_request(request)
    assert b"\n" not in line
    assert parse_request(line) == request


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"hello",
        b"\xff",
        b"[]",
        b"1",
        b"{}",
        b'{"do":"listen"}',
        b'{"v":2,"do":"listen"}',
        b'{"v":1,"do":"quit"}',
        b'{"v":1,"do":"send","to":"bob"}',
        b'{"v":1,"do":"send","to":"bob","text":1}',
        b'{"v":1,"do":"shown","from":"bob"}',
        b'{"v":1,"do":"invite","uses":1,"seconds":60}',
        b'{"v":1,"do":"invite","uses":"1","seconds":60,"address":null}',
        b'{"v":1,"do":"revoke-invite","id":1}',
        b"[" * 60_000,
        b"1" * 60_000,
    ],
)
def test_anything_else_is_a_usage_error(line: bytes) -> None:
    with pytest.raises(UsageError):
        parse_request(line)


class Asked:
    """A session with an engine, and what it has written."""

    def __init__(self, engine: FakeEngine | None = None, *, unsent: bool = False) -> None:
        self.engine = engine or FakeEngine()
        self.lines: list[bytes] = []
        self.ends = 0
        self.session = RequestSession(
            self.engine,
            ready(),
            lambda _message_id: unsent,
            self.engine.shown,
            self.lines.append,
            self._end,
        )
        assert self.take() == [{**READY}]

    def _end(self) -> None:
        self.ends += 1

    def ask(self, request: Request) -> list[dict[str, Any]]:
        self.session.received(encode_request(request))
        return self.take()

    def tell(self, *events: e.Event) -> list[dict[str, Any]]:
        self.engine.emit(*events)
        return self.take()

    def take(self) -> list[dict[str, Any]]:
        taken = [json.loads(line) for line in self.lines]
        assert not any(b"\n" in line for line in self.lines)
        self.lines.clear()
        return taken


READY = {
    "v": 1,
    "event": "ready",
    "name": "alice",
    "relay": "127.0.0.1:5555",
    "fingerprint": "9f2c-41aa-07be-d310",
    "again": False,
}


def test_a_send_hears_of_its_own_message_and_of_nothing_else() -> None:
    asked = Asked()
    assert asked.ask(SendRequest("bob", "one\ntwo")) == []
    assert asked.engine.sent == [("bob", "one\ntwo")]
    told = asked.tell(
        message(),
        e.Sent("other", "bob"),
        e.Sent("id1", "bob"),
        e.Accepted("other", "bob"),
        e.Accepted("id1", "bob"),
        e.PeerKeyChanged("carol", "a", "b"),
        e.Problem(UsageError("not mine"), "other"),
        e.Problem(UsageError("mine"), "id1"),
        e.Delivered("other", "bob"),
        e.Delivered("id1", "bob"),
        e.Read("other", "bob"),
        e.Read("id1", "bob"),
        e.PresenceChanged("bob", True),
    )
    states = [found["event"] for found in told]
    assert states == ["sent", "accepted", "error", "delivered", "read"]
    assert asked.ends == 0


def test_what_is_wrong_with_a_message_is_told_to_whoever_asked_for_it() -> None:
    asked, screen = Asked(), list[e.Event]()
    asked.engine.subscribe(screen.append)
    asked.ask(SendRequest("bob", "x"))
    asked.engine.emit(e.Problem(KeyChanged("CHANGED"), "id1"), errand=True)
    assert [found["code"] for found in asked.take()] == ["key-changed"]
    assert screen == []


def test_a_listener_gets_what_nobody_was_shown_and_says_what_it_has_printed() -> None:
    asked = Asked()
    asked.engine.unread.append(message("early"))
    told = asked.ask(ListenRequest())
    assert [found["event"] for found in told] == ["ready", "message"]
    assert asked.ask(Shown("bob", told[1]["id"])) == []
    assert asked.engine.read == [("bob", told[1]["id"])]
    assert asked.ends == 0


def test_a_listener_to_one_person_hears_of_that_one_s_key_only() -> None:
    asked = Asked()
    asked.ask(ListenRequest("bob"))
    assert ("catch_up", "bob") in asked.engine.calls
    restored = e.TrustChanged("bob", e.Trust.NEW, "a", e.Reason.RESTORED)
    told = asked.tell(
        e.PeerKeyChanged("carol", "a", "b"),
        e.PeerKeyChanged("bob", "a", "b"),
        restored,
        e.DevicesChanged("carol", e.Trust.NEW),
        e.DevicesChanged("bob", e.Trust.NEW),
    )
    assert [(found["event"], found["name"]) for found in told] == [
        ("key-changed", "bob"),
        ("trust", "bob"),
        ("devices-changed", "bob"),
    ]


def test_a_listener_hears_messages_and_trouble() -> None:
    asked = Asked()
    assert asked.ask(ListenRequest()) == [READY]
    told = asked.tell(
        message("1"),
        e.Sent("id", "bob"),
        e.Problem(UsageError("of a message"), "id"),
        e.Problem(UsageError("of all")),
        e.Offline("gone", 1.0),
        e.DeviceRenewed("d" * 32),
        ready(again=True),
        message("2", sender="carol"),
    )
    kinds = ["message", "error", "offline", "device-renewed", "ready", "message"]
    assert [found["event"] for found in told] == kinds


def test_a_listener_beside_a_client_that_began_offline_hears_of_one_log_in_that_is_the_first() -> (
    None
):
    asked = Asked()
    assert asked.ask(ListenRequest()) == [READY]
    (told,) = asked.tell(ready())
    assert told == READY | {"again": True}


def test_a_listener_to_a_room_hears_what_is_said_there_and_talks_to_nobody() -> None:
    asked = Asked()
    assert asked.ask(ListenRequest("#Ops")) == [READY]
    told = asked.tell(
        message("1", room="#ops"), message("2"), message("3", room="#lobby", sender="carol")
    )
    assert [found["text"] for found in told] == ["1"]
    assert not [call for call in asked.engine.calls if call[0] == "talk_to"]


def test_a_listener_to_one_person_hears_that_one_only_who_is_no_stranger_then() -> None:
    asked = Asked()
    asked.ask(ListenRequest("BOB"))
    assert ("talk_to", "BOB") in asked.engine.calls
    told = asked.tell(
        message("1"),
        message("2", sender="carol"),
        e.Renamed("carol", "Caz"),
        e.Renamed("bob", "Bobby"),
        message("3", sender="Bobby"),
        message("4", sender="Caz"),
    )
    assert [found["text"] for found in told] == ["1", "3"]


@pytest.mark.parametrize(
    "line", [b"garbage", encode_request(SendRequest("bob", "x" * 8193)), b'{"v":1}']
)
def test_what_cannot_be_done_is_an_error_and_the_end(line: bytes) -> None:
    asked = Asked()
    asked.session.received(line)
    (error,) = asked.take()
    assert (error["event"], error["code"]) == ("error", "usage")
    assert asked.ends == 1
    assert asked.engine.sent == []


@pytest.mark.parametrize("confirm", [False, True])
def test_a_listener_says_whether_the_writer_is_to_know_what_it_has_printed(confirm: bool) -> None:
    asked = Asked()
    asked.ask(ListenRequest())
    asked.ask(Shown("bob", "m1", confirm))
    assert asked.engine.read == [("bob", "m1")]
    assert asked.engine.confirmed == ([("bob", "m1")] if confirm else [])


@pytest.mark.parametrize("rest", ["", ',"confirm":1', ',"confirm":"true"'])
def test_nobody_is_to_know_unless_it_says_so(rest: str) -> None:
    line = '{"v":1,"do":"shown","from":"bob","id":"m1"' + rest + "}"
    assert parse_request(line.encode()) == Shown("bob", "m1", confirm=False)


def test_the_end_of_the_client_after_delivery_says_what_has_not_come() -> None:
    asked = Asked()
    asked.ask(SendRequest("bob", "x"))
    asked.tell(e.Sent("id1", "bob"), e.Accepted("id1", "bob"), e.Delivered("id1", "bob"))
    (error,) = asked.tell(e.Ended(None))
    assert error["code"] == "timed-out"
    assert "was delivered, and not yet read when the client ended" in error["message"]


def test_one_session_carries_one_request() -> None:
    asked = Asked()
    asked.ask(SendRequest("bob", "one"))
    assert asked.ask(SendRequest("bob", "two"))[0]["code"] == "usage"
    assert asked.engine.sent == [("bob", "one")]
    assert asked.ends == 1


def test_an_engine_that_refuses_at_once_is_an_error_and_nothing_is_heard() -> None:
    asked = Asked()

    def refuse(call: tuple[object, ...]) -> None:
        if call[0] == "send":
            raise KeyChanged("CHANGED", "ask bob")

    asked.engine.on_call = refuse
    assert asked.ask(SendRequest("bob", "x"))[0]["code"] == "key-changed"
    assert asked.tell(e.Sent("id1", "bob")) == []


@pytest.mark.parametrize("request_", [SendRequest("bob", "x"), ListenRequest()])
def test_whoever_hangs_up_is_not_told_any_more(request_: Request) -> None:
    asked = Asked()
    asked.ask(request_)
    asked.session.closed()
    assert asked.tell(message(), e.Sent("id1", "bob")) == []


def test_the_end_of_the_client_only_ends_a_listener() -> None:
    asked = Asked()
    asked.ask(ListenRequest())
    stranger = e.Problem(Untrusted("of a stranger"))
    told = [
        found["event"] for found in asked.tell(stranger, e.Ended(Untrusted("not its business")))
    ]
    assert told == ["error", "ended"]
    assert asked.ends == 1


@pytest.mark.parametrize(
    ("before", "unsent", "error", "code"),
    [
        ([], True, None, "still-queued"),
        ([], True, Untrusted("gone"), "still-queued"),
        ([], False, None, "failed"),
        ([], False, Untrusted("gone"), "untrusted"),
        ([e.Sent("id1", "bob")], True, None, "still-queued"),
        ([e.Sent("id1", "bob"), e.Accepted("id1", "bob")], False, None, "timed-out"),
    ],
)
def test_the_end_of_the_client_tells_a_sender_what_remains(
    before: list[e.Event], unsent: bool, error: SecureChatError | None, code: str
) -> None:
    asked = Asked(unsent=unsent)
    asked.ask(SendRequest("bob", "x"))
    asked.tell(*before)
    assert [found["code"] for found in asked.tell(e.Ended(error))] == [code]
    assert asked.ends == 1


def test_events_that_come_before_the_id_is_known_are_not_lost() -> None:
    import threading

    engine, told = FakeEngine(), []
    heard = threading.Event()

    def tell_from_another_thread(call: tuple[object, ...]) -> None:
        def tell() -> None:
            engine.emit(e.Sent("id1", "bob"))
            heard.set()

        threading.Thread(target=tell).start()

    engine.on_call = tell_from_another_thread
    Sending(engine, SendRequest("bob", "x"), lambda _id: False, told.append)
    assert heard.wait(10.0)
    assert told == [e.Sent("id1", "bob")]


def test_what_is_kept_for_a_person_can_be_given_up() -> None:
    assert "/unsend bob" in still_queued("bob", "not sent").try_next
    assert "/unsend #ops" in still_queued("#ops", "not sent").try_next
