"""Sessions of ``--json`` over streams in memory."""

import io
import json
import threading
from typing import Any

import pytest

from securechat.client import commands as c
from securechat.client import events as e
from securechat.client.commands import Decision
from securechat.errors import KeyChanged, SecureChatError, StillQueued, UsageError
from securechat.faces.json_lines.chat import JsonChat, run_json
from securechat.faces.json_lines.events import encode_event
from securechat.faces.streams import LineWriter
from tests.pure.faces.fake_engine import FakeEngine
from tests.pure.faces.sample_events import FINGERPRINT, message, ready


class ClosedPipe:
    """An output whose reader leaves after ``lines`` lines."""

    def __init__(self, lines: int) -> None:
        self.lines = lines

    def write(self, data: memoryview, /) -> int:
        if self.lines == 0:
            raise BrokenPipeError
        self.lines -= 1
        return len(data)


class OpenInput:
    """An input on which nothing comes until it is closed."""

    def __init__(self) -> None:
        self._closed = threading.Event()

    def read(self, size: int, /) -> bytes:
        self._closed.wait()
        return b""

    def close(self) -> None:
        self._closed.set()


class BrokenInput:
    """The input of a terminal that was closed."""

    def read(self, size: int, /) -> bytes:
        raise OSError(5, "Input/output error")


def session(
    engine: FakeEngine, stdin: bytes, peer: str | None = "bob", *, lobby: bool = False
) -> tuple[list[dict[str, Any]], SecureChatError | None]:
    """Return the objects that a session printed, and the error that it raised."""
    out, raised = io.BytesIO(), None
    try:
        run_json(engine, peer=peer, lobby=lobby, stdin=io.BytesIO(stdin), stdout=out, flush_s=0.1)
    except SecureChatError as error:
        raised = error
    return [json.loads(line) for line in out.getvalue().splitlines()], raised


def test_lines_are_carried_out_in_order_and_the_end_flushes() -> None:
    engine = FakeEngine()
    printed, raised = session(engine, b"one\n/who\n/msg carol two\n\nthree\n/verify\nlast")
    assert engine.calls == [
        ("start",),
        ("send", "bob", "one"),
        ("ask", c.Who()),
        ("send", "carol", "two"),
        ("send", "bob", "three"),
        ("ask", c.Verify("bob")),
        ("send", "bob", "last"),
        ("stop", 0.1),
    ]
    assert printed == []
    assert raised is None


def test_decisions_about_people_reach_the_engine() -> None:
    engine = FakeEngine()
    printed, _ = session(engine, b"/trust\n/unblock eve\n/petname bob\n/contacts\n/block\n")
    assert engine.calls[1:-1] == [
        ("ask", c.Decide(Decision.TRUST, "bob")),
        ("ask", c.Decide(Decision.UNBLOCK, "eve")),
        ("ask", c.Call("bob", None)),
        ("ask", c.Contacts()),
    ]
    assert [found["message"] for found in printed] == ["/block needs a name"]


def test_comparing_emoji_reaches_the_engine() -> None:
    engine = FakeEngine()
    printed, _ = session(engine, b"/verify bob emoji\n/match\n/differ carol\n/match a b\n")
    assert engine.calls[1:-1] == [
        ("ask", c.Verify("bob", c.How.EMOJI)),
        ("ask", c.Match("bob")),
        ("ask", c.Differ("carol")),
    ]
    assert [found["message"] for found in printed] == ["There is too much after /match"]


def test_the_digits_of_a_qr_code_are_all_that_a_program_needs() -> None:
    engine = FakeEngine()
    printed, _ = session(engine, b"/verify bob qr\n")
    assert engine.calls[1:-1] == [("ask", c.Verify("bob", c.How.QR))]
    assert printed == []
    plain, drawn = (
        encode_event(e.SafetyNumber("bob", "1" * 60, e.Trust.NEW, FINGERPRINT, as_qr))
        for as_qr in (False, True)
    )
    assert plain == drawn


