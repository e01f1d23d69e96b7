"""The engine from its login to its end, and what it keeps on the way."""

import secrets
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from securechat.client import commands as c
from securechat.client import events as ev
from securechat.client.connection.link import (
    Answered,
    Arrived,
    Delivery,
    Down,
    LinkNews,
    NotTaken,
    Up,
)
from securechat.client.messages.receiving import RECEIPT_MAX_S
from securechat.e2e.content import Receipt
from securechat.errors import (
    FileProblem,
    LoginRefused,
    RemoteProtocolError,
    SecureChatError,
    Untrusted,
)
from securechat.identity.types import MessageId
from securechat.wire import frames as f
from tests.pure.client.engine_world import (
    CERTIFICATE,
    OTHER_CERTIFICATE,
    OTHER_RELAY,
    SECRET,
    MemoryState,
    alice,
    befriend,
    published,
    welcome,
)
from tests.pure.e2e.world import NOW_MS, RELAY, Seat
from tests.pure.wire.strategies import RELAY_FRAMES, any_of


def hostile_news() -> st.SearchStrategy[LinkNews]:
    """Return whatever a link can say, in any order, with anything in it that passes the types."""
    frames: st.SearchStrategy[Any] = any_of(RELAY_FRAMES)
    envelopes = st.lists(st.builds(f.Incoming, st.binary(min_size=16, max_size=16), st.binary()))
    ids = st.binary(min_size=16, max_size=16)
    return st.one_of(
        frames.map(Arrived),
        st.builds(Delivery, st.integers(0, 2**63 - 1), envelopes.map(tuple)),
        st.builds(Answered, st.lists(ids).map(tuple)),
        st.builds(NotTaken, ids, st.text(max_size=8)),
        st.just(Up(CERTIFICATE)),
        st.just(Up(OTHER_CERTIFICATE)),
        st.just(Down(SecureChatError("gone"), 1.0)),
    )


def fail_once(monkeypatch: pytest.MonkeyPatch, state: MemoryState) -> None:
    """Let the next commit fail, and those after it succeed: there was room again at once."""
    commit, failed = state.commit, []

    def commit_later(*changes: Any) -> None:
        if any(changes) and not failed:
            failed.append(True)
            raise FileProblem("The disk is full", "df")
        commit(*changes)

    monkeypatch.setattr(state, "commit", commit_later)


def test_logging_in() -> None:
    with alice() as world:
        kinds = [type(frame) for frame in world.link.frames]
        assert kinds[:4] == [f.Hello, f.Register, f.Login, f.Status]
        assert world.told(ev.Ready)[0].name == "alice"
        assert world.told(ev.Ready)[0].again is False


@pytest.mark.parametrize(
    ("challenge", "error"),
    [
        (f.Challenge(1, OTHER_RELAY, b"n" * 32, NOW_MS, True), Untrusted),
        (f.Challenge(2, RELAY, b"n" * 32, NOW_MS, True), RemoteProtocolError),
        (f.Challenge(0, RELAY, b"n" * 32, NOW_MS, False), RemoteProtocolError),
    ],
)
def test_a_challenge_that_is_not_answered(
    challenge: f.Challenge, error: type[SecureChatError]
) -> None:
    """Nothing is signed for a relay that is not the one that TLS has shown."""
    with alice(logged_in=False) as world:
        world.news(Up(CERTIFICATE))
        world.tell(challenge)
        assert type(world.error) is error
        assert [type(frame) for frame in world.link.frames] == [f.Hello]


def test_a_welcome_for_somebody_else() -> None:
    with alice(logged_in=False) as world:
        world.news(Up(CERTIFICATE))
        world.tell(f.Challenge(1, RELAY, b"n" * 32, NOW_MS, False), welcome("bob"))
        assert type(world.error) is RemoteProtocolError
        assert world.told(ev.Ready) == []


def test_keys_that_the_relay_does_not_take_end_the_engine() -> None:
    with alice() as world:
        world.tell(f.Failed(world.sent(f.Publish).request, "invalid-prekeys", "\x1b]0;no\x07"))
        assert type(world.error) is LoginRefused
        assert "\x1b" not in world.error.what


def test_a_connection_that_never_stood_is_the_end_and_a_lost_one_is_not() -> None:
    with alice(logged_in=False) as world:
        world.lose_connection()
        assert world.error.what == "The relay is gone"
    with alice() as world:
        world.lose_connection()
        assert not world.has_ended()
        world.log_in()
        assert world.told(ev.Ready)[-1].again is True


def test_what_does_not_open_is_set_aside_and_the_rest_is_shown_once(
    bob: Seat, mallory: Seat
) -> None:
    with alice() as world:
        befriend(world, bob)
        own = world.mail_for(bob)[0]
        genuine, second = world.write(bob, "genuine"), world.write(bob, "second")
        flipped = bytes([second[0] ^ 1]) + second[1:]
        not_for_alice = mallory.send(bob, "from mallory to bob")
        world.deliver(
            *(genuine, genuine, b"\0", secrets.token_bytes(512), flipped, own, not_for_alice),
            *(genuine[:-1], genuine + b"\0", second, genuine),
            last=11,
        )
        assert world.texts == ["genuine", "second"]
        assert all("cannot be opened" in problem for problem in world.problems)
        assert world.link.acks == [11]


