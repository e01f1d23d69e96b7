"""An older state of Alice's profile is put back: noticed, and gone on from as a new device."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from securechat.client import events as ev
from securechat.client.connection.link import Answered, Arrived, Down, Up
from securechat.client.state.drafts import stored_drafts
from securechat.crypto.signing import SigningKey
from securechat.e2e.content import Text
from securechat.e2e.endpoint import Endpoint
from securechat.e2e.own_device import UserIdentity
from securechat.e2e.results import Opened, Repeated
from securechat.errors import FileProblem, InvalidSignature, RemoteProtocolError, Untrusted
from securechat.identity.device import DeviceList
from securechat.identity.types import EnvelopeId
from securechat.store.history import Progress
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
    welcome,
)
from tests.pure.client.town import make_room, town
from tests.pure.e2e.world import NOW_MS, RELAY, Seat, copy_seat, next_device

BOB = make_seat("bob")


@pytest.fixture
def bob() -> Seat:
    return copy_seat(BOB)


def knock(world: World, device_list: DeviceList | None = None) -> None:
    """Bring up a connection to a relay that shows this list, as far as the challenge."""
    world.news(Up(CERTIFICATE))
    world.tell(f.Challenge(1, RELAY, b"n" * 32, NOW_MS, device_list is None, device_list))


def come_back(world: World) -> None:
    """Close the old device's connection, as the engine has asked for, and let the new one in."""
    assert world.link.reconnects == 1
    world.lose_connection()
    assert not world.has_ended()
    world.log_in()


@contextmanager
def older(bob: Seat, *typed: str) -> Iterator[World]:
    """Run Alice on a copy of her profile from when she had sealed what she typed for Bob."""
    with alice() as world:
        befriend(world, bob)
        for text in typed:
            world.engine.send("bob", text)
        world.settle()
        copied = world.state.copy()
    with alice(state=copied, logged_in=False) as world:
        yield world


def identity_of(state: MemoryState) -> UserIdentity:
    return Endpoint.load(state.rows).user_identity


# Noticing -----------------------------------------------------------------------------------------


def test_what_was_handed_over_is_counted_over_all_runs(bob: Seat) -> None:
    state = MemoryState()
    with alice(state=state) as world:
        assert world.sent(f.Login).sent == 0
        befriend(world, bob)
        world.engine.send("bob", "two")
        assert len(world.all_sent(f.Publish)) == 1
    with alice(state=state) as world:
        assert world.sent(f.Login).sent == 1 + 2
        assert len(world.link.envelopes) == 2  # the same two again
        world.lose_connection()
        world.log_in()
        assert world.sent(f.Login).sent == (1 + 2) * 2


def test_each_relay_has_a_count_of_its_own(bob: Seat) -> None:
    with alice() as world:
        befriend(world, bob)
        world.lose_connection()
        world.log_in(OTHER_CERTIFICATE, OTHER_RELAY)
        assert world.sent(f.Login).sent == 0


@pytest.mark.parametrize("sent", [0, 1, 2])
def test_a_relay_that_has_seen_less_is_no_alarm(sent: int, bob: Seat) -> None:
    """It was killed before it had kept its count, or its store is new or older."""
    with older(bob) as world:
        knock(world)
        world.tell(welcome(sent=sent, bundle_epoch=1))
        assert world.told(ev.DeviceRenewed) == []
        assert len(world.told(ev.Ready)) == 1


@pytest.mark.parametrize(("sent", "epoch"), [(3, 1), (2, 2)])
def test_a_relay_that_has_seen_more_makes_a_new_device(sent: int, epoch: int, bob: Seat) -> None:
    with older(bob) as world:
        old = identity_of(world.state).device_list
        knock(world)
        old_hello = world.sent(f.Hello)
        world.tell(welcome(sent=sent, bundle_epoch=epoch))
        assert world.told(ev.Ready) == []
        come_back(world)
        hello, register = world.sent(f.Hello), world.sent(f.Register)
        assert hello.user_key == old_hello.user_key
        assert hello.device_id != old_hello.device_id
        assert world.told(ev.DeviceRenewed) == [ev.DeviceRenewed(hello.device_id.hex())]
        assert (register.device_list.sequence, register.device_list.previous_hash) == (2, old.hash)
        assert [each.device_id for each in register.certificates] == [hello.device_id]
        assert world.sent(f.Login).sent == 0


