"""Asking for what could not be opened or has not come, and answering; E2E.md §5, Recovery."""

import pytest

from securechat.e2e.content import Receipt, Recovery, Text
from securechat.e2e.copies import COPY_LIFE_MS, MAX_COPIES
from securechat.e2e.endpoint import new_message_id
from securechat.e2e.epochs import ROTATED_GRACE_MS
from securechat.e2e.recovery import ANSWER_EVERY_MS, ASK_EVERY_MS
from securechat.e2e.results import Duplicate, Opened, Unreadable
from securechat.e2e.session import RENEW_AFTER_MESSAGES, State
from securechat.errors import CannotOpen, LocalProtocolError, Untrusted
from securechat.identity.chain import ROTATE_AFTER_MS
from tests.pure.e2e.hostile import flip, session_of
from tests.pure.e2e.world import NOW_MS, Seat, copy_seat, make_pair, make_seat

ALICE, BOB = make_pair()
EVERYTHING = Recovery(0, ())


@pytest.fixture
def alice() -> Seat:
    return copy_seat(ALICE)


@pytest.fixture
def bob() -> Seat:
    return copy_seat(BOB)


def unreadable(seat: Seat, envelope: bytes, claimed: Seat, now_ms: int = NOW_MS) -> None:
    before = seat.state()
    with pytest.raises(Unreadable) as refused:
        seat.endpoint.open(envelope, now_ms)
    assert refused.value.claimed == claimed.address
    assert str(refused.value) == "A message cannot be opened."
    assert seat.state() == before


def texts(seat: Seat, envelopes: list[bytes], now_ms: int = NOW_MS) -> list[str]:
    """Return the texts among what comes anew; nothing of it may be an alarm."""
    shown = []
    for envelope in envelopes:
        outcome = seat.receive(envelope, now_ms)
        if outcome != Duplicate():
            assert isinstance(outcome, Opened)
            assert not outcome.forked
            if isinstance(outcome.content, Text):
                shown.append(outcome.content.text)
    return shown


def recover(asker: Seat, asked: Seat, now_ms: int = NOW_MS) -> list[str]:
    """Ask, answer, and return the texts that come."""
    request = asker.ask(asked, now_ms)
    assert request is not None
    return texts(asker, asked.answer(asker, request, now_ms), now_ms)


def lose_sessions(seat: Seat) -> None:
    seat.commit()
    for row in [row for row in seat.rows if row[0].startswith("session")]:
        del seat.rows[row]
    seat.reload()


def converse(one: Seat, other: Seat) -> None:
    for number in range(3):
        assert other.read(one.send(other, f"{number}")) == f"{number}"
        assert one.read(other.send(one, f"{number}")) == f"{number}"


def test_after_the_loss_of_a_session_everything_is_readable_again(alice: Seat, bob: Seat) -> None:
    lose_sessions(bob)
    for number in range(3):
        unreadable(bob, alice.send(bob, f"{number}"), alice)
    assert recover(bob, alice) == ["0", "1", "2"]
    assert not bob.endpoint.has_gaps(alice.address)
    converse(alice, bob)


def test_after_too_long_a_jump_of_the_ratchet_everything_is_readable_again(
    alice: Seat, bob: Seat
) -> None:
    for _ in range(2_001):
        session_of(alice, bob).ratchet.encrypt(b"")
    for number in range(3):
        unreadable(bob, alice.send(bob, f"{number}"), alice)
    assert recover(bob, alice) == ["0", "1", "2"]
    converse(alice, bob)


def test_after_the_loss_of_an_envelope_key_everything_is_readable_again(
    alice: Seat, bob: Seat
) -> None:
    lost = [alice.send(bob, f"{number}") for number in range(3)]
    rotated_ms = NOW_MS + ROTATE_AFTER_MS - ASK_EVERY_MS
    for seat in (alice, bob):
        seat.publish(NOW_MS + ROTATE_AFTER_MS)
    bob.endpoint.drained(NOW_MS + ROTATE_AFTER_MS + ROTATED_GRACE_MS)
    for envelope in lost:
        with pytest.raises(CannotOpen) as refused:
            bob.endpoint.open(envelope, rotated_ms)
        assert not isinstance(refused.value, Unreadable)
    outcome = bob.receive(alice.send(bob, "next", rotated_ms), rotated_ms)
    assert isinstance(outcome, Opened)
    assert outcome.missing == 3
    assert bob.endpoint.has_gaps(alice.address)
    assert recover(bob, alice, rotated_ms) == ["0", "1", "2"]
    assert not bob.endpoint.has_gaps(alice.address)


