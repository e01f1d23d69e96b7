"""The engine, above all against a relay and strangers that mean no good."""

import secrets
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from securechat.client import commands as c
from securechat.client import events as ev
from securechat.client.aside import MAX_HELD
from securechat.client.link import Answered, Arrived, Delivery, Down, LinkNews, NotTaken, Up
from securechat.client.receiving import RECEIPT_MAX_S
from securechat.client.sending import RETRY_S
from securechat.e2e.content import Receipt
from securechat.errors import (
    FileProblem,
    LoginRefused,
    NameInvalid,
    RemoteProtocolError,
    SecureChatError,
    Untrusted,
    UsageError,
)
from securechat.identity.chain import PublishedUser
from securechat.identity.types import EnvelopeId, MessageId
from securechat.wire import frames as f
from tests.pure.client.engine_world import (
    CERTIFICATE,
    OTHER_CERTIFICATE,
    OTHER_RELAY,
    MemoryState,
    alice,
    befriend,
    make_seat,
    published,
    welcome,
)
from tests.pure.e2e.world import DAY_MS, NOW_MS, RELAY, Seat
from tests.pure.wire.strategies import RELAY_FRAMES, any_of

SECRET = "for bob's eyes only"


# Logging in -----------------------------------------------------------------------------------


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


# No plaintext ever leaves -----------------------------------------------------------------------


def test_nothing_leaves_without_a_bundle(bob: Seat) -> None:
    with alice("bob") as world:
        message_id = world.engine.send("bob", SECRET)
        for code in ("unknown-name", "no-prekeys", "no-prekeys", "a code of the future"):
            world.settle()
            world.fail("bob", code)
            world.tell(f.Presence("bob", True), f.Presence("bob", False))
        assert world.told(ev.Waiting) == [ev.Waiting("bob")]
        assert world.link.envelopes == []
        assert world.told(ev.Sent) == []

        world.tell(f.Presence("bob", True))
        world.find("bob", published(bob))
        assert world.mailboxes == {bob.endpoint.mailbox}
        assert bob.read(world.mail_for(bob)[0]) == SECRET
        assert [sent.message_id for sent in world.told(ev.Sent)] == [message_id]
        assert SECRET.encode() not in world.wire


def forgeries() -> dict[str, PublishedUser]:
    """Return what a relay may show as Bob that is not Bob as Bob made it."""
    bob, mallory = make_seat("bob"), make_seat("mallory")
    true, other = published(bob), published(mallory)
    (device,) = true.devices
    (stranger,) = other.devices
    replace = msgspec.structs.replace

    def with_device(**fields: object) -> PublishedUser:
        return replace(true, devices=(replace(device, **fields),))

    return {
        "somebody else": other,
        "his name on another's key": replace(other, registration=true.registration),
        "a name that nobody signed": replace(
            other, registration=replace(other.registration, name="bob")
        ),
        "a registration elsewhere": published(make_seat("bob"), relay_id=OTHER_RELAY),
        "another's device": replace(true, devices=other.devices),
        "one more device": replace(true, devices=(device, stranger)),
        "a device twice": replace(true, devices=(device, device)),
        "another's list": replace(true, device_list=other.device_list),
        "another's bundle": with_device(bundle=stranger.bundle),
        "another's one-time key": with_device(one_time_key=stranger.one_time_key),
        "another envelope key": with_device(
            bundle=replace(device.bundle, envelope_key=stranger.bundle.envelope_key)
        ),
        "another hybrid key": with_device(
            bundle=replace(device.bundle, hybrid_key=stranger.bundle.hybrid_key)
        ),
        "another fallback key": with_device(
            bundle=replace(device.bundle, fallback_key=stranger.bundle.fallback_key)
        ),
        "no suites": with_device(bundle=replace(device.bundle, suites=b"")),
        "later end": with_device(bundle=replace(device.bundle, not_after_ms=2**62)),
    }


FORGERIES = forgeries()


@pytest.mark.parametrize("name", FORGERIES)
def test_nothing_leaves_for_a_forged_bundle(name: str) -> None:
    with alice("bob") as world:
        world.engine.send("bob", SECRET)
        world.settle()
        world.find("bob", FORGERIES[name])
        assert world.link.envelopes == []
        assert world.told(ev.PeerReady) == []
        assert len(world.problems) == 1
        assert not world.has_ended()
        assert world.engine.queued == 1


def test_nothing_leaves_for_keys_that_have_expired(bob: Seat) -> None:
    with alice() as world:
        world.now_ms += 60 * DAY_MS
        world.engine.send("bob", SECRET)
        world.settle()
        world.find("bob", published(bob))
        assert world.link.envelopes == []
        assert "expired" in world.problems[0]