def test_nothing_is_done_with_the_old_keys(bob: Seat) -> None:
    with older(bob, "sealed") as world:
        knock(world)
        with world.at_once():
            world.link.inbox(Arrived(welcome(sent=9)))
            world.link.inbox(world.delivery(b"\0" * 512))
        frames = [type(frame) for frame in world.link.frames]
        assert frames == [f.Hello, f.Login]
        assert (world.link.envelopes, world.link.acks, world.problems) == ([], [], [])


def test_not_one_public_key_comes_again(bob: Seat) -> None:
    with alice() as world:
        befriend(world, bob)
        before, register = world.sent(f.Publish), world.sent(f.Register)
        copied = world.state.copy()
    with alice(state=copied, logged_in=False) as world:
        knock(world)
        world.tell(welcome(sent=9))
        come_back(world)
        after, again = world.sent(f.Publish), world.sent(f.Register)
    assert before.bundle is not None
    assert after.bundle is not None
    assert not keys_of(before) & keys_of(after)
    assert not keys_of(register) & keys_of(again)


def keys_of(frame: f.Publish | f.Register) -> set[bytes]:
    if isinstance(frame, f.Register):
        return {key for each in frame.certificates for key in (each.signing_key, each.olm_key)}
    assert frame.bundle is not None
    bundle = frame.bundle
    keys = {bundle.envelope_key, bundle.hybrid_key, bundle.fallback_key}
    return {*keys, *(each.key for each in frame.one_time_keys)}


def test_a_message_that_was_shown_before_is_not_shown_again(bob: Seat) -> None:
    state = MemoryState()
    with alice(state=state) as world:
        befriend(world, bob)
        envelope = world.write(bob, "seen")
        message_id = bob.endpoint.unconfirmed_texts(world.device.address)[-1].message_id
        world.deliver(envelope)
        for message in world.told(ev.Message):
            world.engine.shown(message.sender, message.message_id)
    with alice(state=state, logged_in=False) as world:
        knock(world)
        world.tell(welcome(sent=9))
        come_back(world)
        device = world.device
        bob.endpoint.start_session(device, NOW_MS)
        again = bob.endpoint.seal(device, Text("seen"), NOW_MS, message_id, written_ms=NOW_MS)
        new = bob.endpoint.seal(device, Text("new"), NOW_MS, written_ms=NOW_MS)
        world.deliver(again.envelope, new.envelope)
        assert world.texts == ["new"]
        assert world.told(ev.Message)[0].missing == 0


# What had not gone out ----------------------------------------------------------------------------


def test_what_was_sealed_is_sealed_again_in_its_order_and_with_its_ids(bob: Seat) -> None:
    with older(bob, "one", "two") as world:
        old = dict(world.state.rows)
        knock(world)
        world.engine.send("bob", "three")
        world.tell(welcome(sent=9))
        come_back(world)
        world.find("bob", published(bob))
        world.find("bob", published(bob))
        mail = world.mail_for(bob)
        assert not any(envelope in value for value in old.values() for envelope in mail)
        assert isinstance(bob.receive(mail[0]), Repeated)  # the hello had come
        assert [bob.read(envelope) for envelope in mail[1:]] == ["one", "two", "three"]
        sealed = {sent.message_id for sent in world.told(ev.Sent)}
        assert len(sealed) == 4
        world.accept_all()
        assert world.engine.queued == 0


def test_what_was_accepted_is_sealed_anew_when_its_reader_changes_device_too(bob: Seat) -> None:
    with alice() as world:
        befriend(world, bob)
        ids = [world.engine.send("bob", text) for text in ("one", "two")]
        world.settle()
        world.news(Answered(tuple(each.envelope_id for each in world.link.envelopes)))
    with alice(state=world.state, logged_in=False) as again:
        knock(again)
        again.tell(welcome(sent=99))
        come_back(again)
        new = next_device(bob)
        for _ in range(2):
            again.find("bob", published(new))
        opened = [new.receive(each) for each in again.mail_for(new)]
        texts = {each.message_id.hex(): each.content for each in opened if isinstance(each, Opened)}
        assert texts == dict(zip(ids, (Text("one"), Text("two")), strict=True))
        again.news(Answered(tuple(each.envelope_id for each in again.link.envelopes)))
        for _ in range(2):
            again.tell(f.Presence("bob", False), f.Presence("bob", True))
            again.find("bob", published(new))
        assert len(again.mail_for(new)) == len(opened)


