"""A hostile peer, who knows the keys of its own sessions and can seal anything to anybody."""

import msgspec
import pytest

from securechat.crypto.sealing import random_bytes, seal_aead
from securechat.e2e import envelope
from securechat.e2e.results import Opened
from securechat.e2e.session import State
from securechat.identity.types import DeviceAddress, Name, RelayId
from tests.pure.e2e.hostile import (
    HEAD_SIZE_BYTES,
    Case,
    craft_wrapped,
    flip,
    forge_start,
    make_message_case,
    make_start_case,
    refuse,
    refuse_all,
    registration_of,
    session_of,
)
from tests.pure.e2e.world import Seat, copy_seat, make_seat

MESSAGE_CASE, START_CASE = make_message_case(), make_start_case()
CASES = [pytest.param(MESSAGE_CASE, id="message"), pytest.param(START_CASE, id="start")]


@pytest.mark.parametrize("case", CASES)
def test_no_changed_byte_inside_the_sealed_box_opens(case: Case) -> None:
    frame = case.frame
    indices = [*range(HEAD_SIZE_BYTES), *range(HEAD_SIZE_BYTES, len(frame), 5)]
    flipped = [flip(frame, 8 * index + index % 8) for index in indices]
    refuse_all(case, [case.recipient.reseal(each) for each in flipped])


def test_no_flipped_bit_of_the_head_opens() -> None:
    flipped = [flip(MESSAGE_CASE.frame, bit) for bit in range(8 * HEAD_SIZE_BYTES)]
    refuse_all(MESSAGE_CASE, [MESSAGE_CASE.recipient.reseal(each) for each in flipped])


@pytest.mark.parametrize("size_bytes", [300, 511, 513, 600, 1000])
def test_a_good_frame_in_an_envelope_of_another_size_does_not_open(size_bytes: int) -> None:
    bob, alice = MESSAGE_CASE.recipient, copy_seat(MESSAGE_CASE.sender)
    kind, ciphertext = session_of(alice, bob).ratchet.encrypt(b"x")
    wrapped = envelope.wrap_ciphertext(kind, ciphertext, 0, size_bytes)
    hostile = craft_wrapped(alice, bob, wrapped)
    assert len(hostile) == size_bytes
    refuse_all(MESSAGE_CASE, [hostile])


@pytest.mark.parametrize("case", CASES)
def test_a_frame_resealed_to_somebody_else_does_not_open(case: Case) -> None:
    seat = make_seat("Carol")
    before = seat.state()
    refuse(seat, seat.reseal(case.frame))
    assert seat.state() == before


@pytest.mark.parametrize("case", CASES)
def test_a_frame_resealed_to_its_sender_does_not_come_back(case: Case) -> None:
    alice, frame = copy_seat(case.sender), case.frame
    before = alice.state()
    refuse(alice, alice.reseal(frame))
    head = envelope.Head(frame[2], frame[3:19], frame[19:43], case.recipient.address)
    refuse(alice, alice.reseal(head.encode() + frame[HEAD_SIZE_BYTES:]))
    assert alice.state() == before


def test_a_device_takes_no_message_from_itself() -> None:
    alice = copy_seat(START_CASE.sender)
    before = alice.state()
    refuse(alice, forge_start(alice, alice))
    assert alice.state() == before


def test_the_start_cannot_be_stripped_or_added() -> None:
    frame, message = START_CASE.frame, MESSAGE_CASE.frame
    split = envelope.split_frame(frame)
    stripped = frame[:HEAD_SIZE_BYTES] + split.ciphertext
    as_message = stripped[:2] + bytes([envelope.TYPE_MESSAGE]) + stripped[3:]
    hostile = [stripped.ljust(2000, b"\0"), as_message.ljust(2000, b"\0")]
    refuse_all(START_CASE, [START_CASE.recipient.reseal(each) for each in hostile])
    as_start = message[:2] + bytes([envelope.TYPE_START]) + message[3:HEAD_SIZE_BYTES]
    hostile = [(as_start + split.start + message[HEAD_SIZE_BYTES:]).ljust(4048, b"\0")]
    refuse_all(MESSAGE_CASE, [MESSAGE_CASE.recipient.reseal(each) for each in hostile])


