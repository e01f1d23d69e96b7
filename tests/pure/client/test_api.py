"""`securechat.Client` with an engine that does as it is told."""

import threading
import time
from pathlib import Path

import pytest

from securechat import Client
from securechat.client import commands as c
from securechat.client import events as e
from securechat.client.engine.audience import Audience
from securechat.client.profiles.access import Access
from securechat.errors import (
    KeyChanged,
    LimitExceeded,
    SecureChatError,
    StillQueued,
    TimedOut,
    Unreachable,
    UsageError,
)
from securechat.identity.names import parse_name
from tests.pure.faces.fake_engine import FakeEngine

READY = e.Ready("echo", "relay:5555", "1234", again=False)
ROOM = e.RoomInfo("#ops", "", "echo", 1, joined=True, admin=True, paused=False, muted=False)
AT_ONCE = 0.01
"""Long enough for what has happened already."""
IN_TIME = 10.0


def message(number: int, sender: str = "bob") -> e.Message:
    return e.Message(
        message_id=f"m{number}",
        sender=sender,
        recipient="echo",
        text=f"text {number}",
        time_ms=0,
        e2e=True,
        trust=e.Trust.NEW,
        request=False,
        missing=0,
    )


class Engine(FakeEngine):
    """Lets in at once, and answers a question about rooms."""

    def __init__(self, *at_start: e.Event, **options: object) -> None:
        super().__init__(*(at_start or (READY,)), **options)
        self.on_call = self._answer

    def retell(self, scrollback: int = 0) -> None:
        self.emit(*self.unread)

    def send(self, recipient: str, text: str, **options: object) -> str:
        super().send(recipient, text)
        self.calls[-1] += tuple(sorted(options.items()))
        return f"id{len(self.sent)}"

    def _answer(self, call: tuple[object, ...]) -> None:
        if call == ("ask", c.Rooms()):
            self.emit(e.RoomList((ROOM,)))


