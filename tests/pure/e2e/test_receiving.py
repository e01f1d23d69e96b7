"""Hostile relays and hostile peers: reject, show nothing, change nothing, open the genuine one."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from securechat.crypto.hybrid import seal_hybrid
from securechat.crypto.sealing import random_bytes, seal_aead
from securechat.e2e import envelope
from securechat.e2e.content import Text, Unsupported
from securechat.e2e.endpoint import new_message_id
from securechat.e2e.plaintext import (
    Plaintext,
    context_hash,
    direct_conversation_id,
    hash_plaintext,
)
from securechat.e2e.results import Duplicate, Opened
from securechat.e2e.session import Session, derive_keys, session_info
from securechat.errors import CannotOpen
from securechat.identity.registration import Registration
from securechat.identity.types import DeviceAddress, Digest, MessageId, RelayId
from tests.pure.e2e.world import (
    DAY_MS,
    NOW_MS,
    Seat,
    copy_seat,
    is_invalid,
    make_pair,
    make_seat,
)

ALICE, BOB = make_pair()
CAROL = make_seat("Carol")
MESSAGE = ALICE.send(BOB, "genuine")

NEW_ALICE, NEW_BOB = make_seat("Alice"), make_seat("Bob")
START = NEW_ALICE.send(NEW_BOB, "genuine")

CASES = [pytest.param(BOB, MESSAGE, id="message"), pytest.param(NEW_BOB, START, id="start")]

HEAD_SIZE_BYTES = 91


def refuse(seat: Seat, hostile: bytes) -> None:
    with pytest.raises(CannotOpen) as refused:
        seat.endpoint.open(hostile, NOW_MS)
    assert str(refused.value) == "A message cannot be opened."
    assert refused.value.__cause__ is None


def refuse_all(seat: Seat, hostile: list[bytes], genuine: bytes) -> None:
    """Check that nothing of ``hostile`` opens or leaves a trace, and ``genuine`` still opens."""
    seat = copy_seat(seat)
    before = seat.state()
    for one in hostile:
        refuse(seat, one)
    assert seat.state() == before
    assert seat.read(genuine) == "genuine"


def flip(data: bytes, bit: int) -> bytes:
    flipped = bytearray(data)
    flipped[bit // 8] ^= 1 << bit % 8
    return bytes(flipped)


def session_of(sender: Seat, recipient: Seat) -> Session:
    session = sender.endpoint._sessions.choose_sending(recipient.address, NOW_MS)
    assert session is not None
    return session


def plaintext_of(sender: Seat, recipient: Seat, **changes: Any) -> Plaintext:
    conversation = direct_conversation_id(sender.address.user_key, recipient.address.user_key)
    counter, previous = sender.endpoint._sender._chains.last_sent(conversation, recipient.address)
    honest = Plaintext(
        kind=1,
        counter=counter,
        time_ms=NOW_MS,
        message_id=new_message_id(),
        previous_hash=previous,
        context_hash=context_hash(conversation, sender.address, recipient.address),
        body=b"crafted",
    )
    return honest._replace(**changes)


def craft(sender: Seat, recipient: Seat, plaintext: bytes) -> bytes:
    """Return what a hostile peer can send: any plaintext on its genuine session."""
    conversation = direct_conversation_id(sender.address.user_key, recipient.address.user_key)
    sender.endpoint._sender._chains.note_sent(
        conversation, recipient.address, hash_plaintext(plaintext)
    )
    session = session_of(sender, recipient)
    olm_type, ciphertext = session.ratchet.encrypt(plaintext)
    wrapped = envelope.wrap_ciphertext(olm_type, ciphertext, 0, 512)
    return craft_wrapped(sender, recipient, wrapped)


def craft_wrapped(sender: Seat, recipient: Seat, wrapped: bytes) -> bytes:
    session, own = session_of(sender, recipient), sender.address
    nonce = random_bytes(24)
    kind = envelope.TYPE_MESSAGE
    head = envelope.Head(kind, session.session_id, nonce, own)
    associated = envelope.associated_data(kind, own, recipient.address, session.session_id, b"")
    middle = seal_aead(wrapped, associated, nonce, session.send_key)
    return recipient.reseal(head.encode() + middle)


# A hostile relay ----------------------------------------------------------------------------------


def test_no_flipped_bit_of_a_message_opens() -> None:
    refuse_all(BOB, [flip(MESSAGE, bit) for bit in range(8 * len(MESSAGE))], MESSAGE)


@settings(max_examples=100, deadline=None)
@given(st.sets(st.integers(0, 8 * len(START) - 1), min_size=1, max_size=3))
def test_no_flipped_bit_of_a_start_opens(bits: set[int]) -> None:
    hostile = START
    for bit in bits:
        hostile = flip(hostile, bit)
    before = NEW_BOB.state()
    refuse(NEW_BOB, hostile)
    assert NEW_BOB.state() == before


@pytest.mark.parametrize(("recipient", "genuine"), CASES)
def test_no_other_length_opens(recipient: Seat, genuine: bytes) -> None:
    hostile = [genuine[:length] for length in range(len(genuine))]
    hostile += [genuine + bytes(extra) for extra in (1, 2, 16, 512, len(genuine), 16384)]
    hostile += [bytes(size) for size in envelope.SIZES_BYTES]
    refuse_all(recipient, hostile, genuine)


@pytest.mark.parametrize(("recipient", "genuine"), CASES)
def test_a_box_of_another_size_does_not_open(recipient: Seat, genuine: bytes) -> None:
    frame = recipient.unseal(genuine)
    hostile = [recipient.reseal(frame + bytes(extra)) for extra in (1, 100)]
    hostile += [recipient.reseal(frame[:-1]), recipient.reseal(b"")]
    refuse_all(recipient, hostile, genuine)


@pytest.mark.parametrize("genuine", [MESSAGE, START])
def test_what_is_for_bob_does_not_open_elsewhere(genuine: bytes) -> None:
    for seat in (CAROL, ALICE, NEW_ALICE):
        seat, before = copy_seat(seat), seat.state()
        refuse(seat, genuine)
        assert seat.state() == before


@pytest.mark.parametrize(("recipient", "genuine"), CASES)
def test_a_replay_is_a_duplicate_now_and_after_a_reload(recipient: Seat, genuine: bytes) -> None:
    bob = copy_seat(recipient)
    assert bob.read(genuine) == "genuine"
    before = bob.state()
    for _ in range(100):
        assert bob.receive(genuine) == Duplicate()
    bob.reload()
    assert bob.receive(genuine) == Duplicate()
    assert bob.state() == before


@pytest.mark.parametrize(("recipient", "genuine"), CASES)
def test_a_replay_does_not_open_after_rotation_either(recipient: Seat, genuine: bytes) -> None:
    bob = copy_seat(recipient)
    bob.read(genuine)
    for day in (7, 14):
        bob.publish(NOW_MS + day * DAY_MS)
        assert bob.receive(genuine, NOW_MS + day * DAY_MS) == Duplicate()
    bob.endpoint.drained(NOW_MS + 17 * DAY_MS)
    bob.reload()
    refuse(bob, genuine)


def test_a_start_on_a_fallback_key_opens_once() -> None:
    alice, bob = make_seat("Alice"), make_seat("Bob")
    bob.one_time_keys.clear()
    start = alice.send(bob, "genuine")
    assert bob.read(start) == "genuine"
    before = bob.state()
    assert bob.receive(start) == Duplicate()
    bob.reload()
    assert bob.receive(start) == Duplicate()
    assert bob.state() == before


def test_a_replayed_start_of_a_deleted_session_opens_nothing() -> None:
    alice, bob = make_seat("Alice"), make_seat("Bob")
    bob.one_time_keys.clear()
    start = alice.send(bob, "genuine")
    bob.read(start)
    for session in list(bob.endpoint._sessions._of(alice.address)):
        bob.endpoint._sessions._delete(session)
    bob.reload()
    assert bob.receive(start) == Duplicate()


# A hostile peer -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("recipient", "genuine"), CASES)
def test_no_changed_byte_inside_the_sealed_box_opens(recipient: Seat, genuine: bytes) -> None:
    frame = recipient.unseal(genuine)
    indices = [*range(HEAD_SIZE_BYTES), *range(HEAD_SIZE_BYTES, len(frame), 5)]
    hostile = [recipient.reseal(flip(frame, 8 * index + index % 8)) for index in indices]
    refuse_all(recipient, hostile, genuine)


def test_no_flipped_bit_of_the_head_opens() -> None:
    frame = BOB.unseal(MESSAGE)
    hostile = [BOB.reseal(flip(frame, bit)) for bit in range(8 * HEAD_SIZE_BYTES)]
    refuse_all(BOB, hostile, MESSAGE)


@pytest.mark.parametrize(("recipient", "genuine"), CASES)
def test_a_frame_resealed_to_somebody_else_does_not_open(recipient: Seat, genuine: bytes) -> None:
    frame = recipient.unseal(genuine)
    for seat in (CAROL, ALICE, NEW_ALICE):
        seat, before = copy_seat(seat), seat.state()
        refuse(seat, seat.reseal(frame))
        assert seat.state() == before


def test_the_start_cannot_be_stripped_or_added() -> None:
    frame = NEW_BOB.unseal(START)
    split = envelope.split_frame(frame)
    stripped = bytearray(frame[:HEAD_SIZE_BYTES] + split.ciphertext)
    padded = bytes(stripped).ljust(2000, b"\0")
    stripped[2] = envelope.TYPE_MESSAGE
    hostile = [
        bytes(stripped).ljust(2000, b"\0"),
        padded,
        flip(frame, 8 * 2),
        flip(frame, 8 * 2 + 1),
    ]
    refuse_all(NEW_BOB, [NEW_BOB.reseal(each) for each in hostile], START)
    message = BOB.unseal(MESSAGE)
    added = message[:2] + b"\1" + message[3:HEAD_SIZE_BYTES] + split.start
    refuse_all(BOB, [BOB.reseal((added + message[HEAD_SIZE_BYTES:])[:2000].ljust(2000))], MESSAGE)


def test_nobody_starts_a_session_in_alices_name() -> None:
    """Mallory puts Alice's user key into the head, with her own or with Alice's certificate."""
    mallory = make_seat("Mallory")
    session_start = make_start(mallory, NEW_BOB)
    honest = session_start.encode()
    for sender in (
        NEW_ALICE.address,
        mallory.address._replace(user_key=NEW_ALICE.address.user_key),
    ):
        refuse(copy_seat(NEW_BOB), resealed_start(mallory, NEW_BOB, sender, honest))
    stolen = envelope.Start(
        session_start.bundle_epoch,
        session_start.blob,
        NEW_ALICE.endpoint.certificate,
        registration_of(NEW_ALICE),
    ).encode()
    refuse_all(NEW_BOB, [resealed_start(mallory, NEW_BOB, NEW_ALICE.address, stolen)], START)


def test_a_registration_of_another_relay_or_name_starts_nothing() -> None:
    mallory = make_seat("Mallory")
    good = make_start(mallory, NEW_BOB)
    renamed = msgspec.structs.replace(good.registration, name="Alice")
    moved = msgspec.structs.replace(good.registration, relay_id=RelayId(b"x" * 32))
    for registration in (renamed, moved):
        start = envelope.Start(good.bundle_epoch, good.blob, good.certificate, registration)
        hostile = resealed_start(mallory, NEW_BOB, mallory.address, start.encode())
        refuse(copy_seat(NEW_BOB), hostile)


def make_start(sender: Seat, recipient: Seat, session_id: bytes = b"s" * 16) -> envelope.Start:
    info = session_info(sender.address, recipient.address, session_id, 1)
    assert recipient.bundle is not None
    blob = seal_hybrid(bytes(32), recipient.bundle.hybrid_key, info)
    return envelope.Start(1, blob, sender.endpoint.certificate, registration_of(sender))


def registration_of(seat: Seat) -> Registration:
    registration = seat.endpoint._device.registration
    assert registration is not None
    return registration


def resealed_start(
    mallory: Seat,
    recipient: Seat,
    claimed: DeviceAddress,
    start: bytes,
    session_id: bytes = b"s" * 16,
) -> bytes:
    """Return a whole start envelope with every key that Mallory has, as ``claimed``."""
    assert recipient.bundle is not None
    info = session_info(mallory.address, recipient.address, session_id, 1)
    key, _ = derive_keys(bytes(32), info)
    ratchet = mallory.endpoint._device.start_ratchet(
        recipient.endpoint.certificate.olm_key, recipient.bundle.fallback_key
    )
    room = envelope.plaintext_room(envelope.TYPE_START, len(start), 2048)
    plaintext = plaintext_of(mallory, recipient).encode().ljust(room, b"\0")
    wrapped = envelope.wrap_ciphertext(*ratchet.encrypt(plaintext), len(start), 2048)
    nonce = random_bytes(24)
    head = envelope.Head(envelope.TYPE_START, session_id, nonce, claimed)
    associated = envelope.associated_data(
        envelope.TYPE_START,
        claimed,
        recipient.address,
        session_id,
        start,
    )
    return recipient.reseal(head.encode() + start + seal_aead(wrapped, associated, nonce, key))


def test_the_crafted_start_would_open_in_mallorys_own_name() -> None:
    mallory, bob = make_seat("Mallory"), copy_seat(NEW_BOB)
    start = make_start(mallory, NEW_BOB).encode()
    outcome = bob.receive(resealed_start(mallory, bob, mallory.address, start))
    assert isinstance(outcome, Opened)
    assert outcome.sender == mallory.address
    assert outcome.introduction is not None
    assert outcome.introduction.registration.name == "Mallory"


def test_a_victims_session_id_is_another_session() -> None:
    mallory, bob = make_seat("Mallory"), copy_seat(BOB)
    victim = session_of(ALICE, BOB).session_id
    start = make_start(mallory, bob, victim).encode()
    outcome = bob.receive(resealed_start(mallory, bob, mallory.address, start, victim))
    assert isinstance(outcome, Opened)
    assert outcome.sender == mallory.address
    assert bob.read(MESSAGE) == "genuine"


def test_a_frame_resealed_to_its_sender_does_not_come_back() -> None:
    for alice, bob, genuine in ((ALICE, BOB, MESSAGE), (NEW_ALICE, NEW_BOB, START)):
        alice, frame = copy_seat(alice), bob.unseal(genuine)
        before = alice.state()
        refuse(alice, alice.reseal(frame))
        swapped = (
            envelope.Head(frame[2], frame[3:19], frame[19:43], bob.address).encode()
            + frame[HEAD_SIZE_BYTES:]
        )
        refuse(alice, alice.reseal(swapped))
        assert alice.state() == before


def test_a_peer_cannot_start_our_own_session() -> None:
    alice, bob = make_seat("Alice"), make_seat("Bob")
    alice.send(bob)
    session = session_of(alice, bob)
    start = make_start(bob, alice, session.session_id).encode()
    before = alice.state()
    refuse(alice, resealed_start(bob, alice, bob.address, start, session.session_id))
    assert alice.state() == before


@pytest.mark.parametrize(
    "wrapped",
    [
        bytes(357),
        b"\1\0\0".ljust(357, b"\0"),
        b"\1\0\x10".ljust(357, b"\3"),
        b"\0\1\0".ljust(357, b"\3"),
    ],
)
def test_nonsense_under_a_good_aead_leaves_no_trace(wrapped: bytes) -> None:
    alice = copy_seat(ALICE)
    refuse_all(BOB, [craft_wrapped(alice, BOB, wrapped)], MESSAGE)


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
    alice, bob = copy_seat(ALICE), copy_seat(BOB)
    bob.read(MESSAGE)
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
    alice, bob = copy_seat(ALICE), copy_seat(BOB)
    bob.read(MESSAGE)
    hostile = craft(alice, bob, encode(plaintext_of(alice, bob).encode()))
    assert is_invalid(bob.receive(hostile), alice)
    assert isinstance(bob.receive(alice.send(bob, "next")), Opened)


def test_the_plaintext_of_another_conversation_is_invalid() -> None:
    alice, bob = copy_seat(ALICE), copy_seat(BOB)
    room = context_hash(Digest(b"room".ljust(32)), alice.address, bob.address, b"r" * 32)
    hostile = craft(alice, bob, plaintext_of(alice, bob, context_hash=room).encode())
    assert is_invalid(bob.receive(hostile), alice)


def test_the_same_message_id_again_is_a_duplicate() -> None:
    alice, bob = copy_seat(ALICE), copy_seat(BOB)
    bob.read(MESSAGE)
    message_id = MessageId(b"m" * 16)
    assert bob.read(alice.send(bob, "first", message_id=message_id)) == "first"
    assert bob.receive(alice.send(bob, "second", message_id=message_id)) == Duplicate()


def test_an_unknown_kind_is_acknowledged_as_unsupported() -> None:
    alice, bob = copy_seat(ALICE), copy_seat(BOB)
    bob.read(MESSAGE)
    outcome = bob.receive(craft(alice, bob, plaintext_of(alice, bob, kind=200).encode()))
    assert isinstance(outcome, Opened)
    assert outcome.content == Unsupported(200)


def test_a_counter_jump_is_a_gap_and_a_wrong_previous_hash_an_alarm() -> None:
    alice, bob = copy_seat(ALICE), copy_seat(BOB)
    bob.read(MESSAGE)
    fork = plaintext_of(alice, bob, previous_hash=Digest(b"x" * 32))
    outcome = bob.receive(craft(alice, bob, fork.encode()))
    assert isinstance(outcome, Opened)
    assert outcome.forked
    jump = plaintext_of(alice, bob, counter=2**32)
    outcome = bob.receive(craft(alice, bob, jump.encode()))
    assert isinstance(outcome, Opened)
    assert (outcome.missing, outcome.forked) == (2**32 - fork.counter - 1, False)


# The honest cases ---------------------------------------------------------------------------------


def test_a_dropped_message_is_a_gap_and_a_late_one_fills_it() -> None:
    alice, bob = copy_seat(ALICE), copy_seat(BOB)
    late, next_ = alice.send(bob, "late"), alice.send(bob, "next")
    outcome = bob.receive(next_)
    assert isinstance(outcome, Opened)
    assert (outcome.content, outcome.missing, outcome.late) == (Text("next"), 2, False)
    for envelope_, text in ((MESSAGE, "genuine"), (late, "late")):
        outcome = bob.receive(envelope_)
        assert isinstance(outcome, Opened)
        assert (outcome.content, outcome.late, outcome.forked) == (Text(text), True, False)


def test_the_first_message_introduces_its_sender() -> None:
    bob = copy_seat(NEW_BOB)
    outcome = bob.receive(START)
    assert isinstance(outcome, Opened)
    assert outcome.sender == NEW_ALICE.address
    assert outcome.introduction is not None
    assert outcome.introduction.certificate == NEW_ALICE.endpoint.certificate
    assert outcome.introduction.registration.name == "Alice"
    again = bob.receive(NEW_ALICE.send(bob, "again"))
    assert isinstance(again, Opened)
    assert again.introduction is None
    assert (outcome.counter, again.counter) == (0, 1)


def test_without_a_name_of_its_own_a_device_accepts_no_session() -> None:
    bob = copy_seat(NEW_BOB)
    bob.endpoint._device.registration = None
    refuse(bob, START)
