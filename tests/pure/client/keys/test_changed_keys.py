"""Changed keys: what goes out, what a decision does, and how a session ends with one."""

import msgspec
import pytest

from securechat.client import events as ev
from securechat.client.commands import Decision
from securechat.e2e.results import Opened
from securechat.errors import KeyChanged, RemoteProtocolError, UsageError
from securechat.identity.safety_number import safety_number
from securechat.wire import frames as f
from tests.pure.client.engine_world import SECRET, MemoryState, alice, make_seat, published
from tests.pure.client.trust_steps import (
    decide,
    key,
    known,
    last_refusal,
    make_verified,
    meet,
    show,
    stop,
    verify,
    write,
)
from tests.pure.e2e.world import DAY_MS, Seat


def test_a_changed_key_stops_what_goes_out_and_nothing_else(bob: Seat, new_bob: Seat) -> None:
    with alice("bob") as world:
        meet(world, bob)
        show(world, new_bob)
        show(world, new_bob)
        (changed,) = world.told(ev.PeerKeyChanged)
        assert changed == ev.PeerKeyChanged("bob", key(bob), key(new_bob), verified=False)
        before = len(world.link.envelopes)
        message_id = write(world, SECRET)
        assert type(last_refusal(world)) is KeyChanged
        assert world.told(ev.Problem)[-1].message_id == message_id
        assert "/accept-key bob" in last_refusal(world).try_next
        assert world.engine.queued == 0
        world.deliver(world.write(bob, "from the device you know"))
        assert world.told(ev.Message)[-1].trust is ev.Trust.CHANGED
        world.pass_time(2.0)  # not even a receipt goes out
        assert len(world.link.envelopes) == before
        assert not world.has_ended()


def test_somebody_changed_stays_so_over_a_restart(bob: Seat, new_bob: Seat) -> None:
    state = MemoryState()
    with alice("bob", state) as world:
        meet(world, bob)
        show(world, new_bob)
    with alice("bob", state) as world:
        assert len(world.told(ev.PeerKeyChanged)) == 1
        assert known(world).trust is ev.Trust.CHANGED
        write(world, SECRET)
        assert type(last_refusal(world)) is KeyChanged
        assert world.link.envelopes == []


def test_what_was_typed_before_waits_and_goes_out_to_the_pinned_key_only(
    bob: Seat, new_bob: Seat
) -> None:
    state = MemoryState()
    with alice(None, state) as world:
        meet(world, bob)
    with alice(None, state) as world:
        write(world, SECRET)
        world.find("bob", published(new_bob))
        assert len(world.told(ev.PeerKeyChanged)) == 1
        assert world.link.envelopes == []
        assert world.engine.queued == 1
        show(world, bob)
        (restored,) = world.told(ev.TrustChanged)
        assert restored == ev.TrustChanged("bob", ev.Trust.NEW, key(bob), ev.Reason.RESTORED)
        assert bob.read(world.mail_for(bob)[0]) == SECRET
        assert world.mail_for(new_bob) == []


def test_sealed_envelopes_wait_too_and_go_out_when_the_pinned_key_is_back(
    bob: Seat, new_bob: Seat
) -> None:
    state = MemoryState()
    with alice(None, state) as world:
        meet(world, bob, accepted=False)
        show(world, new_bob)
    with alice("bob", state) as world:
        world.find("bob", published(new_bob))
        assert world.link.envelopes == []
        show(world, bob)
        assert len(world.mail_for(bob)) == 1


@pytest.mark.parametrize("waiting", ["text", "receipt"])
def test_what_was_held_back_goes_out_before_what_is_sealed_then(
    waiting: str, bob: Seat, new_bob: Seat
) -> None:
    """Nothing is missing at the other end, be it a text or a receipt that was held back."""
    state = MemoryState()
    with alice("bob", state) as world:
        meet(world, bob)
        world.deliver(world.write(bob, "hi"))
        if waiting == "text":
            write(world, "first")
        world.pass_time(2.0)
    with alice("bob", state) as world:
        world.find("bob", published(new_bob))
    with alice("bob", state) as world:
        world.deliver(world.write(bob, "still me"))
        world.pass_time(2.0)
        assert world.link.envelopes == []
        show(world, bob)
        opened = [bob.endpoint.open(mail, world.now_ms) for mail in world.mail_for(bob)]
        assert len(opened) == (3 if waiting == "text" else 2)
        assert not any(isinstance(each, Opened) and each.missing for each in opened)


