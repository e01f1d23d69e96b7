"""A hostile relay: what it changes, cuts, misdelivers, repeats or reorders gets it nothing."""

import random
from collections.abc import Callable

import pytest

from securechat.e2e import envelope
from securechat.e2e.results import Duplicate, Opened
from tests.pure.e2e.hostile import (
    Case,
    flip,
    know_all,
    make_message_case,
    make_second_start_case,
    make_start_case,
    refuse_all,
)
from tests.pure.e2e.profiles import is_long
from tests.pure.e2e.world import DAY_MS, NOW_MS, Seat, copy_seat, make_pair, make_seat

MESSAGE_CASE, START_CASE = make_message_case(), make_start_case()
SECOND_START_CASE = make_second_start_case()
CASES = [
    pytest.param(MESSAGE_CASE, id="message"),
    pytest.param(START_CASE, id="start"),
    pytest.param(SECOND_START_CASE, id="second start"),
]
ALICE, BOB = make_pair()
BOX_KEY_BITS = 256

# Changed and misdelivered envelopes ---------------------------------------------------------------


def flipped(genuine: bytes) -> list[bytes]:
    """Flip each bit of the key that an envelope begins with, and some bits of the box."""
    stride = 1 if is_long() else 33
    bits = [*range(BOX_KEY_BITS), *range(BOX_KEY_BITS, 8 * len(genuine), stride)]
    return [flip(genuine, bit) for bit in bits]


def test_no_flipped_bit_of_a_message_opens() -> None:
    refuse_all(MESSAGE_CASE, flipped(MESSAGE_CASE.genuine))


def test_no_flipped_bit_of_a_start_opens() -> None:
    refuse_all(START_CASE, flipped(START_CASE.genuine))


@pytest.mark.parametrize("case", CASES)
def test_an_envelope_truncated_to_any_length_does_not_open(case: Case) -> None:
    refuse_all(case, [case.genuine[:length] for length in range(len(case.genuine))])


@pytest.mark.parametrize("case", CASES)
def test_an_envelope_with_bytes_appended_does_not_open(case: Case) -> None:
    sizes_bytes = (*range(1, 50), *(size - len(case.genuine) for size in envelope.SIZES_BYTES))
    refuse_all(case, [case.genuine + bytes(size) for size in sizes_bytes if size > 0])


@pytest.mark.parametrize("case", CASES)
def test_an_envelope_of_no_bucket_s_size_does_not_open(case: Case) -> None:
    """Anybody can seal a box of any size: also around the genuine frame, longer or shorter."""
    frames = [case.frame[:-1], case.frame + b"\0", case.frame + bytes(100), bytes(20_000), b""]
    refuse_all(case, [case.recipient.reseal(frame) for frame in frames])


@pytest.mark.parametrize("case", CASES)
def test_an_envelope_for_bob_does_not_open_at_carol_s(case: Case) -> None:
    alice, carol = copy_seat(case.sender), make_seat("Carol")
    refuse_all(Case(alice, carol, alice.send(carol, "genuine")), [case.genuine])


@pytest.mark.parametrize("case", CASES)
def test_an_envelope_reflected_to_its_sender_does_not_open(case: Case) -> None:
    bob = copy_seat(case.recipient)
    bob.read(case.genuine)
    refuse_all(Case(bob, case.sender, bob.send(case.sender, "genuine")), [case.genuine])


# Replays ------------------------------------------------------------------------------------------


def after_reading(case: Case, *, at_ms: int = NOW_MS) -> Case:
    """Return the case of Bob, who has read the first envelope, and a second from Alice."""
    alice, bob = copy_seat(case.sender), copy_seat(case.recipient)
    bob.read(case.genuine)
    bob.publish(at_ms)
    return Case(alice, bob, alice.send(bob, "genuine", at_ms))


@pytest.mark.parametrize("case", CASES)
def test_an_envelope_delivered_a_hundred_times_is_shown_once(case: Case) -> None:
    bob = copy_seat(case.recipient)
    outcomes = [bob.receive(case.genuine) for _ in range(100)]
    assert isinstance(outcomes[0], Opened)
    assert outcomes[1:] == [Duplicate()] * 99


@pytest.mark.parametrize("case", CASES)
def test_a_replay_after_a_restart_is_a_duplicate(case: Case) -> None:
    case_now = after_reading(case)
    case_now.recipient.reload()
    know_all(case_now, [case.genuine])


@pytest.mark.parametrize("case", CASES)
def test_a_replay_after_the_session_was_deleted_is_a_duplicate(case: Case) -> None:
    bob = after_reading(case).recipient
    for session in bob.endpoint._sessions._of(case.sender.address):
        bob.endpoint._sessions._delete(session)
    bob.reload()
    alice = make_seat("Alice")
    know_all(Case(alice, bob, alice.send(bob, "genuine")), [case.genuine])


@pytest.mark.parametrize("case", CASES)
def test_a_replay_after_a_key_rotation_is_a_duplicate(case: Case) -> None:
    know_all(after_reading(case, at_ms=NOW_MS + 7 * DAY_MS), [case.genuine])


@pytest.mark.parametrize("case", CASES)
def test_a_replay_after_its_keys_were_deleted_does_not_open(case: Case) -> None:
    case_now = after_reading(case, at_ms=NOW_MS + 7 * DAY_MS)
    case_now.recipient.endpoint.drained(NOW_MS + 10 * DAY_MS)
    case_now.recipient.reload()
    refuse_all(case_now, [case.genuine])


def test_a_replayed_start_on_a_fallback_key_is_a_duplicate() -> None:
    alice, bob = make_seat("Alice"), make_seat("Bob")
    bob.one_time_keys.clear()
    start = alice.send(bob, "on the fallback key")
    assert bob.read(start) == "on the fallback key"
    know_all(Case(alice, bob, alice.send(bob, "genuine")), [start])