def test_without_a_peer_text_goes_where_the_last_msg_went() -> None:
    engine = FakeEngine()
    printed, _ = session(engine, b"too early\n/msg carol one\ntwo\n", peer=None)
    assert engine.sent == [("carol", "one"), ("carol", "two")]
    assert [found["code"] for found in printed] == ["usage"]


def test_a_message_that_comes_in_changes_nothing_for_what_goes_out() -> None:
    engine = FakeEngine(message(sender="eve"))
    printed, _ = session(engine, b"who is this\n", peer=None)
    assert [found["event"] for found in printed] == ["message", "error"]
    assert engine.sent == []


def test_quit_leaves_and_what_follows_is_not_read() -> None:
    engine = FakeEngine()
    session(engine, b"one\n/quit\ntwo\n")
    assert engine.sent == [("bob", "one")]


def test_events_are_printed_until_the_very_end() -> None:
    engine = FakeEngine()

    def answer(call: tuple[object, ...]) -> None:
        if call == ("start",):
            engine.emit(ready())
        if call[0] == "stop":
            engine.emit(e.Sent("id1", "bob"), e.Accepted("id1", "bob"))

    engine.on_call = answer
    printed, _ = session(engine, b"one\n")
    assert [found["event"] for found in printed] == ["ready", "sent", "accepted"]


def test_bad_lines_are_errors_and_the_session_goes_on() -> None:
    engine = FakeEngine()
    printed, raised = session(engine, b"caf\xe9\n/nonsense\n" + b"x" * 9000 + b"\n/help\nhello\n")
    assert [found["event"] for found in printed] == ["error", "error", "error", "help"]
    assert {found["code"] for found in printed[:3]} == {"usage"}
    assert engine.sent == [("bob", "hello")]
    assert raised is None


def test_leaving_with_something_queued_is_an_error_and_an_object() -> None:
    printed, raised = session(FakeEngine(queued=2), b"one\ntwo\n")
    assert isinstance(raised, StillQueued)
    assert printed[-1]["code"] == "still-queued"
    assert "bob" in printed[-1]["message"]