def test_a_text_whose_copy_is_gone_is_told_and_not_sent_in_the_history(bob: Seat) -> None:
    with alice() as world:
        befriend(world, bob)
        (sent,) = world.told(ev.Sent)
        copied = MemoryState()
        copied.rows = {at: value for at, value in world.state.rows.items() if at[0] != "sent"}
        copied.history = world.state.history
    with alice(state=copied, logged_in=False) as world:
        knock(world)
        world.tell(welcome(sent=9))
        (problem,) = world.told(ev.Problem)
        assert "too old to be sealed again" in problem.error.what
        assert problem.message_id == sent.message_id
        (entry,) = copied.history.last(9)
        assert entry.progress == Progress.FAILED


def test_what_was_said_in_a_room_waits_for_everybody_in_it_again() -> None:
    with town("alice", "bob", "carol") as made:
        make_room(made, "alice", "bob", "carol")
        alice_there = made.citizens["alice"]
        alice_there.connected = False  # the relay takes nothing any more
        made.say("alice", "#ops", "sealed")
        alice_there.world.lose_connection()
        made.say("alice", "#ops", "typed")
        copied = alice_there.world.state.copy()
    with alice(state=copied, logged_in=False) as world:
        knock(world)
        world.tell(welcome(sent=999))
        waiting = [each for each in stored_drafts(copied.rows) if each.is_message]
    assert sorted((each.recipient, each.text) for each in waiting) == [
        ("bob", "sealed"),
        ("bob", "typed"),
        ("carol", "sealed"),
        ("carol", "typed"),
    ]


def test_without_encryption_the_text_is_in_the_envelope() -> None:
    bob = copy_seat(BOB)
    bob.endpoint.publication(NOW_MS, published_epoch=1, one_time_keys_left=99, plain=True)
    bob.commit()
    bob.bundle = bob.endpoint._epochs.bundle
    with alice("bob", e2e=False) as world:
        world.find("bob", published(bob))
        world.engine.send("bob", "open")
        world.settle()
        copied = world.state.copy()
    with alice("bob", copied, e2e=False, logged_in=False) as world:
        written_ms = world.now_ms
        world.pass_time(3600)
        knock(world)
        world.tell(welcome(sent=9))
        assert world.problems == []
        come_back(world)
        world.find("bob", published(bob))
        (again,) = world.mail_for(bob)
        opened = bob.endpoint.open_plain(again, world.now_ms)
        assert isinstance(opened, Opened)
        assert (opened.content, opened.time_ms) == (Text("open"), written_ms)


def test_all_of_it_is_committed_or_nothing(bob: Seat) -> None:
    with older(bob) as world:
        knock(world)
        before = dict(world.state.rows)
        world.state.broken = True
        world.tell(welcome(sent=9))
        assert type(world.error) is FileProblem
        assert world.state.rows == before


# Which list comes next ----------------------------------------------------------------------------


def following(identity: UserIdentity) -> UserIdentity:
    return Endpoint.create_next(identity, NOW_MS).user_identity


def test_a_second_restoring_of_one_copy_follows_the_first(bob: Seat) -> None:
    with older(bob) as world:
        newer = following(identity_of(world.state)).device_list
        knock(world, newer)
        assert [type(frame) for frame in world.link.frames] == [f.Hello]
        come_back(world)
        register = world.sent(f.Register)
        assert (register.device_list.sequence, register.device_list.previous_hash) == (
            3,
            newer.hash,
        )


def run_with(identity: UserIdentity) -> MemoryState:
    """Return the state of the next device of a person."""
    state = MemoryState()
    state.commit(Endpoint.create_next(identity, NOW_MS).take_changes())
    return state


def test_of_two_lists_with_one_number_that_of_the_relay_is_followed() -> None:
    first = Endpoint.create(NOW_MS).user_identity
    state, other = run_with(first), following(first).device_list
    own = identity_of(state).device_list
    assert (own.sequence, other.sequence) == (2, 2)
    with alice(state=state, logged_in=False) as world:
        knock(world, other)
        come_back(world)
        register = world.sent(f.Register)
        assert (register.device_list.sequence, register.device_list.previous_hash) == (
            3,
            other.hash,
        )


