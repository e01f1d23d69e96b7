"""A run that begins although its relay, which it knows, cannot be reached."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from securechat.client import commands as c
from securechat.client import events as ev
from securechat.client.connection.link import Down, Up
from securechat.errors import (
    CertificateExpired,
    InternalError,
    KeyChanged,
    LimitExceeded,
    LoginRefused,
    NameTaken,
    RemoteProtocolError,
    SecureChatError,
    Unreachable,
)
from securechat.identity.types import fingerprint
from securechat.wire import frames as f
from tests.pure.client.engine_world import (
    CERTIFICATE,
    OTHER_CERTIFICATE,
    OTHER_RELAY,
    MemoryState,
    World,
    alice,
    befriend,
    make_seat,
    published,
)
from tests.pure.e2e.world import RELAY, Seat

ABSENT = Down(Unreachable("Cannot reach relay:5555 (connection refused)."), 1.0)


@pytest.fixture
def bob() -> Seat:
    return make_seat("bob")


@pytest.fixture
def state(bob: Seat) -> MemoryState:
    """What a run has left behind in which alice met bob."""
    with alice() as world:
        befriend(world, bob)
        world.deliver(world.write(bob, "hello alice"))
        world.engine.ask(c.Create("#team"))
        world.pass_time(5.0)
        _, receipt = world.mail_for(bob)
        bob.receive(receipt, world.now_ms)
        world.accept_all()
    return world.state


@contextmanager
def offline(state: MemoryState, *, peer: str | None = None, lobby: bool = False) -> Iterator[World]:
    """Run alice's engine, whose first connection has failed."""
    with alice(peer, state, logged_in=False, lobby=lobby, known_relay=RELAY) as world:
        world.news(ABSENT)
        yield world


def test_it_says_that_it_has_begun_and_why_there_is_no_connection(state: MemoryState) -> None:
    with offline(state) as world:
        begun = ev.BegunOffline("alice", "relay:5555", fingerprint(RELAY))
        assert world.events == [begun, ev.Offline(ABSENT.error.what, 1.0)]
        world.news(ABSENT)
        assert world.told(ev.BegunOffline) == [begun]
        assert len(world.told(ev.Offline)) == 2


def test_ready_comes_once_when_the_relay_does(state: MemoryState) -> None:
    with offline(state) as world:
        world.log_in()
        assert [ready.again for ready in world.told(ev.Ready)] == [False]
        world.lose_connection()
        world.log_in()
        assert [ready.again for ready in world.told(ev.Ready)] == [False, True]
        assert len(world.told(ev.BegunOffline)) == 1


def test_what_is_written_goes_out_once_and_in_order_also_after_another_start(
    state: MemoryState, bob: Seat
) -> None:
    with offline(state) as world:
        world.engine.send("bob", "one")
        world.engine.send("bob", "two")
        world.settle()
        assert world.engine.queued == 2
    with alice(state=world.state, logged_in=False, known_relay=RELAY) as world:
        world.engine.send("bob", "three")  # before the first connection has failed
        world.news(ABSENT, ABSENT)
        assert world.engine.queued == 3
        assert world.link.envelopes == []
        world.log_in()
        world.find("bob", published(bob))
        texts = [bob.read(envelope, world.now_ms) for envelope in world.mail_for(bob)]
        assert texts == ["one", "two", "three"]
        world.accept_all()
        assert world.engine.queued == 0
        assert len(world.told(ev.Accepted)) == 3
        assert world.problems == []


def test_what_is_written_before_the_first_connection_has_failed_is_kept(
    state: MemoryState, bob: Seat
) -> None:
    with alice(state=state, logged_in=False, known_relay=RELAY) as world:
        world.engine.send("bob", "and gone")
    assert world.told(ev.BegunOffline) == []
    with alice(state=world.state) as world:
        world.find("bob", published(bob))
        assert bob.read(world.mail_for(bob)[-1], world.now_ms) == "and gone"