# Order --------------------------------------------------------------------------------------------


def carry(misbehave: Callable[[list[bytes]], list[bytes]], count: int = 41) -> list[Opened]:
    """Let a relay carry a chain of messages, "0" and so on; return what Bob shows, and one more."""
    alice, bob = copy_seat(ALICE), copy_seat(BOB)
    mail = misbehave([alice.send(bob, str(number)) for number in range(count)])
    outcomes = [bob.receive(each) for each in (*mail, alice.send(bob, "one more"))]
    shown = [outcome for outcome in outcomes if isinstance(outcome, Opened)]
    assert all(outcome == Duplicate() for outcome in outcomes if outcome not in shown)
    assert not any(outcome.forked for outcome in shown)
    return shown


def texts(shown: list[Opened]) -> list[str]:
    return [getattr(outcome.content, "text", "") for outcome in shown]


def everything(count: int = 41) -> list[str]:
    return [*map(str, range(count)), "one more"]


def test_forty_messages_reversed_are_all_shown_as_late() -> None:
    shown = carry(lambda mail: mail[::-1])
    assert texts(shown) == [*everything()[-2::-1], "one more"]
    assert [outcome.missing for outcome in shown] == [40] + 41 * [0]
    assert [outcome.late for outcome in shown] == [False] + 40 * [True] + [False]


def test_forty_messages_shuffled_are_all_shown_once() -> None:
    shown = carry(lambda mail: random.Random(1).sample(mail, len(mail)))
    assert sorted(texts(shown)) == sorted(everything())
    assert sum(o.missing for o in shown) == sum(o.late for o in shown) > 0


def test_a_message_delayed_by_forty_is_shown_as_late() -> None:
    shown = carry(lambda mail: [*mail[1:], mail[0]])
    assert texts(shown) == [*everything()[1:-1], "0", "one more"]
    assert [o.missing for o in shown] == [1] + 41 * [0]
    assert [o.late for o in shown] == 40 * [False] + [True, False]


def test_a_dropped_message_is_a_gap() -> None:
    shown = carry(lambda mail: [*mail[:20], *mail[21:]])
    assert texts(shown) == [text for text in everything() if text != "20"]
    assert [text for text, o in zip(texts(shown), shown, strict=True) if o.missing] == ["21"]
    assert sum(outcome.missing for outcome in shown) == 1


def test_a_dropped_tail_is_a_gap_once_anything_comes() -> None:
    shown = carry(lambda mail: mail[:-3])
    assert texts(shown) == [*everything()[:-4], "one more"]
    assert [outcome.missing for outcome in shown] == 38 * [0] + [3]


def test_a_chain_duplicated_a_hundred_times_is_shown_once() -> None:
    shown = carry(lambda mail: mail * 100, count=5)
    assert texts(shown) == everything(5)
    assert sum(outcome.missing for outcome in shown) == 0


# Keys that run out, and what a log of everything shows --------------------------------------------


def test_a_one_time_key_given_to_two_senders_serves_one() -> None:
    alice, bob, carol = make_seat("Alice"), make_seat("Bob"), make_seat("Carol")
    same = bob.shown()
    for seat in (alice, carol):
        seat.endpoint.start_session(same, NOW_MS)
    assert bob.read(alice.send(bob, "the first to come")) == "the first to come"
    refuse_all(Case(alice, bob, alice.send(bob, "genuine")), [carol.send(bob, "the second")])
    carol.endpoint.start_session(bob.shown(), NOW_MS)
    assert isinstance(bob.receive(carol.send(bob, "with a key of her own")), Opened)


def test_without_one_time_keys_the_fallback_key_serves_everybody() -> None:
    bob = make_seat("Bob")
    bob.one_time_keys.clear()
    for seat in (make_seat("Alice"), make_seat("Carol")):
        assert bob.read(seat.send(bob, "to the fallback key")) == "to the fallback key"
        assert seat.read(bob.send(seat, "answer")) == "answer"


def converse(alice: Seat, bob: Seat) -> list[bytes]:
    """Return every envelope of a start, its answer and a conversation after it."""
    log = []
    for _ in range(3):
        for sender, recipient in ((alice, bob), (bob, alice)):
            log += [sender.send(recipient, "attack at dawn" * 30) for _ in range(2)]
            for envelope_ in log[-2:]:
                recipient.read(envelope_)
    return log


def test_a_log_of_every_envelope_shows_no_sender_and_no_text() -> None:
    alice, bob = make_seat("Alice"), make_seat("Bob")
    log = converse(alice, bob)
    secrets = [b"attack at dawn", b"Alice", b"Bob"]
    for seat, peer in ((alice, bob), (bob, alice)):
        certificate, bundle = seat.endpoint.certificate, seat.bundle
        assert bundle is not None
        secrets += [*seat.address, certificate.olm_key, certificate.signing_key]
        secrets += [seat.endpoint.mailbox, bundle.envelope_key, bundle.fallback_key]
        secrets += [session.session_id for session in seat.endpoint._sessions._of(peer.address)]
    assert not [secret for secret in secrets for envelope_ in log if secret in envelope_]
    assert {len(envelope_) for envelope_ in log} <= set(envelope.SIZES_BYTES)


def test_a_log_of_every_envelope_links_no_two_of_them() -> None:
    """Not by a session id, a counter or a key: no 8 bytes come twice."""
    log = converse(make_seat("Alice"), make_seat("Bob"))
    windows = [each[i : i + 8] for each in log for i in range(len(each) - 7)]
    assert len(set(windows)) == len(windows)
