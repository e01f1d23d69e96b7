"""What the recipient makes of what opens: messages, gaps, duplicates, invalid insides."""

from collections.abc import Callable
from typing import Any

import pytest

from securechat.e2e.content import Text, Unsupported
from securechat.e2e.plaintext import context_hash
from securechat.e2e.results import Duplicate, Opened, Repeated
from securechat.identity.types import Digest, MessageId
from tests.pure.e2e.hostile import (
    craft,
    make_message_case,
    make_start_case,
    plaintext_of,
    refuse,
)
from tests.pure.e2e.world import copy_seat, is_invalid

CASE, START_CASE = make_message_case(), make_start_case()


@pytest.mark.parametrize(
    "changes",
    [
        {"context_hash": Digest(bytes(32))},
        {"body": b"\xff\xfe"},
        {"kind": 2, "body": b"x"},
        {"counter": 0, "body": b"another body"},
        {"counter": 2**63},
        {"time_ms": 2**64 - 1},
    ],
)
def test_a_broken_inside_is_an_invalid_message_and_the_ratchet_goes_on(
    changes: dict[str, Any],
) -> None:
    alice, bob = copy_seat(CASE.sender), copy_seat(CASE.recipient)
    bob.read(CASE.genuine)
    hostile = craft(alice, bob, plaintext_of(alice, bob, **changes).encode())
    assert is_invalid(bob.receive(hostile), alice)
    bob.reload()
    assert bob.receive(hostile) == Duplicate()
    assert isinstance(bob.receive(alice.send(bob, "next")), Opened)


@pytest.mark.parametrize(
    "encode",
    [
        lambda plaintext: b"\2" + plaintext[1:],
        lambda plaintext: plaintext + b"\1",
        lambda plaintext: plaintext[:99],
        lambda plaintext: plaintext[:-1],
        lambda plaintext: b"",
    ],
)
def test_a_plaintext_of_another_form_is_invalid(encode: Callable[[bytes], bytes]) -> None:
    alice, bob = copy_seat(CASE.sender), copy_seat(CASE.recipient)
    bob.read(CASE.genuine)
    hostile = craft(alice, bob, encode(plaintext_of(alice, bob).encode()))
    assert is_invalid(bob.receive(hostile), alice)
    assert isinstance(bob.receive(alice.send(bob, "next")), Opened)


def test_the_plaintext_of_another_conversation_is_invalid() -> None:
    alice, bob = copy_seat(CASE.sender), copy_seat(CASE.recipient)
    room = context_hash(Digest(b"room".ljust(32)), alice.address, bob.address, b"r" * 32)
    hostile = craft(alice, bob, plaintext_of(alice, bob, context_hash=room).encode())
    assert is_invalid(bob.receive(hostile), alice)


def test_the_same_message_id_again_is_a_duplicate() -> None:
    alice, bob = copy_seat(CASE.sender), copy_seat(CASE.recipient)
    bob.read(CASE.genuine)
    message_id = MessageId(b"m" * 16)
    assert bob.read(alice.send(bob, "first", message_id=message_id)) == "first"
    again = bob.receive(alice.send(bob, "second", message_id=message_id))
    assert again == Repeated(alice.address, message_id)
    assert bob.read(alice.send(bob, "third")) == "third"  # which is not missing anything


def test_an_unknown_kind_is_acknowledged_as_unsupported() -> None:
    alice, bob = copy_seat(CASE.sender), copy_seat(CASE.recipient)
    bob.read(CASE.genuine)
    outcome = bob.receive(craft(alice, bob, plaintext_of(alice, bob, kind=200).encode()))
    assert isinstance(outcome, Opened)
    assert outcome.content == Unsupported(200)


def test_a_counter_jump_is_a_gap_and_a_wrong_previous_hash_an_alarm() -> None:
    alice, bob = copy_seat(CASE.sender), copy_seat(CASE.recipient)
    bob.read(CASE.genuine)
    fork = plaintext_of(alice, bob, previous_hash=Digest(b"x" * 32))
    outcome = bob.receive(craft(alice, bob, fork.encode()))
    assert isinstance(outcome, Opened)
    assert outcome.forked
    jump = plaintext_of(alice, bob, counter=2**32)
    outcome = bob.receive(craft(alice, bob, jump.encode()))
    assert isinstance(outcome, Opened)
    assert (outcome.missing, outcome.forked) == (2**32 - fork.counter - 1, False)


def test_a_dropped_message_is_a_gap_and_a_late_one_fills_it() -> None:
    alice, bob = copy_seat(CASE.sender), copy_seat(CASE.recipient)
    late, next_ = alice.send(bob, "late"), alice.send(bob, "next")
    outcome = bob.receive(next_)
    assert isinstance(outcome, Opened)
    assert (outcome.content, outcome.missing, outcome.late) == (Text("next"), 2, False)
    for envelope_, text in ((CASE.genuine, "genuine"), (late, "late")):
        outcome = bob.receive(envelope_)
        assert isinstance(outcome, Opened)
        assert (outcome.content, outcome.late, outcome.forked) == (Text(text), True, False)


def test_every_message_with_a_start_introduces_its_sender() -> None:
    bob, alice = copy_seat(START_CASE.recipient), copy_seat(START_CASE.sender)
    outcome = bob.receive(START_CASE.genuine)
    assert isinstance(outcome, Opened)
    assert outcome.sender == alice.address
    assert outcome.introduction is not None
    assert outcome.introduction.certificate == alice.endpoint.certificate
    assert outcome.introduction.registration.name == "Alice"
    again = bob.receive(alice.send(bob, "again"))
    assert isinstance(again, Opened)
    assert again.introduction == outcome.introduction
    alice.read(bob.send(alice, "answer"))
    later = bob.receive(alice.send(bob, "later"))
    assert isinstance(later, Opened)
    assert later.introduction is None
    assert (outcome.counter, again.counter) == (0, 1)


def test_without_a_name_of_its_own_a_device_accepts_no_session() -> None:
    bob = copy_seat(START_CASE.recipient)
    bob.endpoint._device.registration = None
    refuse(bob, START_CASE.genuine)
