"""A person's next device: the same person, not one key of the device before."""

import pytest

from securechat.crypto.signing import SigningKey
from securechat.e2e.content import Recovery, Text
from securechat.e2e.copies import COPY_LIFE_MS
from securechat.e2e.endpoint import Endpoint
from securechat.e2e.own_device import UserIdentity
from securechat.e2e.results import Repeated
from securechat.errors import CannotOpen, RemoteProtocolError
from securechat.identity.types import MessageId
from tests.pure.e2e.world import (
    NOW_MS,
    carry_out,
    copy_seat,
    make_pair,
    make_seat,
    next_device,
    public_keys,
)

MESSAGE_ID = MessageId(b"m" * 16)
OTHERS_ROW = ("contact", b"alice")


def test_it_is_the_same_person_with_a_longer_list() -> None:
    old = make_seat("Bob")
    new = next_device(old)
    assert new.endpoint.user_key == old.endpoint.user_key
    before, after = old.endpoint.device_list, new.endpoint.device_list
    after.verify(old.endpoint.user_key)
    assert (after.sequence, after.previous_hash) == (before.sequence + 1, before.hash)
    assert after.certificate_hashes == (new.endpoint.certificate.hash,)
    assert new.endpoint.certificate.sequence == old.endpoint.certificate.sequence + 1


def test_no_key_of_the_old_device_is_used_again() -> None:
    old = make_seat("Bob")
    new = next_device(old)
    assert not public_keys(old) & public_keys(new)
    assert new.endpoint.mailbox != old.endpoint.mailbox


def test_of_the_old_device_only_message_ids_and_unconfirmed_texts_stay() -> None:
    alice, bob = make_pair()
    bob.read(alice.send(bob, "one"))
    alice.read(bob.send(alice, "two"))
    bob.ask(alice)
    before = dict(bob.rows)
    changes = Endpoint.create_next(bob.endpoint.user_identity, NOW_MS, before).take_changes()
    carry_out(changes, bob.rows)
    tables = {table for table, _ in before}
    assert tables >= {"session", "session_start", "chain", "sent", "recovery", "nonce"}
    assert {table for table, _ in bob.rows} == {"self", "epoch", "message_id", "formerly_sent"}
    same = {row for row, value in bob.rows.items() if before.get(row) == value}
    assert {table for table, _ in same} == {"message_id"}


def test_texts_that_nobody_confirmed_are_kept_until_somebody_does() -> None:
    alice, bob = make_pair()
    bob.read(alice.send(bob, "one", message_id=MESSAGE_ID))
    second = next_device(alice)
    second.send(bob, "one", message_id=MESSAGE_ID)
    second.send(bob, "two")
    third = next_device(second)
    texts = third.endpoint.unconfirmed_texts(bob.address)
    assert [each.content for each in texts] == [Text("hello"), Text("one"), Text("two")]
    assert third.endpoint.unconfirmed_devices() == (bob.address,)
    third.endpoint.note_delivered(bob.address, tuple(each.message_id for each in texts))
    third.reload()
    assert third.endpoint.unconfirmed_devices() == ()
    assert "formerly_sent" not in {table for table, _ in third.rows}


def test_receipts_and_recoveries_of_the_old_device_are_not_kept() -> None:
    alice, bob = make_pair()
    (hello,) = alice.endpoint.unconfirmed_texts(bob.address)
    alice.endpoint.note_delivered(bob.address, (hello.message_id,))
    alice.send(bob, alice.endpoint.receipt((MESSAGE_ID,)))
    alice.ask(bob)
    assert "formerly_sent" not in {table for table, _ in next_device(alice).rows}


def test_kept_texts_go_when_they_are_old_or_given_up() -> None:
    alice, bob = make_pair()
    alice.send(bob, "one")
    new = next_device(alice)
    aged = copy_seat(new)
    aged.endpoint.drained(NOW_MS + COPY_LIFE_MS)
    assert aged.endpoint.unconfirmed_devices() == ()
    new.endpoint.forget_copies(bob.address)
    assert new.endpoint.unconfirmed_devices() == ()


def test_a_recovery_is_not_answered_with_what_the_old_device_has_sealed() -> None:
    alice, bob = make_pair()
    alice.send(bob, "never came")
    new = next_device(alice)
    new.endpoint.start_session(bob.shown(), NOW_MS)
    assert new.endpoint.resend(bob.shown(), Recovery(0, ()), NOW_MS) == ()


def test_rows_of_others_are_left_alone() -> None:
    bob = make_seat("Bob")
    rows = {**bob.rows, OTHERS_ROW: b"pinned"}
    changes = Endpoint.create_next(bob.endpoint.user_identity, NOW_MS, rows).take_changes()
    assert OTHERS_ROW not in changes


def test_without_an_old_state_it_begins_with_nothing() -> None:
    identity = make_seat("Bob").endpoint.user_identity
    changes = Endpoint.create_next(identity, NOW_MS).take_changes()
    assert {table for table, _ in changes} == {"self", "epoch"}
    assert None not in changes.values()


def test_both_sides_go_on_and_nothing_is_shown_twice() -> None:
    alice, bob = make_pair()
    bob.read(alice.send(bob, "one", message_id=MESSAGE_ID))
    new = next_device(bob)
    assert new.read(alice.send(new, "two")) == "two"
    assert alice.read(new.send(alice, "three")) == "three"
    assert isinstance(new.receive(alice.send(new, "one", message_id=MESSAGE_ID)), Repeated)


def test_what_was_sealed_for_the_old_device_does_not_open() -> None:
    alice, bob = make_pair()
    envelope = alice.send(bob, "too late")
    with pytest.raises(CannotOpen):
        next_device(bob).receive(envelope)


def test_a_list_of_somebody_else_is_not_continued() -> None:
    mallory = UserIdentity(
        SigningKey.generate().export_seed(), make_seat("Bob").endpoint.device_list
    )
    with pytest.raises(RemoteProtocolError):
        Endpoint.create_next(mallory, NOW_MS)


def test_its_representation_shows_nothing_secret() -> None:
    assert repr(make_seat("Bob").endpoint.user_identity) == "UserIdentity(secret)"


def test_a_list_follows_the_one_before_or_jumps_ahead() -> None:
    first = make_seat("Bob")
    second = next_device(first)
    other, third = next_device(first), next_device(second)
    lists = [seat.endpoint.device_list for seat in (first, second, other, third)]
    follows = {
        (one, two) for one in range(4) for two in range(4) if lists[one].may_follow(lists[two])
    }
    same = {(number, number) for number in range(4)}
    assert follows == same | {(1, 0), (2, 0), (3, 0), (3, 1)}