class Connector:
    """What a client opens, a profile and then an engine: here only an engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
def connector(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Connector:
    made = Connector(engine)

    def connect(_opened: object, audience: Audience, **_options: object) -> Connector:
        made.engine.subscribe(audience.tell)
        return made

    monkeypatch.setattr("securechat.client.session.Opened", lambda _access: made)
    monkeypatch.setattr("securechat.client.engine.connect.Connector", connect)
    return made


@pytest.fixture
def client(connector: Connector) -> Client:
    return Client.of(Access(me=parse_name("echo"), home=Path("/nowhere")))


def test_the_block_logs_in_and_out(client: Client, engine: Engine, connector: Connector) -> None:
    with client as chat:
        assert engine.calls == [("start",)]
        assert connector.closed == 0
        assert chat is client
    assert engine.calls[-1][0] == "stop"
    assert connector.closed == 1


@pytest.mark.parametrize("told", [KeyChanged("another key"), Unreachable("nobody there")])
def test_what_prevents_the_login_is_raised(
    told: SecureChatError, connector: Connector, client: Client
) -> None:
    connector.engine = Engine(e.Ended(told))
    with pytest.raises(type(told), match=told.what), client:
        pytest.fail("it was let in")
    assert connector.closed == 1


def test_a_block_may_begin_without_the_relay(connector: Connector, client: Client) -> None:
    begun = e.BegunOffline("echo", "relay:5555", "1234")
    connector.engine = Engine(begun, e.Offline("it does not answer", 1.0))
    with client as chat:
        assert next(chat.events()) == begun
        assert chat.rooms() == (ROOM,)


def test_a_silent_relay_is_unreachable(connector: Connector, client: Client) -> None:
    connector.engine = Engine(e.Offline("it does not answer", 1.0))
    client._login_s = AT_ONCE
    with pytest.raises(Unreachable, match="did not let this client in"), client:
        pytest.fail("it was let in")
    assert connector.closed == 1


def test_a_client_that_is_not_open_says_so(client: Client) -> None:
    with pytest.raises(UsageError, match="not open"):
        client.send("bob", "hello")
    client.stop()
    with client:
        pass
    with pytest.raises(UsageError, match="not open"):
        client.ask(c.Who())


def test_it_cannot_be_opened_twice_at_once_but_again(client: Client, connector: Connector) -> None:
    with client:
        with pytest.raises(UsageError, match="open already"):
            client.open()
        assert connector.closed == 0
    with client as chat:
        chat.send("bob", "again")
    assert connector.closed == 2


def test_a_client_that_is_closed_in_its_block_is_closed(
    client: Client, connector: Connector, engine: Engine
) -> None:
    engine.queued = 1
    with client:
        client.close()
    assert connector.closed == 1


def test_what_has_ended_the_client_is_raised_at_the_end(
    client: Client, connector: Connector
) -> None:
    def talk() -> None:
        with client as chat:
            engine.emit(e.Ended(KeyChanged("another key")))
            assert list(chat.events(IN_TIME)) == [READY]
            assert list(chat.events(IN_TIME)) == []
            with pytest.raises(KeyChanged):
                chat.send("bob", "lost")

    connector.engine = engine = Engine(READY, never_ends=True)
    with pytest.raises(KeyChanged, match="another key"):
        talk()
    assert engine.sent == []


def test_what_is_still_queued_is_raised_at_the_end(client: Client, engine: Engine) -> None:
    engine.queued, engine.queued_for = 2, ["bob", "Bob"]
    with pytest.raises(StillQueued, match=r"^2 messages are still queued for Bob\n"), client:
        pass


def test_an_error_in_the_block_comes_before_what_is_wrong_with_the_end(
    client: Client, engine: Engine
) -> None:
    engine.queued = 1
    with pytest.raises(ZeroDivisionError), client:
        raise ZeroDivisionError
    assert engine.calls[-1] == ("stop", 0.0)


def test_an_end_that_does_not_come_is_not_waited_for_forever(
    client: Client, connector: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("securechat.client.session.GRACE_S", AT_ONCE)
    connector.engine = Engine(READY, never_ends=True)
    client._flush_s = AT_ONCE
    with client:
        pass
    assert connector.closed == 1


def test_a_text_is_sent_as_it_is_meant(client: Client, engine: Engine) -> None:
    with client as chat:
        assert chat.send("#ops", " waves ", action=True, reply_to="m1") == "id1"
    assert engine.sent == [
        ("#ops", " waves ", ("action", True), ("errand", False), ("reply_to", "m1"))
    ]


@pytest.mark.parametrize("text", ["", " \n", "x" * 8193, "é" * 4097, "\ud800"])
def test_a_text_that_no_message_holds_is_refused(text: str, client: Client, engine: Engine) -> None:
    with client as chat, pytest.raises(UsageError):
        chat.send("bob", text)
    assert engine.sent == []


def test_events_come_in_order_until_the_end(client: Client, engine: Engine) -> None:
    engine.unread = [message(0)]
    with client as chat:
        engine.emit(message(1), e.Accepted("id1", "bob"), message(2))
        chat.stop()
        told = [message(0), READY, message(1), e.Accepted("id1", "bob"), message(2)]
        assert list(chat.events()) == told
        assert list(chat.events()) == []


def test_events_end_at_their_time_and_go_on_later(client: Client, engine: Engine) -> None:
    with client as chat:
        assert list(chat.events(AT_ONCE)) == [READY]
        assert list(chat.events(0)) == []
        engine.emit(message(1))
        assert list(chat.events(0)) == [message(1)]


def test_a_message_is_shown_when_the_next_event_is_asked_for(
    client: Client, engine: Engine
) -> None:
    with client as chat:
        engine.emit(message(1), message(2))
        events = chat.events(IN_TIME)
        assert [next(events), next(events)] == [READY, message(1)]
        assert engine.read == []
        assert next(events) == message(2)
        assert engine.read == [("bob", "m1")]
        for _ in chat.events(0):
            pytest.fail("there was no more")
        assert engine.read == [("bob", "m1"), ("bob", "m2")]


def test_a_message_at_which_the_loop_is_left_is_shown_at_a_good_end(
    client: Client, engine: Engine
) -> None:
    with client as chat:
        engine.emit(message(1))
        for event in chat.events():
            if isinstance(event, e.Message):
                break
        assert engine.read == []
    assert engine.read == [("bob", "m1")]


def test_a_message_at_which_the_program_fails_is_not_shown(client: Client, engine: Engine) -> None:
    def fail_at_the_second() -> None:
        with client as chat:
            engine.emit(message(1), message(2))
            for event in chat.events():
                if event == message(2):
                    raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_at_the_second()
    assert engine.read == [("bob", "m1")]
    with client:
        pass
    assert engine.read == [("bob", "m1")]


def test_who_only_sends_leaves_messages_to_others(client: Client, engine: Engine) -> None:
    engine.unread = [message(1)]
    client._receives = False
    with client as chat, pytest.raises(UsageError, match="only sends"):
        chat.events()
    assert client._inbox.empty()
    assert engine.read == []


@pytest.mark.parametrize(
    ("told", "reached"),
    [
        ([e.Sent("id1", "bob")], "sent"),
        ([e.Accepted("id1", "bob")], "accepted"),
        ([e.Delivered("id1", "bob")], "delivered"),
        ([e.Sent("id1", "bob"), e.Read("id1", "bob")], "read"),
    ],
)
def test_waiting_for_a_message_takes_it_as_far_as_it_has_come(
    told: list[e.Event], reached: str, client: Client, engine: Engine
) -> None:
    states = [state for state in e.DeliveryState if state is not e.DeliveryState.FAILED]
    come = states[: states.index(e.DeliveryState(reached)) + 1]
    with client as chat:
        engine.emit(*told)
        for state in come:
            chat.wait_for("id1", state, timeout_s=0)
        for state in states[len(come) :]:
            with pytest.raises((StillQueued, TimedOut)) as raised:
                chat.wait_for("id1", state, timeout_s=0)
            late = StillQueued if reached == "sent" else TimedOut
            assert type(raised.value) is late


def test_waiting_ends_when_it_happens(client: Client, engine: Engine) -> None:
    with client as chat:
        told = threading.Timer(AT_ONCE, engine.emit, [e.Accepted("id1", "bob")])
        told.start()
        began = time.monotonic()
        chat.wait_for("id1", timeout_s=IN_TIME)
        assert time.monotonic() - began < IN_TIME
        told.join()


def test_why_a_message_is_not_sent_is_raised(client: Client, engine: Engine) -> None:
    with client as chat:
        engine.emit(
            e.Problem(KeyChanged("another key"), "id1"),
            e.Problem(LimitExceeded("slowly"), None),
            e.Withdrawn("bob", ("id2", "id3")),
        )
        with pytest.raises(KeyChanged):
            chat.wait_for("id1", timeout_s=0)
        for message_id in ("id2", "id3"):
            with pytest.raises(SecureChatError, match="given up"):
                chat.wait_for(message_id, timeout_s=0)
        with pytest.raises(StillQueued):
            chat.wait_for("id4", timeout_s=0)


def test_waiting_ends_with_the_client(client: Client, engine: Engine) -> None:
    engine.error = Unreachable("gone")
    with pytest.raises(Unreachable, match="gone"), client as chat:  # noqa: PT012
        chat.stop()
        chat.wait_for("id1", timeout_s=IN_TIME)


def test_a_client_that_was_stopped_waits_for_nothing(client: Client) -> None:
    with client as chat:
        chat.stop()
        with pytest.raises(StillQueued):
            chat.wait_for("id1", timeout_s=IN_TIME)


def test_only_the_newest_messages_are_remembered(client: Client, engine: Engine) -> None:
    with client as chat:
        for number in range(1001):
            engine.emit(e.Sent(f"id{number}", "bob"))
        engine.emit(e.Accepted("id1", "bob"), e.Sent("id1001", "bob"))
        chat.wait_for("id1", timeout_s=0)
        assert len(chat._heard._states) == 1000


def test_rooms_are_asked_of_the_engine(client: Client, engine: Engine) -> None:
    with client as chat:
        chat.create("#ops")
        chat.invite("#ops", "bob", "carol")
        chat.kick("#ops", "bob")
        chat.topic("#ops", "tonight")
        chat.leave("#ops")
        chat.join("#lobby")
    assert [call[1] for call in engine.calls if call[0] == "ask"] == [
        c.Create("#ops"),
        c.Invite("#ops", ("bob", "carol")),
        c.Kick("#ops", "bob"),
        c.Topic("#ops", "tonight"),
        c.Leave("#ops"),
        c.Join("#lobby"),
    ]


def test_the_rooms_are_those_of_the_newest_answer(client: Client, engine: Engine) -> None:
    with client as chat:
        engine.emit(e.RoomList(()))
        assert chat.rooms(IN_TIME) == (ROOM,)
        engine.on_call = lambda call: None
        with pytest.raises(TimedOut):
            chat.rooms(AT_ONCE)