def test_the_forger_can_write_in_her_own_name() -> None:
    mallory, bob = make_seat("Mallory"), copy_seat(START_CASE.recipient)
    outcome = bob.receive(forge_start(mallory, bob))
    assert isinstance(outcome, Opened)
    assert outcome.sender == mallory.address
    assert outcome.introduction is not None
    assert outcome.introduction.registration.name == "Mallory"


@pytest.mark.parametrize("with_device", ["hers", "Alice's"])
@pytest.mark.parametrize("with_certificate", ["hers", "Alice's", "hers with Alice's key in it"])
@pytest.mark.parametrize("with_registration", ["hers", "Alice's"])
def test_nobody_starts_a_session_in_alices_name(
    with_device: str, with_certificate: str, with_registration: str
) -> None:
    mallory, alice = make_seat("Mallory"), START_CASE.sender
    device = alice if with_device == "Alice's" else mallory
    claimed = DeviceAddress(alice.address.user_key, device.address.device_id)
    certificate = mallory.endpoint.certificate
    if with_certificate == "Alice's":
        certificate = alice.endpoint.certificate
    elif with_certificate != "hers":
        certificate = msgspec.structs.replace(certificate, user_key=claimed.user_key)
    registration = registration_of(alice if with_registration == "Alice's" else mallory)
    hostile = forge_start(
        mallory,
        START_CASE.recipient,
        claimed=claimed,
        certificate=certificate,
        registration=registration,
    )
    refuse_all(START_CASE, [hostile])


@pytest.mark.parametrize(
    "changes", [{"name": Name("Alice")}, {"relay_id": RelayId(b"x" * 32)}, {"time_ms": 1}]
)
def test_a_registration_of_another_relay_or_name_starts_nothing(
    changes: dict[str, object],
) -> None:
    mallory = make_seat("Mallory")
    registration = msgspec.structs.replace(registration_of(mallory), **changes)
    hostile = forge_start(mallory, START_CASE.recipient, registration=registration)
    refuse_all(START_CASE, [hostile])


def test_a_victims_session_id_is_another_session() -> None:
    alice, bob = MESSAGE_CASE.sender, copy_seat(MESSAGE_CASE.recipient)
    mallory, victim = make_seat("Mallory"), session_of(alice, bob).session_id
    outcome = bob.receive(forge_start(mallory, bob, session_id=victim))
    assert isinstance(outcome, Opened)
    assert outcome.sender == mallory.address
    assert bob.read(MESSAGE_CASE.genuine) == "genuine"


def test_a_peer_cannot_start_our_own_session() -> None:
    """Bob answers on Alice's session with a start, right in all but that."""
    alice, bob = copy_seat(START_CASE.sender), copy_seat(START_CASE.recipient)
    bob.read(START_CASE.genuine)
    session = session_of(bob, alice)
    _, ciphertext = session.ratchet.encrypt(b"x")
    start = envelope.split_frame(START_CASE.frame).start
    wrapped = envelope.wrap_ciphertext(0, as_prekey_message(bob, ciphertext), len(start), 2048)
    nonce, kind = random_bytes(24), envelope.TYPE_START
    associated = envelope.associated_data(
        kind, bob.address, alice.address, session.session_id, start
    )
    head = envelope.Head(kind, session.session_id, nonce, bob.address)
    middle = seal_aead(wrapped, associated, nonce, session.send_key)
    before = alice.state()
    refuse(alice, alice.reseal(head.encode() + start + middle))
    assert alice.state() == before
    assert session_of(alice, bob).state is State.STARTING


def as_prekey_message(sender: Seat, ciphertext: bytes) -> bytes:
    """Put an ordinary Olm message into the form of a first one."""
    key = sender.endpoint.certificate.olm_key
    fields = b"".join(bytes([tag, 32]) + key for tag in (0x0A, 0x12, 0x1A))
    return b"\3" + fields + bytes([0x22, len(ciphertext)]) + ciphertext


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
    alice = copy_seat(MESSAGE_CASE.sender)
    refuse_all(MESSAGE_CASE, [craft_wrapped(alice, MESSAGE_CASE.recipient, wrapped)])
