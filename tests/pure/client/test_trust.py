"""Changed keys, and what the user decides about people."""

import msgspec
import pytest
from msgspec.structs import replace

from securechat.client import aside, contacts, strangers
from securechat.client import commands as c
from securechat.client import events as ev
from securechat.client.commands import Decision
from securechat.client.contacts import Contact, ContactBook
from securechat.e2e.content import Receipt
from securechat.e2e.results import Opened
from securechat.errors import (
    CannotOpen,
    KeyChanged,
    NameInvalid,
    RemoteProtocolError,
    SecureChatError,
    Unreachable,
    UsageError,
)
from securechat.identity.chain import PublishedUser
from securechat.identity.safety_number import safety_number
from securechat.identity.types import MessageId, Name, UserKey, fingerprint
from securechat.wire import frames as f
from tests.pure.client.engine_world import (
    MemoryState,
    World,
    alice,
    befriend,
    make_seat,
    published,
)
from tests.pure.e2e.world import DAY_MS, RELAY, Seat

SECRET = "for bob's eyes only"


@pytest.fixture(autouse=True)
def quick_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rounds of a safety number are slow by design; its own tests have all of them."""
    monkeypatch.setattr("securechat.identity.safety_number._ROUNDS", 1)


def meet(world: World, seat: Seat, *, accepted: bool = True) -> None:
    """Befriend somebody; the relay has accepted what went to them, unless it is said otherwise."""
    befriend(world, seat)
    if accepted:
        world.accept_all()


def show(world: World, seat: Seat, name: str = "bob") -> None:
    """Let the relay show a seat's keys under a name from now on."""
    world.tell(f.Presence(name, False), f.Presence(name, True))
    world.find(name, published(seat, name))


def decide(world: World, decision: Decision, name: str = "bob") -> None:
    world.engine.ask(c.Decide(decision, name))
    world.settle()


def verify(world: World, name: str = "bob", how: c.How = c.How.DIGITS) -> ev.SafetyNumber:
    world.engine.ask(c.Verify(name, how))
    world.settle()
    return world.told(ev.SafetyNumber)[-1]


def make_verified(world: World) -> None:
    verify(world)
    decide(world, Decision.TRUST)


def write(world: World, text: str, name: str = "bob") -> str:
    message_id = world.engine.send(name, text)
    world.settle()
    return message_id


def refusals(world: World) -> list[SecureChatError]:
    return [problem.error for problem in world.told(ev.Problem)]


def last_refusal(world: World) -> SecureChatError:
    return refusals(world)[-1]


def key(seat: Seat) -> str:
    return fingerprint(seat.endpoint.user_key)


def known(world: World, name: str = "bob") -> ev.KnownPerson:
    world.engine.ask(c.Contacts())
    world.settle()
    (found,) = [each for each in world.told(ev.Contacts)[-1].people if each.relay_name == name]
    return found


# Comparing --------------------------------------------------------------------------------------


def test_comparing_makes_verified_and_that_lasts(bob: Seat) -> None:
    state = MemoryState()
    with alice(None, state) as world:
        meet(world, bob)
        assert verify(world).trust is ev.Trust.NEW
        decide(world, Decision.TRUST)
        (told,) = world.told(ev.TrustChanged)
        assert told == ev.TrustChanged("bob", ev.Trust.VERIFIED, key(bob), ev.Reason.COMPARED)
        world.deliver(world.write(bob, "hi"))
        assert world.told(ev.Message)[-1].trust is ev.Trust.VERIFIED
    with alice("bob", state) as world:
        world.find("bob", published(bob))
        assert world.told(ev.PeerReady)[-1].trust is ev.Trust.VERIFIED
        assert known(world).trust is ev.Trust.VERIFIED


def test_nobody_is_trusted_whose_digits_were_not_shown_in_this_run(bob: Seat) -> None:
    state = MemoryState()
    with alice(None, state) as world:
        meet(world, bob)
        decide(world, Decision.TRUST)
        assert "/verify bob" in last_refusal(world).try_next
        verify(world)
    with alice(None, state) as world:
        decide(world, Decision.TRUST)
        assert type(last_refusal(world)) is UsageError
        assert world.told(ev.TrustChanged) == []
        assert known(world).trust is ev.Trust.NEW