def test_an_own_list_that_does_not_follow_is_followed_when_it_is_higher() -> None:
    """The person went on twice here and once elsewhere: the relay takes a list two above its."""
    first = Endpoint.create(NOW_MS).user_identity
    state, other = run_with(following(first)), following(first).device_list
    own = identity_of(state).device_list
    assert (own.sequence, other.sequence) == (3, 2)
    with alice(state=state, logged_in=False) as world:
        knock(world, other)
        come_back(world)
        device_list = world.sent(f.Register).device_list
        assert (device_list.sequence, device_list.previous_hash) == (4, own.hash)
        assert device_list.may_follow(other)


def test_a_forged_list_that_the_own_one_does_not_follow_changes_nothing() -> None:
    state = run_with(Endpoint.create(NOW_MS).user_identity)
    own = identity_of(state).device_list
    forged = DeviceList(
        signature=bytes(64),
        user_key=own.user_key,
        sequence=1,
        previous_hash=own.previous_hash,
        certificate_hashes=own.certificate_hashes,
    )
    with alice(state=state, logged_in=False) as world:
        knock(world, forged)
        assert type(world.error) is InvalidSignature
        assert identity_of(state).device_list == own


def test_a_list_that_the_own_one_follows_is_no_alarm() -> None:
    first = Endpoint.create(NOW_MS)
    state = run_with(first.user_identity)
    with alice(state=state, logged_in=False) as world:
        knock(world, first.device_list)
        assert world.told(ev.DeviceRenewed) == []
        assert world.sent(f.Register).device_list.previous_hash == first.device_list.hash


def test_a_list_of_somebody_else_is_not_followed(bob: Seat) -> None:
    with older(bob) as world:
        knock(world, bob.endpoint.device_list)
        assert type(world.error) is RemoteProtocolError
        assert [type(frame) for frame in world.link.frames] == [f.Hello]


def test_a_forged_list_is_not_followed(bob: Seat) -> None:
    with older(bob) as world:
        own = identity_of(world.state).device_list
        forged = DeviceList(
            signature=bytes(64),
            user_key=own.user_key,
            sequence=9,
            previous_hash=own.hash,
            certificate_hashes=own.certificate_hashes,
        )
        knock(world, forged)
        assert type(world.error) is InvalidSignature


def test_the_highest_list_that_there_is_is_not_followed(bob: Seat) -> None:
    with older(bob) as world:
        identity = identity_of(world.state)
        before = dict(world.state.rows)
        last = DeviceList.sign(
            SigningKey(identity.user_seed),
            sequence=2**63 - 1,
            previous_hash=identity.device_list.hash,
            certificates=(world.engine._here.desk.endpoint.certificate,),
        )
        knock(world, last)
        assert type(world.error) is RemoteProtocolError
        assert "no other can follow" in world.error.what
        own = {row for row in before if row[0] in ("self", "epoch", "session", "sent")}
        assert {row: world.state.rows.get(row) for row in own} == {row: before[row] for row in own}


# A relay that lies --------------------------------------------------------------------------------


def test_a_relay_that_says_so_twice_is_not_believed(bob: Seat) -> None:
    with older(bob) as world:
        for _ in range(2):
            knock(world)
            world.tell(welcome(sent=2**63 - 1))
            if not world.has_ended():
                world.lose_connection()
        assert type(world.error) is Untrusted
        assert "ask whoever runs the relay" in world.error.try_next
        assert len(world.told(ev.DeviceRenewed)) == 1


def test_a_connection_that_does_not_come_back_ends_the_run_with_its_error(bob: Seat) -> None:
    with older(bob) as world:
        knock(world)
        world.tell(welcome(sent=9))
        world.lose_connection()
        world.news(Down(Untrusted("Another relay"), None))
        assert type(world.error) is Untrusted


def test_what_the_old_connection_still_says_counts_for_nothing(bob: Seat) -> None:
    with older(bob) as world:
        knock(world)
        world.tell(welcome(sent=9))
        world.tell(f.KeysLeft(0), f.Presence("bob", True), welcome(sent=9))
        world.news(Answered((EnvelopeId(b"i" * 16),)))
        assert world.told(ev.PresenceChanged) == []
        assert world.link.reconnects == 1
        come_back(world)
        assert len(world.told(ev.Ready)) == 1