def test_accepting_pins_the_new_key_and_sends_it_nothing_typed_before(
    bob: Seat, new_bob: Seat
) -> None:
    state = MemoryState()
    with alice("bob", state) as world:
        meet(world, bob)
        world.lose_connection()
        message_id = write(world, SECRET)
        world.log_in()
        world.find("bob", published(new_bob))
        decide(world, Decision.ACCEPT_KEY)
        (told,) = world.told(ev.TrustChanged)
        assert told == ev.TrustChanged("bob", ev.Trust.NEW, key(new_bob), ev.Reason.ACCEPTED)
        unsent = world.told(ev.Problem)[-2:]
        assert message_id in {problem.message_id for problem in unsent}
        assert any(SECRET in problem.error.what for problem in unsent)
        assert world.engine.queued == 0
        world.find("bob", published(new_bob))
        assert world.told(ev.PeerReady)[-1].fingerprint == key(new_bob)
        write(world, "hello again")
        world.find("bob", published(new_bob))
        (only,) = world.mail_for(new_bob)
        assert new_bob.read(only) == "hello again"
        assert type(stop(world, 0.0)) is KeyChanged  # a text was not sent
    with alice(None, state) as world:
        assert known(world).fingerprint == key(new_bob)
        write(world, "still the new key")
        world.find("bob", published(new_bob, claim=False))
        assert new_bob.read(world.mail_for(new_bob)[-1]) == "still the new key"


def test_what_was_sealed_to_the_old_key_is_given_up_with_it(bob: Seat, new_bob: Seat) -> None:
    state = MemoryState()
    with alice("bob", state) as world:
        meet(world, bob, accepted=False)
        message_id = world.told(ev.Sent)[0].message_id
        show(world, new_bob)
        assert world.engine.queued == 1
        decide(world, Decision.ACCEPT_KEY)
        assert message_id in {problem.message_id for problem in world.told(ev.Problem)}
        assert world.engine.queued == 0
    with alice(None, state) as world:
        assert world.link.envelopes == []


def test_the_old_key_is_nobody_s_after_the_acceptance(bob: Seat, new_bob: Seat) -> None:
    with alice("bob") as world:
        meet(world, bob)
        late = world.write(bob, "from the device that was lost")
        show(world, new_bob)
        decide(world, Decision.ACCEPT_KEY)
        world.find("bob", published(new_bob))
        world.deliver(late)
        world.find("bob", published(new_bob))
        assert world.texts == []
        assert "as bob whom the relay does not know" in world.problems[-1]


def test_both_codes_are_shown_before_a_key_is_accepted(bob: Seat, new_bob: Seat) -> None:
    state = MemoryState()
    with alice(None, state) as world:
        meet(world, bob)
        show(world, new_bob)
    with alice(None, state) as world:
        decide(world, Decision.ACCEPT_KEY)
        assert len(world.told(ev.PeerKeyChanged)) == 1
        assert last_refusal(world).try_next == "/accept-key bob once more"
        assert known(world).trust is ev.Trust.CHANGED
        decide(world, Decision.ACCEPT_KEY)
        assert known(world).trust is ev.Trust.NEW


def test_a_third_key_needs_its_own_look(bob: Seat, new_bob: Seat) -> None:
    """What was shown of one new key does not count for the next one."""
    third = make_seat("bob")
    with alice("bob") as world:
        meet(world, bob)
        show(world, new_bob)
        verify(world)
        show(world, third)
        assert [changed.shown for changed in world.told(ev.PeerKeyChanged)] == [
            key(new_bob),
            key(third),
        ]
        decide(world, Decision.TRUST)
        assert world.told(ev.TrustChanged) == []
        decide(world, Decision.ACCEPT_KEY)
        assert known(world).fingerprint == key(third)


def test_a_changed_key_of_somebody_verified_is_only_settled_by_comparing(
    bob: Seat, new_bob: Seat
) -> None:
    with alice("bob") as world:
        meet(world, bob)
        make_verified(world)
        show(world, new_bob)
        assert world.told(ev.PeerKeyChanged)[0].verified
        decide(world, Decision.ACCEPT_KEY)
        assert type(last_refusal(world)) is KeyChanged
        assert last_refusal(world).try_next.startswith("/verify bob")
        decide(world, Decision.TRUST)  # the digits that were shown are those of the old key
        assert type(last_refusal(world)) is UsageError
        assert known(world).fingerprint == key(bob)
        number = verify(world)
        assert (number.trust, number.fingerprint) == (ev.Trust.CHANGED, key(new_bob))
        own = world.engine._here.desk.endpoint.user_key
        assert number.digits == safety_number(own, new_bob.endpoint.user_key)
        decide(world, Decision.TRUST)
        assert known(world).fingerprint == key(new_bob)
        assert known(world).trust is ev.Trust.VERIFIED