@pytest.mark.parametrize("queued", [0, 1])
def test_an_engine_that_does_not_stop_is_left(queued: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("securechat.faces.session.conversing.GRACE_S", 0.0)
    _, raised = session(FakeEngine(queued=queued, never_ends=True), b"one\n")
    assert isinstance(raised, StillQueued) is bool(queued)


def test_the_error_that_ends_the_engine_is_printed_and_raised() -> None:
    error = KeyChanged("The key of bob has changed", "ask bob")
    engine = FakeEngine(e.Ended(error))
    printed, raised = session(engine, b"")
    assert raised is error
    assert printed == [
        {"v": 1, "event": "error", "code": "key-changed", "message": error.what, "try": "ask bob"}
    ]
    assert ("stop", 0.1) not in engine.calls


def test_a_reader_that_has_gone_ends_the_session_quietly() -> None:
    engine = FakeEngine(ready(), message())
    stdin = OpenInput()
    run_json(engine, peer="bob", stdin=stdin, stdout=ClosedPipe(1), flush_s=0.1)
    stdin.close()
    assert engine.calls[-1] == ("stop", 0.1)


def test_a_message_is_kept_no_longer_once_it_is_written() -> None:
    engine = FakeEngine(ready(), message("1"), message("2"))
    stdin = OpenInput()
    run_json(engine, peer="bob", stdin=stdin, stdout=ClosedPipe(2), flush_s=0.1)
    stdin.close()
    assert len(engine.read) == 1  # nobody has read the other one
    engine = FakeEngine(message("1"), message("2"))
    run_json(engine, peer="bob", stdin=io.BytesIO(), stdout=io.BytesIO(), flush_s=0.1)
    assert len(engine.read) == 2


def test_an_input_that_breaks_off_has_ended() -> None:
    engine = FakeEngine()
    run_json(engine, peer="bob", stdin=BrokenInput(), stdout=io.BytesIO(), flush_s=0.1)
    assert engine.calls[-1] == ("stop", 0.1)


def test_a_name_that_the_engine_refuses_is_not_written_to_next() -> None:
    engine = FakeEngine()

    def refuse(call: tuple[object, ...]) -> None:
        if call[:2] == ("send", "alice"):
            raise UsageError("That is your own name")

    engine.on_call = refuse
    printed, _ = session(engine, b"/msg bob one\n/msg alice two\nthree\n", peer=None)
    assert [found["code"] for found in printed] == ["usage"]
    assert engine.sent[-1] == ("bob", "three")


# Rooms ----------------------------------------------------------------------------------------


def test_without_a_peer_text_goes_to_the_lobby_until_something_else_is_said() -> None:
    engine = FakeEngine()
    stdin = b"one\n/me waves\n/reply bob two\n/msg bob three\nfour\n/join #lobby\nfive\n"
    session(engine, stdin, peer=None, lobby=True)
    assert engine.sent == [
        ("#lobby", "one"),
        ("#lobby", "waves", {"action": True}),
        ("#lobby", "two", {"reply_to": "bob"}),
        ("bob", "three"),
        ("bob", "four"),
        ("#lobby", "five"),
    ]


@pytest.mark.parametrize("line", [b"/create #ops", b"/join #ops"])
@pytest.mark.parametrize("peer", ["bob", None])
def test_text_goes_to_a_room_from_the_line_on_that_asks_for_it(
    line: bytes, peer: str | None
) -> None:
    engine = FakeEngine()
    session(engine, line + b"\nsecret\n/topic tea\n", peer=peer, lobby=peer is None)
    assert engine.calls[2:-1] == [("send", "#ops", "secret"), ("ask", c.Topic("#ops", "tea"))]


def test_a_room_has_the_name_that_is_shown() -> None:
    engine = FakeEngine()
    chat = JsonChat(engine, peer="bob", out=LineWriter(io.BytesIO()))
    chat.enter("/create #ops")
    chat.hear(e.RoomNews("#dev", e.RoomChange.ENTERED))
    chat.enter("one")
    chat.hear(e.RoomNews("#ops[9f2c-41aa]", e.RoomChange.CREATED))
    chat.enter("two")
    assert engine.sent == [("#ops", "one"), ("#ops[9f2c-41aa]", "two")]


@pytest.mark.parametrize(("peer", "then"), [("bob", [("bob", "two")]), (None, [])])
def test_who_leaves_a_room_writes_to_the_peer_or_to_nobody(
    peer: str | None, then: list[tuple[str, str]]
) -> None:
    engine = FakeEngine()
    printed, _ = session(engine, b"/join #ops\none\n/leave\ntwo\n", peer=peer, lobby=peer is None)
    assert engine.sent == [("#ops", "one"), *then]
    assert [found["code"] for found in printed] == [] if peer else ["usage"]


def test_nothing_that_others_do_changes_where_text_goes() -> None:
    engine = FakeEngine(
        e.RoomNews("#lobby", e.RoomChange.REMOVED, "eve", "alice"),
        e.RoomNews("#ops", e.RoomChange.ENTERED),
        message(sender="eve"),
        e.Problem(UsageError("Bad")),
    )
    session(engine, b"one\n/invite #ops bob\ntwo\n", peer=None, lobby=True)
    assert engine.sent == [("#lobby", "one"), ("#lobby", "two")]


def test_rooms_are_told_with_what_is_unread_in_them() -> None:
    ops = e.RoomInfo("#ops", "", "bob", 2, True, False, False, False)
    lobby = e.RoomInfo("#lobby", "", None, 2, True, False, False, False)
    engine = FakeEngine(
        message(room="#lobby"), message(room="#Ops"), message(room="#ops"), e.RoomList((lobby, ops))
    )
    printed, _ = session(engine, b"", peer=None, lobby=True)
    assert [room["unread"] for room in printed[-1]["rooms"]] == [0, 2]


def test_a_question_about_a_room_is_not_one_about_a_person() -> None:
    engine = FakeEngine()
    printed, _ = session(engine, b"/verify\n/join #ops\n/trust\n", peer=None, lobby=True)
    assert [found["code"] for found in printed] == ["usage", "usage"]
    assert engine.calls[1:-1] == [("ask", c.Join("#ops"))]