def test_digits_shown_as_a_qr_code_can_be_compared_too(bob: Seat) -> None:
    with alice() as world:
        meet(world, bob)
        drawn = verify(world, how=c.How.QR)
        assert drawn.as_qr
        assert not verify(world).as_qr
        assert replace(drawn, as_qr=False) == verify(world)
    with alice() as world:
        world.engine.ask(c.Verify("bob", c.How.QR))
        world.settle()
        world.find("bob", published(bob))
        assert [number.as_qr for number in world.told(ev.SafetyNumber)] == [True]
        decide(world, Decision.TRUST)
        assert world.told(ev.TrustChanged)[-1].trust is ev.Trust.VERIFIED


def test_digits_of_one_person_do_not_make_another_one_trusted(bob: Seat) -> None:
    with alice() as world:
        meet(world, bob)
        meet(world, make_seat("carol"))
        verify(world, "carol")
        decide(world, Decision.TRUST)
        assert world.told(ev.TrustChanged) == []


def test_decisions_typed_before_the_login_are_carried_out_in_their_order(bob: Seat) -> None:
    state = MemoryState()
    with alice(None, state) as world:
        meet(world, bob)
    with alice(None, state, logged_in=False) as world:
        world.engine.ask(c.Verify("bob"))
        world.engine.ask(c.Decide(Decision.TRUST, "bob"))
        world.engine.send("bob", SECRET)
        world.settle()
        assert world.engine.queued == 1
        world.log_in()
        assert [event.trust for event in world.told(ev.TrustChanged)] == [ev.Trust.VERIFIED]


# Changed keys -----------------------------------------------------------------------------------


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


# Messages from the new key ----------------------------------------------------------------------


def test_messages_from_the_new_key_wait_for_the_decision(bob: Seat, new_bob: Seat) -> None:
    with alice("bob") as world:
        meet(world, bob)
        first = world.write(new_bob, "I have a new device")
        world.deliver(first)
        world.find("bob", published(new_bob))
        assert world.texts == []
        assert len(world.told(ev.PeerKeyChanged)) == 1
        world.deliver(world.write(new_bob, "really"), last=2)
        assert world.texts == []
        told = [error for error in refusals(world) if "set aside" in error.what]
        assert [error.try_next for error in told] == [
            "ask bob in another way, then /accept-key bob"
        ]
        decide(world, Decision.ACCEPT_KEY)
        assert world.texts == ["I have a new device", "really"]
        assert {message.trust for message in world.told(ev.Message)} == {ev.Trust.NEW}


def test_messages_from_the_new_key_are_dropped_with_a_word_when_the_old_one_is_back(
    bob: Seat, new_bob: Seat
) -> None:
    with alice("bob") as world:
        meet(world, bob)
        show(world, new_bob)
        world.deliver(world.write(new_bob, "I am bob, send money"))
        show(world, bob)
        assert world.texts == []
        assert "1 message from a new key of bob" in last_refusal(world).what
        assert "dropped" in last_refusal(world).what


@pytest.mark.parametrize("is_killed", [False, True])
def test_messages_from_the_new_key_wait_over_the_end_of_a_run(
    is_killed: bool, bob: Seat, new_bob: Seat
) -> None:
    with alice("bob") as world:
        meet(world, bob)
        show(world, new_bob)
        world.deliver(world.write(new_bob, "one"), world.write(new_bob, "two"))
        after_kill = world.state.copy()
        world.engine.stop()
        world.settle()
        assert last_refusal(world).what == "2 messages from the new key of bob: set aside"
        assert last_refusal(world).try_next.endswith("/accept-key bob")
    state = after_kill if is_killed else world.state
    with alice("bob", state) as world:
        world.find("bob", published(new_bob))
        assert world.texts == []
        decide(world, Decision.ACCEPT_KEY)
        assert world.texts == ["one", "two"]
        after_kill = world.state.copy()
        world.find("bob", published(new_bob))
        world.pass_time(2.0)
        world.find("bob", published(new_bob))
        assert len(world.mail_for(new_bob)) == 1  # only now there is a receipt
    assert not any(table == "kept" for table, _ in after_kill.rows)