def test_answers_to_each_other_s_questions(bob: Seat, mallory: Seat) -> None:
    with alice() as world:
        world.engine.send("bob", SECRET)
        world.engine.send("mallory", "for mallory")
        world.settle()
        asked = [world.asked(name).request for name in ("bob", "mallory")]
        world.tell(f.Found(asked[0], published(mallory)), f.Found(asked[1], published(bob)))
        assert world.link.envelopes == []
        assert len(world.problems) == 2


def test_an_answer_that_nobody_asked_for(bob: Seat, mallory: Seat) -> None:
    with alice() as world:
        world.engine.send("bob", SECRET)
        world.settle()
        request = world.asked("bob").request
        for number in (0, request + 1, 2**63 - 1):
            world.tell(f.Found(number, published(mallory, "bob")))
            world.tell(f.Failed(number, "unknown-name", "no"))
        assert world.told(ev.Waiting) == []
        world.tell(f.Found(request, published(bob)), f.Found(request, published(mallory, "bob")))
        assert world.mailboxes == {bob.endpoint.mailbox}


@pytest.mark.parametrize("peer", [None, "Bob"])
def test_another_key_under_a_known_name(peer: str | None, bob: Seat, mallory: Seat) -> None:
    """All of it is genuine, but it is Mallory's: the relay has given her the name."""
    with alice(peer) as world:
        befriend(world, bob)
        before = len(world.link.envelopes)
        world.tell(f.Presence("bob", False), f.Presence("bob", True))
        world.engine.send("bob", SECRET)
        world.settle()
        world.find("bob", published(mallory, "bob"))
        (changed,) = world.told(ev.PeerKeyChanged)
        assert changed.name == "bob"
        assert not world.has_ended()
        assert world.mailboxes == {bob.endpoint.mailbox}
        assert bob.read(world.link.envelopes[before].envelope) == SECRET


def test_one_key_has_one_name(bob: Seat) -> None:
    with alice() as world:
        befriend(world, bob)
        world.engine.send("carol", SECRET)
        world.settle()
        world.find("carol", published(bob, "carol"))
        assert "bob" in world.problems[0]
        assert len(world.link.envelopes) == 1


def test_one_time_keys_that_ran_out(bob: Seat) -> None:
    """The fallback key serves, and the relay is not asked again and again."""
    with alice() as world:
        world.engine.send("bob", SECRET)
        world.settle()
        world.find("bob", published(bob, claim=False))
        assert bob.read(world.mail_for(bob)[0]) == SECRET
        assert [look.claim for look in world.all_sent(f.Lookup)] == [True]


def test_another_relay_behind_the_same_authority_starts_from_nothing(bob: Seat) -> None:
    with alice("bob") as world:
        befriend(world, bob)
        before = len(world.link.envelopes)
        world.lose_connection()
        world.engine.send("bob", SECRET)
        world.log_in(OTHER_CERTIFICATE, OTHER_RELAY)
        world.engine.send("bob", SECRET)
        world.settle()
        assert len(world.link.envelopes) == before
        world.find("bob", published(bob))
        assert len(world.link.envelopes) == before
        assert "another relay" in world.problems[-1]


# Strangers and impostors ------------------------------------------------------------------------


def test_a_stranger_is_shown_once_the_relay_knows_the_name(mallory: Seat) -> None:
    with alice() as world:
        world.deliver(world.write(mallory, "one"), world.write(mallory, "two"))
        assert world.texts == []
        assert [look.claim for look in world.all_sent(f.Lookup)] == [False]
        world.find("mallory", published(mallory, claim=False))
        assert world.texts == ["one", "two"]
        assert all(message.request for message in world.told(ev.Message))
        world.pass_time(10.0)
        assert world.link.envelopes == []  # no receipt for a stranger
        world.deliver(world.write(mallory, "three"), last=2)
        assert world.texts == ["one", "two", "three"]


@pytest.mark.parametrize("peer", [None, "bob"])
def test_a_stranger_who_claims_a_known_name(peer: str | None, bob: Seat, mallory: Seat) -> None:
    with alice(peer) as world:
        befriend(world, bob)
        world.deliver(world.write(mallory, "I am bob, send money", claim_name="bob"))
        world.find("bob", published(bob))
        assert world.texts == []
        assert "as bob whom the relay does not know" in world.problems[0]
        assert world.told(ev.PeerKeyChanged) == []
        assert not world.has_ended()
        world.deliver(world.write(bob, "hello from the true one"), last=2)
        assert world.texts == ["hello from the true one"]


def test_a_stranger_who_claims_the_name_of_the_awaited_peer(bob: Seat, mallory: Seat) -> None:
    with alice("Bob") as world:
        world.fail("bob")
        world.engine.send("Bob", SECRET)
        world.settle()
        world.fail("bob")
        world.deliver(world.write(mallory, "here I am", claim_name="bob"))
        world.fail("bob")
        assert world.texts == []
        assert len(world.problems) == 1
        world.tell(f.Presence("bob", True))
        world.find("bob", published(bob))
        assert world.mailboxes == {bob.endpoint.mailbox}
        assert world.told(ev.PeerKeyChanged) == []
        (ready,) = world.told(ev.PeerReady)
        assert ready.first_use is True


