"""What somebody can try while two people compare emoji: nobody is ever verified by it."""

import pytest

from securechat.crypto.sas import Sas
from securechat.e2e.content import encode_content
from securechat.e2e.plaintext import direct_conversation_id
from securechat.e2e.sas import LIFE_S, SasExchange, State
from securechat.e2e.sas_content import Comparing, SasFailure, Step, abort
from securechat.errors import LocalProtocolError, RemoteProtocolError
from securechat.identity.types import DeviceAddress, DeviceId, RelayId, UserKey
from tests.pure.e2e.hostile import plaintext_of
from tests.pure.e2e.room_world import shown
from tests.pure.e2e.test_sas import ALICE, BOB, NOW_S, RELAY, TX, show_both, start_both
from tests.pure.e2e.world import NOW_MS, copy_seat, make_pair

MALLORY = DeviceAddress(UserKey(b"m" * 32), DeviceId(b"3" * 16))
BOBS_OTHER = DeviceAddress(BOB.user_key, DeviceId(b"4" * 16))
SIZES_BYTES = {Step.START: 0, Step.COMMIT: 32, Step.KEY: 32, Step.CONFIRM: 32, Step.ABORT: 1}
LOW_ORDER = [bytes(32), b"\1" + bytes(31), b"\xec" + b"\xff" * 30 + b"\x7f"]


def commit_both() -> tuple[SasExchange, SasExchange, Comparing]:
    """Return both after Bob's commit, and Alice's key on its way."""
    alice, bob = start_both()
    (alice_key,) = alice.hear(bob.agree()[0], BOB)
    return alice, bob, alice_key


def assert_ended(exchange: SasExchange, answers: list[Comparing], why: SasFailure) -> None:
    assert exchange.state is State.ENDED
    assert exchange.failure is why
    assert exchange.shown is None
    assert answers == [abort(exchange.tx, why)]


def test_mallory_in_the_middle_with_own_keys_makes_both_see_something_else() -> None:
    """Alice has taken Mallory's key for Bob's, and Bob took it for Alice's."""
    alice = SasExchange.begin(ALICE, MALLORY.user_key, RELAY, NOW_S)
    to_alice = SasExchange.asked(MALLORY, ALICE, RELAY, alice.start, NOW_S)
    bob = SasExchange.asked(BOB, MALLORY, RELAY, alice.start, NOW_S)
    to_bob = SasExchange.begin(MALLORY, BOB.user_key, RELAY, NOW_S, draw=lambda _: alice.tx)
    (alice_key,) = alice.hear(to_alice.agree()[0], MALLORY)
    alice.hear(to_alice.hear(alice_key, ALICE)[0], MALLORY)
    (key_for_bob,) = to_bob.hear(bob.agree()[0], BOB)
    to_bob.hear(bob.hear(key_for_bob, MALLORY)[0], BOB)
    assert alice.shown is not None
    assert bob.shown is not None
    assert alice.shown.emoji != bob.shown.emoji
    assert alice.shown.decimals != bob.shown.decimals


def test_steps_passed_on_under_mallorys_keys_do_not_fit_the_commitment() -> None:
    alice = SasExchange.begin(ALICE, MALLORY.user_key, RELAY, NOW_S)
    bob = SasExchange.asked(BOB, MALLORY, RELAY, alice.start, NOW_S)
    (alice_key,) = alice.hear(bob.agree()[0], MALLORY)
    answers = alice.hear(bob.hear(alice_key, MALLORY)[0], MALLORY)
    assert_ended(alice, answers, SasFailure.COMMITMENT)


@pytest.mark.parametrize("index", range(32))
def test_a_key_changed_after_the_commitment_is_refused(index: int) -> None:
    alice, bob, alice_key = commit_both()
    (bob_key,) = bob.hear(alice_key, ALICE)
    changed = bytearray(bob_key.data)
    changed[index] ^= 1
    answers = alice.hear(Comparing(alice.tx, Step.KEY, bytes(changed)), BOB)
    assert_ended(alice, answers, SasFailure.COMMITMENT)


def test_another_key_chosen_after_the_own_one_was_seen_is_refused() -> None:
    alice, _, _ = commit_both()
    answers = alice.hear(Comparing(alice.tx, Step.KEY, Sas().public_key), BOB)
    assert_ended(alice, answers, SasFailure.COMMITMENT)