def test_who_leaves_meanwhile_hears_no_more_of_it(state: MemoryState) -> None:
    with alice(state=state, logged_in=False, known_relay=RELAY) as world:
        world.engine.send("bob", "waits")
        world.engine.stop(60.0)
        world.news(ABSENT)
        assert world.events == []
        world.pass_time(60.0)
        assert world.events == [ev.Ended(None)]
        assert world.engine.queued == 1


def test_what_was_kept_can_be_read(state: MemoryState) -> None:
    with offline(state, peer="bob") as world:
        for question in (c.Page("bob"), c.Search(c.SearchWords("hello")), c.Contacts(), c.Rooms()):
            world.engine.ask(question)
        world.settle()
        (page,) = world.told(ev.Page)
        assert [past.text for past in page.messages] == ["hello", "hello alice"]
        assert len(world.told(ev.SearchResult)[0].messages) == 2
        (contacts,) = world.told(ev.Contacts)
        assert [(known.name, known.trust) for known in contacts.people] == [("bob", ev.Trust.NEW)]
        (rooms,) = world.told(ev.RoomList)
        assert [(room.name, room.joined, room.admin) for room in rooms.rooms] == [
            ("#team", True, True)
        ]


def test_what_was_asked_too_early_is_answered_then(state: MemoryState) -> None:
    with alice(state=state, logged_in=False, known_relay=RELAY) as world:
        world.engine.ask(c.Page("bob"))
        world.engine.ask(c.Rooms())
        world.settle()
        assert world.events == []
        world.news(ABSENT)
        kinds = [type(event) for event in world.events]
        assert kinds == [ev.BegunOffline, ev.Offline, ev.Page, ev.RoomList]


@pytest.mark.parametrize(
    "question",
    [
        c.Who(),
        c.Verify("carol"),
        c.MakeCode(),
        c.MakeInvite(1, 60, None),
        c.Invite("#team", ("carol",)),
    ],
)
@pytest.mark.parametrize("early", [True, False])
def test_what_needs_the_relay_says_so(
    state: MemoryState, question: c.Question, early: bool
) -> None:
    with alice(state=state, logged_in=False, known_relay=RELAY) as world:
        if early:
            world.engine.ask(question)
        world.news(ABSENT)
        if not early:
            world.engine.ask(question)
            world.settle()
        (problem,) = world.told(ev.Problem)
        assert isinstance(problem.error, Unreachable)
        assert problem.error.try_next


def test_a_text_for_the_lobby_waits_until_it_is_known_who_is_there(state: MemoryState) -> None:
    with offline(state, lobby=True) as world:
        world.engine.send("#lobby", "anybody?")
        world.engine.ask(c.Who("#lobby"))
        world.settle()
        assert world.problems == []
        assert world.engine.queued == 1


def test_what_is_told_in_the_same_wake_up_is_not_lost(state: MemoryState) -> None:
    with alice(state=state, logged_in=False, known_relay=RELAY) as world, world.at_once():
        world.engine.retell()
        world.link.inbox(ABSENT)
    assert world.texts == ["hello alice"]
    assert world.told(ev.BegunOffline)


def test_it_ends_at_once_when_nothing_waits(state: MemoryState) -> None:
    with offline(state) as world:
        world.engine.stop(60.0)
        world.settle()
        assert world.told(ev.Ended) == [ev.Ended(None)]


def test_its_end_waits_only_for_what_can_still_come(state: MemoryState) -> None:
    later = Down(ABSENT.error, 20.0)
    with offline(state) as world:
        world.engine.send("bob", "waits")
        world.news(later)
        world.engine.stop(5.0)
        world.settle()
        assert world.told(ev.Ended) == [ev.Ended(None)]
        assert world.engine.queued == 1
    with offline(state) as world:
        world.engine.stop(5.0)
        world.settle()
        assert not world.has_ended()  # the next attempt is in a second
        world.news(Up(CERTIFICATE))
        world.news(later)
        assert world.has_ended()


def test_a_relay_that_goes_in_the_middle_of_the_login_is_away(state: MemoryState) -> None:
    with alice(state=state, logged_in=False, known_relay=RELAY) as world:
        world.news(Up(CERTIFICATE), Down(SecureChatError("the relay is stopping"), 1.0))
        assert world.told(ev.BegunOffline)
        world.log_in()
        assert len(world.told(ev.Ready)) == 1