def test_a_peer_whose_message_is_faster_than_the_look_up(bob: Seat) -> None:
    with alice("bob") as world:
        world.deliver(world.write(bob, "already here"))
        assert len(world.all_sent(f.Lookup)) == 1
        world.find("bob", published(bob))
        (message,) = world.told(ev.Message)
        assert message.request is False
        world.pass_time(2.0)
        assert len(world.mail_for(bob)) == 1  # a receipt


def test_a_name_is_asked_for_again_after_a_reconnect(mallory: Seat) -> None:
    with alice() as world:
        world.deliver(world.write(mallory, "hello"))
        world.lose_connection()
        world.log_in()
        world.find("mallory", published(mallory))
        assert world.texts == ["hello"]


@pytest.mark.parametrize("is_killed", [False, True])
def test_a_message_waits_for_its_name_over_the_end_of_a_run(is_killed: bool, mallory: Seat) -> None:
    with alice() as world:
        world.deliver(world.write(mallory, "hello"), world.write(mallory, "again"))
        assert world.link.acks == [1]
        after_kill = world.state.copy()
    with alice(None, after_kill if is_killed else world.state) as world:
        world.find("mallory", published(mallory))
        assert world.texts == ["hello", "again"]
        assert all(message.request for message in world.told(ev.Message))
    with alice(None, world.state) as world:
        assert world.all_sent(f.Lookup) == []


def test_the_end_waits_for_a_name_but_not_for_ever(mallory: Seat) -> None:
    with alice() as world:
        world.deliver(world.write(mallory, "hello"))
        world.engine.stop(5.0)
        world.settle()
        assert not world.has_ended()
        world.pass_time(6.0)
        assert world.has_ended()
        assert world.texts == []
        assert "as mallory" in world.problems[0]


def test_a_flood_of_strangers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_HELD <= 1000
    monkeypatch.setattr("securechat.client.aside.MAX_HELD", 3)
    with alice() as world:
        for number in range(5):
            world.deliver(world.write(make_seat(f"stranger{number}"), "hello"), last=number + 1)
        assert len(world.all_sent(f.Lookup)) == 3
        assert len(world.problems) == 2
        assert world.link.acks[-1] == 5


def test_a_message_to_oneself_or_to_no_name_is_refused_at_once() -> None:
    with alice() as world:
        with pytest.raises(UsageError, match="your own name"):
            world.engine.send("ALICE", SECRET)
        with pytest.raises(NameInvalid):
            world.engine.send("b@b", SECRET)
        world.settle()
        assert world.link.envelopes == []
        assert world.engine.queued == 0


# Deliveries -------------------------------------------------------------------------------------


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


# Numbers, names and lists of a relay ------------------------------------------------------------


def test_answers_for_envelopes_that_were_never_sent(bob: Seat) -> None:
    with alice() as world:
        befriend(world, bob)
        unknown = EnvelopeId(b"u" * 16)
        world.news(Answered((unknown, unknown)))
        for code in ("unknown-mailbox", "mailbox-full", "order", "expired", "\x1b[2J"):
            world.news(NotTaken(unknown, code))
        assert world.told(ev.Accepted) == []
        assert world.problems == []
        envelope_id = world.link.envelopes[0].envelope_id
        world.news(Answered((envelope_id, envelope_id)), Answered((envelope_id,)))
        assert len(world.told(ev.Accepted)) == 1


def test_a_refused_envelope_is_sent_again_before_later_ones(bob: Seat) -> None:
    with alice() as world:
        befriend(world, bob)
        world.engine.send("bob", "two")
        world.settle()
        first, second = [outgoing.envelope_id for outgoing in world.link.envelopes]
        world.news(NotTaken(first, "unknown-mailbox"), NotTaken(second, "order"))
        world.find("bob", published(bob))
        world.engine.send("bob", "three")
        world.settle()
        assert len(world.link.envelopes) == 2
        world.pass_time(RETRY_S + 1.0)
        again = [outgoing.envelope_id for outgoing in world.link.envelopes[2:]]
        assert again[:2] == [first, second]
        assert len(again) == 3
        assert world.problems == []