def test_a_key_without_a_commitment_is_refused() -> None:
    alice, _ = start_both()
    answers = alice.hear(Comparing(alice.tx, Step.KEY, Sas().public_key), BOB)
    assert_ended(alice, answers, SasFailure.OUT_OF_TURN)


def test_a_key_before_the_user_has_agreed_is_refused() -> None:
    _, bob = start_both()
    answers = bob.hear(Comparing(bob.tx, Step.KEY, Sas().public_key), ALICE)
    assert_ended(bob, answers, SasFailure.OUT_OF_TURN)


def test_a_second_commitment_is_refused() -> None:
    alice, _, _ = commit_both()
    answers = alice.hear(Comparing(alice.tx, Step.COMMIT, bytes(32)), BOB)
    assert_ended(alice, answers, SasFailure.OUT_OF_TURN)


def test_a_reflected_key_is_refused() -> None:
    alice, _, alice_key = commit_both()
    assert_ended(alice, alice.hear(alice_key, BOB), SasFailure.COMMITMENT)


def test_a_reflected_key_is_refused_by_the_side_that_was_asked() -> None:
    _, bob, _ = commit_both()
    reflected = Comparing(bob.tx, Step.KEY, bob._sas.public_key)
    assert_ended(bob, bob.hear(reflected, ALICE), SasFailure.KEY)


@pytest.mark.parametrize("point", LOW_ORDER)
def test_a_key_of_low_order_is_refused(point: bytes) -> None:
    _, bob, _ = commit_both()
    answers = bob.hear(Comparing(bob.tx, Step.KEY, point), ALICE)
    assert_ended(bob, answers, SasFailure.KEY)


@pytest.mark.parametrize("point", LOW_ORDER)
def test_a_key_of_low_order_that_was_committed_to_is_refused(point: bytes) -> None:
    alice, bob = start_both()
    alice.hear(Comparing(alice.tx, Step.COMMIT, bob._commit(point)), BOB)
    answers = alice.hear(Comparing(alice.tx, Step.KEY, point), BOB)
    assert_ended(alice, answers, SasFailure.KEY)


def test_a_commitment_sent_back_to_whoever_made_it_is_out_of_turn() -> None:
    _, bob = start_both()
    (commit,) = bob.agree()
    assert_ended(bob, bob.hear(commit, ALICE), SasFailure.OUT_OF_TURN)


def test_a_commitment_in_the_other_role_does_not_fit() -> None:
    """Both have started one under one transaction, and each gives the other what the asked give."""
    alice = SasExchange.begin(ALICE, BOB.user_key, RELAY, NOW_S, draw=lambda _: TX)
    bob = SasExchange.begin(BOB, ALICE.user_key, RELAY, NOW_S, draw=lambda _: TX)
    bob.device = ALICE.device_id
    own_order = Comparing(TX, Step.COMMIT, bob._commit(bob._sas.public_key))
    alice.hear(own_order, BOB)
    answers = alice.hear(Comparing(TX, Step.KEY, bob._sas.public_key), BOB)
    assert_ended(alice, answers, SasFailure.COMMITMENT)


def test_the_confirm_of_the_own_role_sent_back_is_refused() -> None:
    alice, _ = show_both()
    (own,) = alice.match()
    assert_ended(alice, alice.hear(own, BOB), SasFailure.MAC)


def test_a_confirm_of_an_earlier_comparison_is_refused() -> None:
    _, earlier = show_both()
    (confirm,) = earlier.match()
    alice, _ = show_both()
    assert alice.hear(confirm, BOB) == []
    assert alice.state is State.SHOWN
    again = Comparing(alice.tx, Step.CONFIRM, confirm.data)
    assert_ended(alice, alice.hear(again, BOB), SasFailure.MAC)


def test_a_confirm_sent_twice_is_refused() -> None:
    alice, bob = show_both()
    (confirm,) = bob.match()
    alice.hear(confirm, BOB)
    assert_ended(alice, alice.hear(confirm, BOB), SasFailure.OUT_OF_TURN)


@pytest.mark.parametrize("bit", range(0, 256, 7))
def test_no_flipped_bit_of_a_confirm_is_taken(bit: int) -> None:
    alice, bob = show_both()
    (confirm,) = bob.match()
    alice.match()
    changed = (int.from_bytes(confirm.data, "big") ^ 1 << bit).to_bytes(32, "big")
    answers = alice.hear(Comparing(alice.tx, Step.CONFIRM, changed), BOB)
    assert_ended(alice, answers, SasFailure.MAC)