def test_a_first_message_that_used_a_spent_one_time_key_is_readable_again() -> None:
    alice, bob, carol = make_seat("Alice"), make_seat("Bob"), make_seat("Carol")
    spent = bob.one_time_keys[-1]
    assert bob.read(alice.send(bob)) == "hello"
    bob.one_time_keys.append(spent)
    unreadable(bob, carol.send(bob, "from carol"), carol)
    assert recover(bob, carol) == ["from carol"]
    converse(carol, bob)


def test_what_the_relay_dropped_fills_its_gaps_in_order(alice: Seat, bob: Seat) -> None:
    envelopes = [alice.send(bob, f"{number}") for number in range(10)]
    bob.receive(envelopes[3])
    bob.receive(envelopes[7])
    assert bob.endpoint.ask_recovery(alice.address, NOW_MS) == Recovery(9, ((1, 3), (5, 7)))
    bob = copy_seat(bob)
    assert recover(bob, alice) == ["0", "1", "2", "4", "5", "6", "8", "9"]


def test_both_may_ask_at_once(alice: Seat, bob: Seat) -> None:
    to_bob, to_alice = alice.send(bob, "to bob"), bob.send(alice, "to alice")
    lose_sessions(alice)
    lose_sessions(bob)
    unreadable(bob, to_bob, alice)
    unreadable(alice, to_alice, bob)
    from_bob, from_alice = bob.ask(alice), alice.ask(bob)
    assert from_bob is not None
    assert from_alice is not None
    again_to_bob = alice.answer(bob, from_bob)
    again_to_alice = bob.answer(alice, from_alice)
    assert texts(bob, again_to_bob) == ["to bob"]
    assert texts(alice, again_to_alice) == ["to alice"]
    converse(alice, bob)
    assert session_of(alice, bob).session_id == session_of(bob, alice).session_id


def test_a_resent_message_is_what_it_was(alice: Seat, bob: Seat) -> None:
    lost, message_id = copy_seat(bob), new_message_id()
    envelope = alice.send(bob, "genuine", message_id=message_id)
    original = bob.receive(envelope)
    request = lost.ask(alice, NOW_MS + 1)
    assert request is not None
    (again,) = alice.answer(lost, request, NOW_MS + 1)
    assert again != envelope
    assert lost.receive(again) == original
    assert isinstance(original, Opened)
    assert (original.message_id, original.time_ms) == (message_id, NOW_MS)
    assert lost.receive(envelope) == Duplicate()


def test_what_came_after_all_is_shown_once(alice: Seat, bob: Seat) -> None:
    delayed = alice.send(bob, "delayed")
    request = bob.ask(alice)
    assert request is not None
    (again,) = alice.answer(bob, request)
    assert bob.read(delayed) == "delayed"
    assert bob.receive(again) == Duplicate()


def test_the_asker_sends_everything_on_the_fresh_session(alice: Seat, bob: Seat) -> None:
    old = session_of(bob, alice).session_id
    request = bob.ask(alice)
    fresh = session_of(bob, alice)
    assert (fresh.state, fresh.session_id != old) == (State.STARTING, True)
    assert len(bob.send(alice)) == 2048
    assert bob.read(alice.send(bob, "on the old session")) == "on the old session"
    assert session_of(bob, alice) is fresh
    assert request is not None
    alice.receive(request)
    assert session_of(alice, bob).session_id == fresh.session_id


def test_a_receipt_ends_the_keeping(alice: Seat, bob: Seat) -> None:
    first, second = new_message_id(), new_message_id()
    alice.send(bob, "first", message_id=first)
    alice.send(bob, "second", message_id=second)
    outcome = alice.receive(bob.send(alice, bob.endpoint.receipt((first,))))
    assert isinstance(outcome, Opened)
    assert isinstance(outcome.content, Receipt)
    alice.endpoint.note_delivered(outcome.sender, outcome.content.message_ids)
    alice.reload()
    sealed = alice.endpoint.resend(bob.shown(), EVERYTHING, NOW_MS)
    assert [each.message_id for each in sealed[1:]] == [second]


def test_a_forged_receipt_costs_only_its_sender(alice: Seat, bob: Seat) -> None:
    mallory, message_id = make_seat("Mallory"), new_message_id()
    envelope = alice.send(bob, "for bob", message_id=message_id)
    alice.endpoint.note_delivered(mallory.address, (message_id,))
    lost = copy_seat(bob)
    assert bob.read(envelope) == "for bob"
    assert recover(lost, alice) == ["for bob"]