def test_messages_from_the_new_key_are_dropped_with_a_word_in_the_next_run_too(
    bob: Seat, new_bob: Seat
) -> None:
    state = MemoryState()
    with alice("bob", state) as world:
        meet(world, bob)
        show(world, new_bob)
        world.deliver(world.write(new_bob, "I am bob, send money"))
    with alice("bob", state) as world:
        world.find("bob", published(bob))
        assert "1 message from a new key of bob" in last_refusal(world).what
    with alice("bob", state) as world:
        assert world.texts == world.problems == []


def test_a_block_drops_what_was_set_aside_with_a_word(bob: Seat, new_bob: Seat) -> None:
    with alice() as world:
        meet(world, bob)
        show(world, new_bob)
        world.deliver(world.write(new_bob, "let me in"))
        decide(world, Decision.BLOCK)
        assert "1 message from a new key of bob" in last_refusal(world).what
        told = len(world.problems)
        world.deliver(world.write(new_bob, "hello?"), last=2)
        assert len(world.problems) == told
        assert not any(table == "kept" for table, _ in world.state.rows)


def test_what_waits_for_a_decision_is_bounded(
    bob: Seat, new_bob: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert aside.MAX_ASIDE <= 100
    monkeypatch.setattr(aside, "MAX_ASIDE", 2)
    with alice("bob") as world:
        meet(world, bob)
        show(world, new_bob)
        world.deliver(*(world.write(new_bob, str(number)) for number in range(5)))
        decide(world, Decision.ACCEPT_KEY)
        assert world.texts == ["0", "1"]
        assert sum("the rest is dropped" in problem for problem in world.problems) == 1
        assert any("3 messages more" in problem for problem in world.problems)


def test_only_texts_of_a_new_key_are_heard(bob: Seat, new_bob: Seat) -> None:
    """A receipt of the new key for what went to the old one says nothing."""
    with alice("bob") as world:
        meet(world, bob)
        sent = MessageId(bytes.fromhex(world.told(ev.Sent)[0].message_id))
        show(world, new_bob)
        world.deliver(world.write(new_bob, Receipt((sent,), 1)))
        assert world.problems == []
        decide(world, Decision.ACCEPT_KEY)
        assert world.told(ev.Delivered) == []


# How a session ends -----------------------------------------------------------------------------


def stop(world: World, flush_s: float = 5.0) -> SecureChatError | None:
    """Let the engine end, at once if nothing but the user can help; return its error."""
    world.engine.stop(flush_s)
    world.settle()
    assert world.has_ended()
    return world.told(ev.Ended)[0].error


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


# Blocking ---------------------------------------------------------------------------------------


def test_a_blocked_person_is_neither_heard_nor_answered(bob: Seat) -> None:
    state = MemoryState()
    with alice("bob", state) as world:
        meet(world, bob)
        decide(world, Decision.BLOCK)
        assert world.told(ev.Blocked) == [ev.Blocked("bob", blocked=True)]
        before, told = len(world.link.envelopes), len(world.events)
        world.deliver(world.write(bob, "hello?"), last=7)
        world.tell(f.Presence("bob", False), f.Presence("bob", True))
        world.find("bob", published(bob))
        world.pass_time(2.0)
        assert world.events[told:] == []
        assert len(world.link.envelopes) == before
        assert world.link.acks[-1] == 7
        write(world, SECRET)
        assert last_refusal(world).try_next == "/unblock bob"
        assert SECRET in last_refusal(world).what
    with alice("bob", state) as world:
        assert world.told(ev.Blocked) == [ev.Blocked("bob", blocked=True)]
        world.find("bob", published(bob))
        assert world.told(ev.PeerReady) == []
        world.deliver(world.write(bob, "still there"))
        assert world.texts == []
        decide(world, Decision.UNBLOCK)
        assert world.told(ev.Blocked)[-1].blocked is False
        world.deliver(world.write(bob, "and now"), last=2)
        assert world.texts == ["and now"]


def test_a_blocked_stranger_is_not_heard_under_another_name_either() -> None:
    mallory = make_seat("mallory")
    with alice() as world:
        world.deliver(world.write(mallory, "one"))
        world.find("mallory", published(mallory))
        decide(world, Decision.BLOCK, "mallory")
        told = len(world.events)
        device = world.device
        mallory.endpoint.registration(RELAY, Name("eve"), world.now_ms)
        mallory.endpoint.start_session(device, world.now_ms)
        world.deliver(world.write(mallory, "two", claim_name="eve"), last=2)
        assert world.events[told:] == []
        assert known(world, "mallory").blocked


def test_a_blocked_key_that_lost_its_name_makes_nobody_ask_for_it() -> None:
    mallory, holder = make_seat("mallory"), make_seat("mallory")
    with alice() as world:
        world.deliver(world.write(mallory, "one"))
        world.find("mallory", published(mallory))
        decide(world, Decision.BLOCK, "mallory")
        world.deliver(world.write(holder, "the name is mine now"), last=2)
        world.find("mallory", published(holder))
        assert world.texts == ["one", "the name is mine now"]
        asked = len(world.all_sent(f.Lookup))
        world.deliver(world.write(mallory, "two"), last=3)
        assert len(world.all_sent(f.Lookup)) == asked


def test_a_block_holds_for_what_came_from_a_new_key_too(bob: Seat, new_bob: Seat) -> None:
    with alice() as world:
        meet(world, bob)
        show(world, new_bob)
        world.deliver(world.write(new_bob, "let me in"))
        decide(world, Decision.BLOCK)
        decide(world, Decision.ACCEPT_KEY)
        world.deliver(world.write(new_bob, "hello?"), last=2)
        assert world.texts == []
        write(world, SECRET)
        assert last_refusal(world).try_next == "/unblock bob"


def test_what_was_typed_before_a_block_is_given_up(bob: Seat) -> None:
    with alice() as world:
        meet(world, bob)
        world.lose_connection()
        message_id = write(world, SECRET)
        decide(world, Decision.BLOCK)
        assert world.told(ev.Problem)[-1].message_id == message_id
        world.log_in()
        world.find("bob", published(bob))
        assert len(world.mail_for(bob)) == 1
        assert world.engine.queued == 0


def test_a_decision_about_nobody_known() -> None:
    with alice() as world:
        for decision in Decision:
            decide(world, decision, "nobody")
        world.engine.ask(c.Call("nobody", "Somebody"))
        decide(world, Decision.BLOCK, "no name\x1b")
        assert [type(error) for error in refusals(world)] == [UsageError] * 5 + [NameInvalid]
        assert last_refusal(world).what.isprintable()
        assert refusals(world)[0].try_next == "/contacts"


def test_the_list_of_those_connected_says_who_is_blocked(bob: Seat) -> None:
    with alice() as world:
        meet(world, bob)
        decide(world, Decision.BLOCK)
        world.engine.ask(c.Who())
        world.settle()
        world.tell(f.People(world.sent(f.Who).request, ("alice", "bob"), 2))
        (people,) = world.told(ev.People)
        assert people.blocked == {"bob"}


def test_a_number_that_cannot_be_asked_for_now_is_a_problem(bob: Seat) -> None:
    with alice() as world:
        meet(world, bob)
        world.lose_connection()
        assert verify(world).name == "bob"  # whom one knows one can compare with all the same
        world.engine.ask(c.Verify("nobody"))
        world.settle()
        assert type(last_refusal(world)) is Unreachable
        assert last_refusal(world).try_next == "/verify nobody, a bit later"


# Names of one's own -----------------------------------------------------------------------------


def call(world: World, name: str, petname: str | None) -> None:
    world.engine.ask(c.Call(name, petname))
    world.settle()


def test_a_petname_is_shown_and_can_be_typed_everywhere(bob: Seat) -> None:
    state = MemoryState()
    with alice(None, state) as world:
        meet(world, bob)
        call(world, "bob", "Bobby")
        assert world.told(ev.Renamed) == [ev.Renamed("bob", "Bobby")]
        assert verify(world, "bobby").name == "Bobby"
        write(world, "hi", "BOBBY")
        assert bob.read(world.mail_for(bob)[-1]) == "hi"
        assert world.told(ev.Sent)[-1].recipient == "Bobby"
        world.deliver(world.write(bob, "hello"))
        assert world.told(ev.Message)[-1].sender == "Bobby"
        world.engine.ask(c.Who())
        world.settle()
        world.tell(f.People(world.sent(f.Who).request, ("alice", "bob"), 2))
        assert world.told(ev.People) == [ev.People(("alice", "Bobby"), {"Bobby": ev.Trust.NEW})]
    with alice("Bobby", state) as world:
        world.tell(f.Presence("bob", True))
        world.find("bob", published(bob))
        assert world.told(ev.PeerReady)[0].name == "Bobby"
        assert world.told(ev.PresenceChanged) == [ev.PresenceChanged("Bobby", True)]
        call(world, "Bobby", None)
        assert world.told(ev.Renamed)[-1] == ev.Renamed("Bobby", "bob")
        assert verify(world, "bob").name == "bob"


def test_the_name_of_the_relay_still_works_and_faces_learn_the_other_one(bob: Seat) -> None:
    with alice() as world:
        meet(world, bob)
        call(world, "bob", "Bobby")
        write(world, "one", "bob")
        write(world, "two", "bob")
        assert world.told(ev.Renamed)[1:] == [ev.Renamed("bob", "Bobby")]
        assert len(world.mail_for(bob)) == 3


@pytest.mark.parametrize("petname", ["carol", "CAROL", "car0l", "cаrоl".replace("c", "с"), "alice"])
def test_a_petname_that_is_or_looks_like_another_name_is_refused(petname: str, bob: Seat) -> None:
    with alice() as world:
        meet(world, bob)
        meet(world, make_seat("carol"))
        before = len(world.problems)
        call(world, "bob", petname)
        assert len(world.problems) == before + 1
        assert known(world).name == "bob"


def test_two_people_have_two_petnames(bob: Seat) -> None:
    with alice() as world:
        meet(world, bob)
        meet(world, make_seat("carol"))
        call(world, "carol", "mate")
        call(world, "bob", "rnate")
        assert "looks like, the name of mate" in world.problems[-1]
        call(world, "bob", "two words")
        assert type(last_refusal(world)) is NameInvalid


def test_a_petname_stays_with_the_person_over_an_accepted_key(bob: Seat, new_bob: Seat) -> None:
    with alice() as world:
        meet(world, bob)
        call(world, "bob", "Bobby")
        show(world, new_bob)
        assert world.told(ev.PeerKeyChanged)[0].name == "Bobby"
        decide(world, Decision.ACCEPT_KEY, "Bobby")
        assert (known(world).name, known(world).fingerprint) == ("Bobby", key(new_bob))


def test_somebody_who_comes_with_the_name_of_a_petname_is_another_person(bob: Seat) -> None:
    """The petname wins: text for it goes to whom the user gave it."""
    carol = make_seat("carol")
    with alice() as world:
        meet(world, bob)
        call(world, "bob", "carol")
        world.deliver(world.write(carol, "I am carol"))
        world.find("carol", published(carol))
        shown = world.told(ev.Message)[-1].sender
        assert shown == f"carol[{key(carol)[:9]}]"
        write(world, SECRET, "carol")
        assert bob.read(world.mail_for(bob)[-1]) == SECRET
        write(world, "hello stranger", shown)
        world.find("carol", published(carol))
        assert carol.read(world.mail_for(carol)[-1]) == "hello stranger"


# Names that look alike --------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["b0b", "bob.", "bob-_"])
def test_a_stranger_who_looks_like_somebody_known_is_shown_with_a_key_id(
    name: str, bob: Seat
) -> None:
    liar = make_seat(name)
    with alice() as world:
        meet(world, bob)
        world.deliver(world.write(liar, "it is me"))
        world.find(name, published(liar))
        shown = f"{name}[{key(liar)[:9]}]"
        assert world.told(ev.Message)[-1].sender == shown
        world.deliver(world.write(bob, "no, me"), last=2)
        assert world.told(ev.Message)[-1].sender == "bob"
        world.pass_time(60.0)
        to_bob = world.mail_for(bob)
        write(world, "who are you", shown)
        world.find(name, published(liar))
        assert world.told(ev.PeerReady)[-1].name == shown
        assert world.mail_for(bob) == to_bob


def test_an_answer_to_a_lookalike_takes_nothing_from_whom_it_looks_like(bob: Seat) -> None:
    """It wrote before Bob was known, and was answered after that."""
    liar = make_seat("b0b")
    with alice() as world:
        world.deliver(world.write(liar, "hello"))
        world.find("b0b", published(liar))
        world.pass_time(60.0)
        meet(world, bob)
        world.pass_time(60.0)
        write(world, "who are you", "b0b")
        world.find("b0b", published(liar))
        assert known(world).name == "bob"
        assert known(world, "b0b").name == f"b0b[{key(liar)[:9]}]"


def test_a_key_id_that_nobody_has(bob: Seat) -> None:
    with alice() as world:
        meet(world, bob)
        message_id = write(world, SECRET, "bob[0000-0000]")
        assert world.told(ev.Problem)[-1].message_id == message_id
        assert len(world.mail_for(bob)) == 1


# Strangers --------------------------------------------------------------------------------------


def test_looking_somebody_up_does_not_accept_them() -> None:
    mallory = make_seat("mallory")
    with alice() as world:
        world.engine.ask(c.Verify("mallory"))
        world.settle()
        world.find("mallory", published(mallory))
        assert len(world.told(ev.SafetyNumber)) == 1
        world.deliver(world.write(mallory, "hi"))
        assert world.told(ev.Message)[-1].request
        world.pass_time(2.0)
        assert world.link.envelopes == []


@pytest.mark.parametrize("chosen", ["trust", "petname"])
def test_whoever_was_compared_with_or_named_is_no_stranger(chosen: str) -> None:
    """So another key under the name is an alarm, and does not just take their place."""
    mallory = make_seat("mallory")
    with alice() as world:
        world.deliver(world.write(mallory, "hi"))
        world.find("mallory", published(mallory))
        if chosen == "trust":
            verify(world, "mallory")
            decide(world, Decision.TRUST, "mallory")
        else:
            call(world, "mallory", "Mal")
        assert not known(world, "mallory").request
        world.engine.talk_to("mallory")
        world.settle()
        world.find("mallory", published(make_seat("mallory")))
        assert known(world, "mallory").trust is ev.Trust.CHANGED


def test_whoever_was_written_to_in_an_earlier_run_is_no_stranger(bob: Seat) -> None:
    state = MemoryState()
    with alice(None, state) as world:
        write(world, SECRET)
        world.fail("bob")
    with alice(None, state) as world:
        world.find("bob", published(bob))
        assert not known(world).request


def test_impostors_are_told_so_often_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strangers, "SHOWN_A_MINUTE", 1)
    with alice() as world:
        for number in range(3):
            name = f"name{number}"
            world.deliver(world.write(make_seat(name), "hi"), last=number + 1)
            world.fail(name)
        impostors = ["whom the relay does not know" in problem for problem in world.problems]
        assert impostors == [True, False]
        assert "more than 1 messages a minute" in world.problems[-1]