def test_a_receipt_counts_only_for_what_went_to_its_sender(bob: Seat, mallory: Seat) -> None:
    with alice() as world:
        befriend(world, bob)
        befriend(world, mallory)
        ids = [MessageId(bytes.fromhex(sent.message_id)) for sent in world.told(ev.Sent)]
        forged = Receipt((*ids, MessageId(b"\0" * 16)), 1)
        world.deliver(world.write(mallory, forged), world.write(mallory, forged))
        assert [delivered.recipient for delivered in world.told(ev.Delivered)] == ["mallory"]


def test_nothing_follows_the_end_and_what_came_too_late_comes_again(
    bob: Seat,
) -> None:
    """The relay is lost for good and messages come in one wake-up: they are not acknowledged."""
    state = MemoryState()
    with alice("bob", state) as world:
        befriend(world, bob)
        envelope = world.write(bob, "too late")
        with world.at_once():
            world.link.inbox(Down(Untrusted("Another relay"), None))
            world.link.inbox(world.delivery(envelope))
        assert type(world.error) is Untrusted
        assert isinstance(world.events[-1], ev.Ended)
        assert world.link.acks == []
    with alice(None, state) as world:
        world.deliver(envelope)
        assert world.texts == ["too late"]


@given(news=st.lists(hostile_news(), max_size=12), request=st.integers(0, 4))
def test_whatever_a_relay_says_the_engine_goes_on_or_ends_in_order(
    news: list[LinkNews], request: int
) -> None:
    """Also when the numbers of its answers are those of true questions."""
    with alice("bob") as world:
        world.engine.send("bob", SECRET)
        for one in news:
            if isinstance(one, Arrived) and isinstance(one.frame, f.Found | f.Failed):
                one = Arrived(msgspec.structs.replace(one.frame, request=request))
            world.link.inbox(one)
        world.settle()
        assert world.link.envelopes == []
        assert SECRET.encode() not in world.wire
        if world.has_ended():
            assert "Internal error" not in world.error.what


def test_what_was_typed_before_the_login_survives(bob: Seat) -> None:
    state = MemoryState()
    with alice("bob", state, logged_in=False) as world, world.at_once():
        world.engine.send("bob", "early")
        world.link.inbox(Up(CERTIFICATE))
    with alice(None, state) as world:
        world.find("bob", published(bob))
        assert bob.read(world.mail_for(bob)[0]) == "early"
    with alice(None, state) as world:
        (again,) = world.link.envelopes  # it was not accepted: the same bytes, once more
        assert again.envelope == world.mail_for(bob)[0]
        world.news(Answered((again.envelope_id,)))
    with alice(None, state) as world:
        assert world.link.envelopes == []


def test_what_cannot_be_remembered_is_not_sent(bob: Seat) -> None:
    state = MemoryState()
    with alice(None, state) as world:
        befriend(world, bob)
        before = world.wire
        state.broken = True
        world.engine.send("bob", SECRET)
        world.settle()
        assert type(world.error) is FileProblem
        assert world.wire == before
        assert len(world.told(ev.Sent)) == 1


def test_nothing_of_a_lost_batch_is_kept_confirmed_or_acknowledged(
    bob: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ratchet must not move on on the disk when the message is on none."""
    state = MemoryState()
    with alice(None, state) as world:
        befriend(world, bob)
        world.pass_time(RECEIPT_MAX_S)
        envelope, before = world.write(bob, "precious"), dict(state.rows)
        confirmed = len(world.mail_for(bob))
        with monkeypatch.context() as patched:
            fail_once(patched, state)
            world.deliver(envelope)
            assert type(world.error) is FileProblem
        assert (world.texts, world.link.acks) == ([], [])
        assert len(world.mail_for(bob)) == confirmed
    assert state.rows == before
    with alice(None, state) as world:
        world.deliver(envelope)
        assert world.texts == ["precious"]


def test_a_run_ends_when_it_cannot_keep_what_was_typed_before_a_connection(
    bob: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = MemoryState()
    with alice(None, state) as world:
        befriend(world, bob)
        world.lose_connection()
        with monkeypatch.context() as patched:
            fail_once(patched, state)
            with world.at_once():
                world.engine.send("bob", "typed just before another relay was there")
                world.link.inbox(Up(OTHER_CERTIFICATE))
        assert type(world.error) is FileProblem
        assert len(world.all_sent(f.Hello)) == 1


def test_the_end_waits_for_the_login_and_for_answers(bob: Seat) -> None:
    with alice(logged_in=False) as world:
        world.engine.ask(c.Who())
        world.engine.ask(c.Verify("bob"))
        world.engine.stop(5.0)
        world.settle()
        assert not world.has_ended()
        world.log_in()
        world.tell(f.People(world.sent(f.Who).request, ("alice",), 1))
        assert not world.has_ended()
        world.find("bob", published(bob))
        assert len(world.told(ev.SafetyNumber)) == 1
        assert world.told(ev.Ended) == [ev.Ended(None)]


def test_the_end_is_not_put_off_by_a_silent_relay() -> None:
    with alice() as world:
        world.engine.send("bob", SECRET)
        world.engine.stop(5.0)
        world.settle()
        assert not world.has_ended()
        world.pass_time(6.0)
        assert world.has_ended()
        assert world.engine.queued == 1