def test_order_is_kept_when_a_retry_overtakes_a_refusal(bob: Seat) -> None:
    """Bob comes between two refusals: the second message must not be passed by the third."""
    with alice() as world:
        befriend(world, bob)
        world.engine.send("bob", "two")
        world.settle()
        first, second = [outgoing.envelope_id for outgoing in world.link.envelopes]
        world.news(NotTaken(first, "unknown-mailbox"))
        world.tell(f.Presence("bob", True))
        world.find("bob", published(bob))
        world.engine.send("bob", "three")
        world.news(NotTaken(second, "order"))
        world.pass_time(RETRY_S + 1.0)
        again = [outgoing.envelope_id for outgoing in world.link.envelopes[2:]]
        assert again[:2] == [first, second]
        assert len(again) == 3


def test_presence_of_strangers_and_of_nobody() -> None:
    with alice("bob") as world:
        for name in ("mallory", "alice", "\u202e", "\x1b]0;x\x07", "x" * 128, " "):
            world.tell(f.Presence(name, True), f.Presence(name, False))
        assert world.told(ev.PresenceChanged) == []
        world.tell(f.Presence("BOB", True), f.Presence("bob", True))
        assert world.told(ev.PresenceChanged) == [ev.PresenceChanged("bob", True)]


def test_the_absence_of_nobody_is_no_news(bob: Seat) -> None:
    with alice("BOB") as world:
        world.tell(f.Presence("BOB", False))
        assert world.told(ev.PresenceChanged) == []
        world.find("bob", published(bob))
        assert world.told(ev.PresenceChanged) == [ev.PresenceChanged("bob", False)]
        world.tell(f.Presence("BOB", True), f.Presence("BOB", False))
        assert world.told(ev.PresenceChanged)[1:] == [
            ev.PresenceChanged("bob", True),
            ev.PresenceChanged("bob", False),
        ]


def test_presence_of_somebody_known_is_spelled_as_they_do(bob: Seat) -> None:
    state = MemoryState()
    with alice(None, state) as world:
        befriend(world, bob)
    with alice("BOB", state) as world:
        world.tell(f.Presence("BOB", True))
        assert world.told(ev.PresenceChanged) == [ev.PresenceChanged("bob", True)]


def test_somebody_whom_the_relay_forgot_is_still_known(bob: Seat) -> None:
    with alice("BOB") as world:
        befriend(world, bob)
        world.lose_connection()
        world.log_in()
        world.fail("bob")
        assert world.told(ev.Waiting) == [ev.Waiting("bob", known=True)]
        world.tell(f.Presence("bob", True))
        world.find("bob", published(bob))
        assert [ready.first_use for ready in world.told(ev.PeerReady)] == [True, False]


def test_nobody_to_write_to_and_nobody_to_verify_are_both_told() -> None:
    with alice() as world:
        world.engine.send("nope", SECRET)
        world.engine.ask(c.Verify("nope"))
        world.settle()
        world.fail("nope")
        assert world.told(ev.Waiting) == [ev.Waiting("nope")]
        assert world.problems == ["Nobody on this relay is called nope"]


def test_who_was_only_asked_about_is_not_waited_for() -> None:
    with alice() as world:
        world.engine.ask(c.Verify("nope"))
        world.settle()
        world.fail("nope")
        world.lose_connection()
        world.log_in()
        assert world.told(ev.Waiting) == []
        assert world.problems == ["Nobody on this relay is called nope"]
        world.engine.talk_to("nope")
        world.settle()
        world.fail("nope")
        assert world.told(ev.Waiting) == [ev.Waiting("nope")]


def test_nobody_is_muted_by_a_name_that_is_not_known() -> None:
    with alice() as world:
        world.engine.ask(c.Mute("nope", muted=True))
        world.settle()
        assert world.problems == ["Nobody known here is called nope"]
        assert world.told(ev.Notifications) == []


def test_names_that_are_none_are_not_shown() -> None:
    names = ("bob", "\x1b]52;c;x\x07", "eve (verified)", "\u202eecila", "", "ﬁ", "Änne")
    with alice() as world:
        world.engine.ask(c.Who())
        world.settle()
        world.tell(f.People(world.sent(f.Who).request, names, 7))
        assert world.told(ev.People) == [ev.People(("bob", "Änne"))]


def test_more_people_than_a_relay_watches() -> None:
    with alice() as world:
        for number in range(f.MAX_NAMES + 10):
            world.engine.talk_to(f"person{number}")
        world.settle()
        names = world.sent(f.Watch).names
        assert len(names) == f.MAX_NAMES
        assert names[-1] == f"person{f.MAX_NAMES + 9}"


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


# What was typed ---------------------------------------------------------------------------------


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


def fail_once(monkeypatch: pytest.MonkeyPatch, state: MemoryState) -> None:
    """Let the next commit fail, and those after it succeed: there was room again at once."""
    commit, failed = state.commit, []

    def commit_later(*changes: Any) -> None:
        if any(changes) and not failed:
            failed.append(True)
            raise FileProblem("The disk is full", "df")
        commit(*changes)

    monkeypatch.setattr(state, "commit", commit_later)


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