def test_strangers_show_so_much_a_minute_and_the_rest_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert strangers.SHOWN_A_MINUTE <= 20
    monkeypatch.setattr(strangers, "SHOWN_A_MINUTE", 3)
    one, other = make_seat("one"), make_seat("other")
    with alice() as world:
        for seat in (one, other):
            world.deliver(*(world.write(seat, f"{seat.name}{n}") for n in range(3)))
            world.find(seat.name, published(seat))
        assert world.texts == ["one0", "one1", "one2"]
        (problem,) = world.problems
        assert "the rest is shown later" in problem
        world.pass_time(61.0)
        assert world.texts[3:] == ["other0", "other1", "other2"]
        world.deliver(world.write(other, "later"), last=9)
        assert world.texts[-1] == "other2"
        world.pass_time(61.0)
        assert world.texts[-1] == "later"


def test_what_strangers_were_not_shown_is_told_at_the_end_and_shown_in_the_next_run() -> None:
    mallory, state = make_seat("mallory"), MemoryState()
    with alice(None, state) as world:
        texts = [str(number) for number in range(strangers.SHOWN_A_MINUTE + 1)]
        world.deliver(*(world.write(mallory, text) for text in texts))
        world.find("mallory", published(mallory))
        assert stop(world) is None
        assert "1 message of strangers" in world.problems[-1]
    with alice(None, state) as world:
        world.find("mallory", published(mallory))
        assert world.texts == texts[-1:]