def test_a_key_that_has_not_changed_is_not_accepted_again(bob: Seat) -> None:
    with alice() as world:
        meet(world, bob)
        decide(world, Decision.ACCEPT_KEY)
        assert last_refusal(world).what == "The key of bob has not changed"


def test_a_forged_other_key_changes_nobody(bob: Seat, new_bob: Seat) -> None:
    """The relay has to show a whole set that its key has signed."""
    forged = msgspec.structs.replace(
        published(new_bob), registration=published(make_seat("mallory"), "bob").registration
    )
    with alice("bob") as world:
        meet(world, bob)
        world.tell(f.Presence("bob", True))
        world.find("bob", forged)
        assert type(last_refusal(world)) is RemoteProtocolError
        assert world.told(ev.PeerKeyChanged) == []
        write(world, SECRET)
        assert len(world.mail_for(bob)) == 2


@pytest.mark.parametrize("changed", [False, True])
def test_old_keys_of_the_pinned_or_the_new_key_are_refused(
    changed: bool, bob: Seat, new_bob: Seat
) -> None:
    with alice("bob") as world:
        meet(world, bob)
        seat = new_bob if changed else bob
        old = published(seat)
        seat.publish(world.now_ms + 8 * DAY_MS)
        show(world, seat)
        before = len(world.problems)
        world.tell(f.Presence("bob", False), f.Presence("bob", True))
        world.find("bob", old)
        assert world.problems[before:] == ["The relay shows old keys of a device."]


@pytest.mark.parametrize(
    ("count", "named"),
    [
        (1, 'new key: "text 1"'),
        (5, '"text 4", "text 5"'),
        (7, '"text 4", "text 5", and 2 more'),
    ],
)
def test_the_end_names_what_was_typed_before_the_change_was_known(
    bob: Seat, new_bob: Seat, count: int, named: str
) -> None:
    with alice("bob") as world:
        meet(world, bob)
    with alice("bob", state=world.state) as world:
        for number in range(count):
            write(world, f"text {number + 1}")
        show(world, new_bob)
        error = stop(world)
        assert isinstance(error, KeyChanged)
        assert error.what.endswith(named)
        assert "nothing is sent. Not sent, and never to the new key:" in error.what


def test_a_session_with_a_peer_who_is_changed_ends_with_that(bob: Seat, new_bob: Seat) -> None:
    with alice("BOB") as world:
        meet(world, bob)
        show(world, new_bob)
        error = stop(world)
        assert type(error) is KeyChanged
        assert error.exit_status == 4
        assert "The key of bob has CHANGED" in error.what
        assert key(bob) in error.what
        assert "bob has begun anew without a backup, or somebody is in between" in error.what
        assert "securechat client --peer bob" in error.try_next


def test_a_changed_key_of_somebody_else_is_no_failure(bob: Seat, new_bob: Seat) -> None:
    with alice("carol") as world:
        meet(world, bob)
        show(world, new_bob)
        assert stop(world) is None


@pytest.mark.parametrize("accepts", [False, True])
def test_a_session_in_which_a_text_was_refused_ends_with_that(
    accepts: bool, bob: Seat, new_bob: Seat
) -> None:
    with alice() as world:
        meet(world, bob)
        show(world, new_bob)
        write(world, SECRET)
        if accepts:
            decide(world, Decision.ACCEPT_KEY)
        assert type(stop(world)) is KeyChanged


def test_a_session_in_which_a_text_waits_for_somebody_changed_ends_with_that(
    bob: Seat, new_bob: Seat
) -> None:
    state = MemoryState()
    with alice(None, state) as world:
        meet(world, bob)
    with alice(None, state) as world:
        write(world, SECRET)
        world.find("bob", published(new_bob))
        assert type(stop(world)) is KeyChanged  # and it does not wait for what cannot go out
    with alice("bob", state) as world:
        world.find("bob", published(bob))
        assert bob.read(world.mail_for(bob)[-1]) == SECRET


def test_a_session_that_has_settled_a_changed_key_ends_well(bob: Seat, new_bob: Seat) -> None:
    state = MemoryState()
    with alice("bob", state) as world:
        meet(world, bob)
        show(world, new_bob)
    with alice("bob", state) as world:
        decide(world, Decision.ACCEPT_KEY)  # both codes were shown with the login
        world.find("bob", published(new_bob))
        assert known(world).fingerprint == key(new_bob)