def test_a_confirm_alone_verifies_nobody() -> None:
    alice, bob = show_both()
    alice.hear(bob.match()[0], BOB)
    assert alice.state is State.PEER_CONFIRMED
    alice.expire(NOW_S + LIFE_S)
    assert alice.failure is SasFailure.TIMEOUT


def test_a_step_of_another_transaction_changes_nothing() -> None:
    alice, _ = show_both()
    for step in Step:
        assert alice.hear(Comparing(TX, step, b"\1" * 32), BOB) == []
    assert alice.state is State.SHOWN


@pytest.mark.parametrize("step", Step)
def test_nobody_else_takes_part(step: Step) -> None:
    for exchange in (start_both()[0], show_both()[0]):
        before = exchange.state
        assert exchange.hear(Comparing(exchange.tx, step, b"\1" * 32), MALLORY) == []
        assert exchange.state is before


def test_a_second_device_of_the_other_side_is_busy_and_disturbs_nothing() -> None:
    alice, bob, alice_key = commit_both()
    other = SasExchange.asked(BOBS_OTHER, ALICE, RELAY, alice.start, NOW_S)
    (commit,) = other.agree()
    assert alice.hear(commit, BOBS_OTHER) == [abort(alice.tx, SasFailure.BUSY)]
    assert alice.hear(abort(alice.tx, SasFailure.DIFFERS), BOBS_OTHER) == []
    alice.hear(bob.hear(alice_key, ALICE)[0], BOB)
    assert alice.shown == bob.shown


def shown_with(relay: RelayId, own: DeviceAddress, seen: DeviceAddress) -> tuple[object, object]:
    """Return what both see when Bob is ``own``, is seen as ``seen``, and is on this relay."""
    alice = SasExchange.begin(ALICE, seen.user_key, RELAY, NOW_S)
    bob = SasExchange.asked(own, ALICE, relay, alice.start, NOW_S)
    bob.agree()
    alice.hear(Comparing(alice.tx, Step.COMMIT, bytes(32)), seen)
    alice._commitment = alice._commit(bob._sas.public_key)
    (key,) = bob.hear(Comparing(bob.tx, Step.KEY, alice._sas.public_key), ALICE)
    assert alice.hear(key, seen) == []
    return alice.shown, bob.shown


def test_another_relay_key_or_device_is_seen() -> None:
    """Also by somebody who could make a commitment fit."""
    at_alice, at_bob = shown_with(RELAY, BOB, BOB)
    assert at_alice == at_bob
    for relay, own in ((RelayId(b"s" * 32), BOB), (RELAY, MALLORY), (RELAY, BOBS_OTHER)):
        at_alice, at_bob = shown_with(relay, own, BOB)
        assert at_alice != at_bob


def test_the_own_key_as_the_other_side_is_refused() -> None:
    with pytest.raises(LocalProtocolError):
        SasExchange.begin(ALICE, ALICE.user_key, RELAY, NOW_S)


@pytest.mark.parametrize("why", [SasFailure.KEY_CHANGED, SasFailure.OUT_OF_TURN])
def test_nothing_follows_what_was_given_up(why: SasFailure) -> None:
    alice, bob = show_both()
    (confirm,) = bob.match()
    assert_ended(alice, alice.give_up(why), why)
    assert alice.hear(confirm, BOB) == []
    assert alice.give_up(SasFailure.TIMEOUT) == []
    with pytest.raises(LocalProtocolError):
        alice.match()
    assert alice.failure is why


def test_nothing_of_a_comparison_is_taken_without_encryption() -> None:
    alice, bob = make_pair()
    conversation = direct_conversation_id(alice.address.user_key, bob.address.user_key)
    reader = copy_seat(bob).endpoint._plain._reader
    for step, size_bytes in SIZES_BYTES.items():
        comparing = Comparing(TX, step, b"\1" * size_bytes)
        kind, body = encode_content(comparing)
        message = plaintext_of(alice, bob, kind=kind, body=body).encode()
        with pytest.raises(RemoteProtocolError, match="without encryption"):
            reader.read(alice.address, conversation, message, NOW_MS, encrypted=False)
        assert shown(bob.receive(alice.send(bob, comparing))) == comparing