def test_friends_are_not_counted_among_strangers(
    bob: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strangers, "SHOWN_A_MINUTE", 0)
    with alice() as world:
        meet(world, bob)
        world.deliver(world.write(bob, "hi"))
        assert world.texts == ["hi"]


def test_strangers_are_forgotten_before_friends(bob: Seat, monkeypatch: pytest.MonkeyPatch) -> None:
    assert contacts.MAX_STRANGERS <= 1000
    monkeypatch.setattr(contacts, "MAX_STRANGERS", 2)
    state = MemoryState()
    with alice(None, state) as world:
        meet(world, bob)
        for number in range(4):
            stranger = make_seat(f"stranger{number}")
            world.pass_time(1.0)
            world.deliver(world.write(stranger, "hi"), last=number + 1)
            world.find(stranger.name, published(stranger))
            if number == 0:
                decide(world, Decision.BLOCK, stranger.name)
        world.engine.ask(c.Contacts())
        world.settle()
        names = [person.name for person in world.told(ev.Contacts)[-1].people]
        assert names == ["bob", "stranger0", "stranger2", "stranger3"]
    with alice(None, state) as world:
        assert known(world).trust is ev.Trust.NEW
        assert sum(table == "contact" for table, _ in state.rows) == 4


def test_a_key_that_nobody_is_known_by_is_told_once_a_minute(bob: Seat) -> None:
    """Sessions outlive a person's place in the book."""
    state = MemoryState()
    with alice(None, state) as world:
        meet(world, bob)
        world.deliver(world.write(bob, "session"))
        envelopes = [world.write(bob, str(number)) for number in range(3)]
    for row in [row for row in state.rows if row[0] == "contact"]:
        del state.rows[row]
    with alice(None, state) as world:
        world.deliver(*envelopes)
        assert [type(error) for error in refusals(world)] == [CannotOpen]
        assert "came that cannot be opened; set aside" in last_refusal(world).what
        again = "ask whoever wrote to you just now to send it again"
        assert last_refusal(world).try_next == again


# Stored rows ------------------------------------------------------------------------------------


class OldContact(msgspec.Struct, frozen=True, array_like=True):
    """A row of the first version."""

    name: str
    user_key: bytes
    accepted: bool = False
    verified: bool = False
    highest: object = None


def test_contacts_of_the_first_version_are_still_known() -> None:
    old = msgspec.msgpack.encode(OldContact("bob", b"k" * 32, True, True, None))
    book = ContactBook(RELAY, {("contact", RELAY + b"k" * 32): old})
    assert book.by_key(UserKey(b"k" * 32)) == Contact(
        Name("bob"), UserKey(b"k" * 32), accepted=True, verified=True
    )


def test_the_relay_s_other_answers_name_people_as_the_user_does(bob: Seat) -> None:
    """One key under two names is told with the petname."""
    with alice() as world:
        meet(world, bob)
        call(world, "bob", "Bobby")
        write(world, SECRET, "dave")
        answer: PublishedUser = published(bob, "dave")
        world.find("dave", answer)
        assert "the key of Bobby as that of dave" in world.problems[-1]