def test_only_copies_of_the_last_seven_days_are_sent_again(alice: Seat, bob: Seat) -> None:
    alice.send(bob, "old", NOW_MS)
    alice.send(bob, "new", NOW_MS + 1)
    later_ms = NOW_MS + COPY_LIFE_MS
    request = bob.ask(alice, later_ms)
    assert request is not None
    (again,) = alice.answer(bob, request, later_ms)
    outcome = bob.receive(again, later_ms)
    assert isinstance(outcome, Opened)
    assert (outcome.content, outcome.missing) == (Text("new"), 1)


def test_copies_go_when_the_mailbox_is_empty(alice: Seat, bob: Seat) -> None:
    alice.send(bob)
    alice.endpoint.drained(NOW_MS + COPY_LIFE_MS)
    alice.commit()
    assert "sent" not in {table for table, _ in alice.rows}


def test_a_recovery_of_another_device_gets_nothing_of_ours(alice: Seat, bob: Seat) -> None:
    alice.send(bob, "for bob only")
    mallory = make_seat("Mallory")
    request = mallory.send(alice, EVERYTHING)
    assert alice.answer(mallory, request) == []
    assert ("recovery", mallory.address.encode()) not in alice.rows


def test_a_resend_never_goes_to_another_identity_of_the_same_name(alice: Seat, bob: Seat) -> None:
    alice.send(bob, "for the old bob")
    other = make_seat("Bob")
    request = other.ask(alice)
    assert request is not None
    assert alice.answer(other, request) == []
    assert recover(bob, alice) == ["for the old bob"]


def test_a_flood_of_recoveries_is_answered_once_in_fifty_minutes(alice: Seat, bob: Seat) -> None:
    for number in range(5):
        alice.send(bob, f"{number}")
    answers = []
    for number in range(20):
        now_ms = NOW_MS + number * ANSWER_EVERY_MS // 10
        answers.append(len(alice.answer(bob, bob.send(alice, EVERYTHING, now_ms), now_ms)))
        alice.reload()
    assert answers == [6, *[0] * 9, 6, *[0] * 9]


def test_the_answer_to_a_recovery_is_bounded(alice: Seat, bob: Seat) -> None:
    shown = bob.shown()
    for _ in range(MAX_COPIES + 5):
        alice.endpoint.seal(shown, Text("x"), NOW_MS, written_ms=NOW_MS)
    session_of(alice, bob).sent = RENEW_AFTER_MESSAGES - 1
    sealed = alice.endpoint.resend(shown, EVERYTHING, NOW_MS)
    assert len(sealed) == MAX_COPIES
    assert alice.endpoint.needs_session(bob.address, NOW_MS)


def test_a_device_is_asked_once_an_hour(alice: Seat, bob: Seat) -> None:
    carol = make_seat("Carol")
    assert bob.ask(alice) is not None
    bob.reload()
    assert bob.ask(alice, NOW_MS + ASK_EVERY_MS - 1) is None
    assert bob.endpoint.take_changes() == {}
    assert bob.ask(carol) is not None
    assert bob.ask(alice, NOW_MS + ASK_EVERY_MS) is not None


def test_a_clock_that_is_set_back_blocks_nothing(alice: Seat, bob: Seat) -> None:
    alice.send(bob, "genuine")
    later_ms = NOW_MS + 1_000_000
    assert bob.ask(alice, later_ms) is not None
    assert recover(bob, alice, NOW_MS) == ["genuine"]
    lost = bob.send(alice, EVERYTHING, later_ms)
    assert len(alice.answer(bob, lost, NOW_MS - 1)) == 2


def test_nothing_is_sent_again_without_a_session_or_to_expired_keys(alice: Seat, bob: Seat) -> None:
    shown = bob.shown()
    expired_ms = shown.bundle.not_after_ms + 1
    with pytest.raises(Untrusted):
        alice.endpoint.resend(shown, EVERYTHING, expired_ms)
    lose_sessions(alice)
    with pytest.raises(LocalProtocolError):
        alice.endpoint.resend(shown, EVERYTHING, NOW_MS)
    assert recover(bob, alice) == []


def test_without_anything_to_send_again_no_session_is_needed() -> None:
    alice, bob = make_seat("Alice"), make_seat("Bob")
    assert alice.endpoint.resend(bob.shown(), EVERYTHING, NOW_MS) == ()
    assert alice.endpoint.take_changes() == {}


def test_what_is_not_for_this_device_or_is_its_own_claims_nobody(alice: Seat, bob: Seat) -> None:
    envelope = alice.send(bob)
    for hostile in (b"", bytes(512), flip(envelope, 8), alice.reseal(bob.unseal(envelope))):
        with pytest.raises(CannotOpen) as refused:
            alice.endpoint.open(hostile, NOW_MS)
        assert not isinstance(refused.value, Unreadable)