@pytest.mark.parametrize(
    "refusal",
    [
        Down(KeyChanged("another key"), None),
        Down(CertificateExpired("too old"), None),
        Down(LoginRefused("no"), None),
        Down(NameTaken("taken"), None),
        Down(RemoteProtocolError("no version in common"), None),
    ],
)
@pytest.mark.parametrize("begun", [True, False])
def test_a_refusal_is_the_end(state: MemoryState, refusal: Down, begun: bool) -> None:
    with alice(state=state, logged_in=False, known_relay=RELAY) as world:
        world.news(*([ABSENT] if begun else []), refusal)
        assert world.error is refusal.error
        assert bool(world.told(ev.BegunOffline)) is begun


@pytest.mark.parametrize("error", [LimitExceeded("too many logins"), InternalError("a bug")])
def test_what_is_no_absence_is_the_end(state: MemoryState, error: SecureChatError) -> None:
    with alice(state=state, logged_in=False, known_relay=RELAY) as world:
        world.news(Down(error, 1.0))
        assert world.error is error


def test_once_begun_it_outlasts_a_relay_that_is_asked_too_much(state: MemoryState) -> None:
    with offline(state) as world:
        world.news(Down(LimitExceeded("too many logins"), 1.0))
        assert not world.has_ended()
        world.log_in()
        assert len(world.told(ev.Ready)) == 1


def test_it_does_not_begin_without_another_relay_than_the_one_that_answered(
    state: MemoryState,
) -> None:
    with alice(state=state, logged_in=False, known_relay=RELAY) as world:
        world.news(Up(OTHER_CERTIFICATE), ABSENT)
        assert world.error is ABSENT.error
        assert world.told(ev.BegunOffline) == []


def test_another_relay_gets_nothing_of_what_was_written_for_this_one(
    state: MemoryState, bob: Seat
) -> None:
    with offline(state) as world:
        world.engine.send("bob", "for the relay that was away")
        world.settle()
        world.log_in(OTHER_CERTIFICATE, OTHER_RELAY)
        assert world.link.envelopes == []
    with alice(state=world.state) as world:
        world.find("bob", published(bob))
        assert bob.read(world.mail_for(bob)[-1], world.now_ms) == "for the relay that was away"


# Where no other relay can answer ----------------------------------------------------------------


def test_what_was_kept_can_be_read_before_any_relay_has_answered(
    state: MemoryState, bob: Seat
) -> None:
    with alice("bob", state, logged_in=False, known_relay=RELAY, trusts_one_relay=True) as world:
        world.engine.ask(c.Page("bob"))
        world.engine.ask(c.Contacts())
        world.engine.send("bob", "written at once")
        world.engine.ask(c.Rooms())
        world.settle()
        assert [type(event) for event in world.events] == [ev.Page, ev.Contacts]
        assert world.engine.queued == 1
        killed = world.state.copy()
        world.log_in()
        assert [type(event) for event in world.events[2:4]] == [ev.Ready, ev.RoomList]
        world.find("bob", published(bob))
        assert bob.read(world.mail_for(bob)[-1], world.now_ms) == "written at once"
    with alice(state=killed) as world:
        assert world.engine.queued == 1


@pytest.mark.parametrize("refusal", [Down(KeyChanged("another"), None), Down(NameTaken("x"), None)])
def test_a_refusal_is_the_end_there_too(state: MemoryState, refusal: Down) -> None:
    with alice(state=state, logged_in=False, known_relay=RELAY, trusts_one_relay=True) as world:
        world.news(refusal)
        assert world.events == [ev.Ended(refusal.error)]


def test_it_begins_offline_there_too(state: MemoryState) -> None:
    with alice(state=state, logged_in=False, known_relay=RELAY, trusts_one_relay=True) as world:
        world.engine.ask(c.Who())
        world.settle()
        assert world.problems == []
        world.news(ABSENT)
        kinds = [type(event) for event in world.events]
        assert kinds == [ev.BegunOffline, ev.Offline]
        world.log_in()
        assert len(world.told(ev.Ready)) == 1
        assert world.all_sent(f.Who)
