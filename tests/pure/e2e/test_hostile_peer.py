"""A hostile peer, who knows the keys of its own sessions and can seal anything to anybody."""

import msgspec
import pytest

from securechat.crypto.sealing import random_bytes, seal_aead
from securechat.e2e import envelope
from securechat.e2e.results import Opened, Repeated
from securechat.e2e.session import State
from securechat.identity.registration import Registration
from securechat.identity.types import DeviceAddress, MessageId, Name, RelayId
from tests.pure.e2e.hostile import (
    HEAD_SIZE_BYTES,
    Case,
    craft,
    craft_wrapped,
    flip,
    forge_start,
    make_message_case,
    make_second_start_case,
    make_start_case,
    plaintext_of,
    refuse_all,
    registration_of,
    session_of,
)
from tests.pure.e2e.profiles import is_long
from tests.pure.e2e.world import RELAY, Seat, copy_seat, is_invalid, make_seat

MESSAGE_CASE, START_CASE = make_message_case(), make_start_case()
SECOND_START_CASE = make_second_start_case()
CASES = [
    pytest.param(MESSAGE_CASE, id="message"),
    pytest.param(START_CASE, id="start"),
    pytest.param(SECOND_START_CASE, id="second start"),
]
MALLORY = make_seat("Mallory")
BYTES = set(range(256)) if is_long() else {*range(16), 127, 128, 255}

# Frames that were changed and sealed again --------------------------------------------------------


def resealed(case: Case, *frames: bytes) -> list[bytes]:
    return [case.recipient.reseal(frame) for frame in frames]


@pytest.mark.parametrize("case", CASES)
def test_no_changed_byte_inside_the_sealed_box_opens(case: Case) -> None:
    """Each byte of the head and of what introduces somebody; of what an AEAD covers a part."""
    frame = case.frame
    stride = 1 if is_long() else 16
    sealed_at = len(frame) - len(envelope.split_frame(frame).ciphertext)
    blob = range(HEAD_SIZE_BYTES + 8, HEAD_SIZE_BYTES + 8 + envelope.BLOB_SIZE_BYTES)
    if case is MESSAGE_CASE:
        blob = range(0)
    indices = [
        index
        for index in range(len(frame))
        if index % stride == 0 or (index < sealed_at and index not in blob)
    ]
    refuse_all(case, resealed(case, *(flip(frame, 8 * i + i // 4 % 8) for i in indices)))


def test_no_flipped_bit_of_the_head_opens() -> None:
    frame = MESSAGE_CASE.frame
    bits = range(0, 8 * HEAD_SIZE_BYTES, 1 if is_long() else 5)
    refuse_all(MESSAGE_CASE, resealed(MESSAGE_CASE, *(flip(frame, bit) for bit in bits)))


@pytest.mark.parametrize("case", CASES)
def test_a_frame_resealed_to_somebody_else_does_not_open(case: Case) -> None:
    alice, carol = copy_seat(case.sender), make_seat("Carol")
    for_carol = Case(alice, carol, alice.send(carol, "genuine"))
    refuse_all(for_carol, resealed(for_carol, case.frame))


@pytest.mark.parametrize("case", CASES)
def test_a_frame_resealed_to_its_sender_does_not_come_back(case: Case) -> None:
    """Neither as Alice's own nor, under another head, as Bob's."""
    bob, frame = copy_seat(case.recipient), case.frame
    bob.read(case.genuine)
    back = Case(bob, case.sender, bob.send(case.sender, "genuine"))
    head = envelope.Head(frame[2], frame[3:19], frame[19:43], bob.address)
    refuse_all(back, resealed(back, frame, head.encode() + frame[HEAD_SIZE_BYTES:]))


def test_version_0_and_every_other_unknown_one_do_not_open() -> None:
    for case in (MESSAGE_CASE, START_CASE):
        others = BYTES - {envelope.VERSION}
        refuse_all(case, resealed(case, *(bytes([v]) + case.frame[1:] for v in others)))


def test_suite_0_and_every_other_unknown_one_do_not_open() -> None:
    for case in (MESSAGE_CASE, START_CASE):
        frame, others = case.frame, BYTES - {envelope.SUITE}
        refuse_all(case, resealed(case, *(frame[:1] + bytes([s]) + frame[2:] for s in others)))


def test_an_unknown_type_of_envelope_does_not_open() -> None:
    for case in (MESSAGE_CASE, START_CASE):
        frame, others = case.frame, BYTES - {case.frame[2]}
        refuse_all(case, resealed(case, *(frame[:2] + bytes([t]) + frame[3:] for t in others)))


def test_a_start_stripped_of_its_blob_does_not_open() -> None:
    """Cut out, cut out and called a message, or zeros in its place; all of a right size."""
    frame = START_CASE.frame
    rest = envelope.split_frame(frame).ciphertext
    blob = slice(HEAD_SIZE_BYTES + 8, HEAD_SIZE_BYTES + 8 + envelope.BLOB_SIZE_BYTES)
    as_message = frame[:2] + bytes([envelope.TYPE_MESSAGE]) + frame[3:HEAD_SIZE_BYTES] + rest
    hostile = [
        (frame[:HEAD_SIZE_BYTES] + rest).ljust(len(frame), b"\0"),
        (frame[: blob.start] + frame[blob.stop :]).ljust(len(frame), b"\0"),
        as_message.ljust(len(frame), b"\0"),
        frame[: blob.start] + bytes(envelope.BLOB_SIZE_BYTES) + frame[blob.stop :],
    ]
    refuse_all(START_CASE, resealed(START_CASE, *hostile))


def test_a_start_added_to_a_message_does_not_open() -> None:
    message, start = MESSAGE_CASE.frame, envelope.split_frame(START_CASE.frame).start
    head = message[:2] + bytes([envelope.TYPE_START]) + message[3:HEAD_SIZE_BYTES]
    size_bytes = 4096 - (len(MESSAGE_CASE.genuine) - len(message))
    hostile = (head + start + message[HEAD_SIZE_BYTES:]).ljust(size_bytes, b"\0")
    refuse_all(MESSAGE_CASE, resealed(MESSAGE_CASE, hostile))


@pytest.mark.parametrize("size_bytes", [300, 511, 513, 600, 1000])
def test_a_good_frame_in_an_envelope_of_another_size_does_not_open(size_bytes: int) -> None:
    bob, alice = MESSAGE_CASE.recipient, copy_seat(MESSAGE_CASE.sender)
    kind, ciphertext = session_of(alice, bob).ratchet.encrypt(b"x")
    hostile = craft_wrapped(alice, bob, envelope.wrap_ciphertext(kind, ciphertext, 0, size_bytes))
    assert len(hostile) == size_bytes
    refuse_all(MESSAGE_CASE, [hostile])


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


# Starts in the name of others ---------------------------------------------------------------------


def test_the_forger_can_write_in_her_own_name() -> None:
    """Else the tests that follow would show nothing."""
    bob = copy_seat(START_CASE.recipient)
    outcome = bob.receive(forge_start(MALLORY, bob))
    assert isinstance(outcome, Opened)
    assert outcome.sender == MALLORY.address
    assert outcome.introduction is not None
    assert outcome.introduction.registration.name == "Mallory"


@pytest.mark.parametrize("with_device", ["hers", "Alice's"])
@pytest.mark.parametrize("with_certificate", ["hers", "Alice's", "hers with Alice's key in it"])
@pytest.mark.parametrize("with_registration", ["hers", "Alice's"])
def test_nobody_starts_a_session_in_alices_name(
    with_device: str, with_certificate: str, with_registration: str
) -> None:
    """Alice's user key stands in the head, with whatever can be put beside it."""
    alice = START_CASE.sender
    device = alice if with_device == "Alice's" else MALLORY
    claimed = DeviceAddress(alice.address.user_key, device.address.device_id)
    certificate = MALLORY.endpoint.certificate
    if with_certificate == "Alice's":
        certificate = alice.endpoint.certificate
    elif with_certificate != "hers":
        certificate = msgspec.structs.replace(certificate, user_key=claimed.user_key)
    registration = registration_of(alice if with_registration == "Alice's" else MALLORY)
    hostile = forge_start(
        MALLORY,
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
    registration = msgspec.structs.replace(registration_of(MALLORY), **changes)
    refuse_all(START_CASE, [forge_start(MALLORY, START_CASE.recipient, registration=registration)])


@pytest.mark.parametrize(
    "name",
    ["\u0430lice", "ecila\u202e", "\x1b]0;x\x07", "Alice\x1b[2J", "\uff21lice", "a" * 33, ""],
    ids=["confusable", "bidi", "escape sequence", "escape at the end", "form", "long", "none"],
)
def test_a_start_under_a_misleading_name_does_not_open(name: str) -> None:
    """Signed as it should be, by a key that nobody knows yet."""
    key = MALLORY.endpoint._device._user_key
    registration = Registration.sign(key, relay_id=RELAY, name=Name(name), time_ms=1)
    refuse_all(START_CASE, [forge_start(MALLORY, START_CASE.recipient, registration=registration)])


def test_a_start_whose_name_is_not_utf_8_does_not_open() -> None:
    frame = START_CASE.frame
    name_at = HEAD_SIZE_BYTES + len(envelope.split_frame(frame).start) - len(b"Alice")
    assert frame[name_at : name_at + 5] == b"Alice"
    hostile = [frame[:name_at] + name + frame[name_at + 5 :] for name in (b"\xff" * 5, b"Alic\xc3")]
    refuse_all(START_CASE, resealed(START_CASE, *hostile))


def test_a_victims_session_id_is_another_session() -> None:
    alice, bob = MESSAGE_CASE.sender, copy_seat(MESSAGE_CASE.recipient)
    victim = session_of(alice, bob).session_id
    outcome = bob.receive(forge_start(MALLORY, bob, session_id=victim))
    assert isinstance(outcome, Opened)
    assert outcome.sender == MALLORY.address
    assert bob.read(MESSAGE_CASE.genuine) == "genuine"


def test_a_message_on_a_victims_session_does_not_open() -> None:
    """Mallory knows the session's id and Alice's address, but none of its keys."""
    alice, bob = MESSAGE_CASE.sender, MESSAGE_CASE.recipient
    mallory, at_mallorys = copy_seat(MALLORY), copy_seat(bob)
    mallory.send(at_mallorys)
    own, theirs = session_of(mallory, bob), session_of(alice, bob)
    hostile = []
    for sender in (mallory.address, alice.address):
        nonce, kind = random_bytes(24), envelope.TYPE_MESSAGE
        head = envelope.Head(kind, theirs.session_id, nonce, sender)
        associated = envelope.associated_data(kind, sender, bob.address, head.session_id, b"")
        wrapped = envelope.wrap_ciphertext(1, own.ratchet.encrypt(b"x")[1], 0, 512)
        middle = seal_aead(wrapped, associated, nonce, own.send_key)
        hostile.append(head.encode() + middle)
    refuse_all(MESSAGE_CASE, resealed(MESSAGE_CASE, *hostile))


def test_a_device_takes_no_message_from_itself() -> None:
    bob = copy_seat(START_CASE.recipient)
    refuse_all(START_CASE, [forge_start(bob, bob)])


def test_a_peer_cannot_start_our_own_session() -> None:
    """Bob answers on Alice's session with a start, right in all but that."""
    alice, bob = copy_seat(START_CASE.sender), copy_seat(START_CASE.recipient)
    bob.read(START_CASE.genuine)
    genuine = bob.send(alice, "genuine")
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
    assert session_of(alice, bob).state is State.STARTING
    refuse_all(Case(bob, alice, genuine), [alice.reseal(head.encode() + start + middle)])


def as_prekey_message(sender: Seat, ciphertext: bytes) -> bytes:
    """Put an ordinary Olm message into the form of a first one."""
    key = sender.endpoint.certificate.olm_key
    fields = b"".join(bytes([tag, 32]) + key for tag in (0x0A, 0x12, 0x1A))
    return b"\3" + fields + bytes([0x22, len(ciphertext)]) + ciphertext


# Messages that the ratchet accepts and that break the rules inside --------------------------------


def conversation() -> tuple[Seat, Seat]:
    """Return Alice, who turns hostile, and Bob, who has read all of hers so far."""
    alice, bob = copy_seat(MESSAGE_CASE.sender), copy_seat(MESSAGE_CASE.recipient)
    bob.read(MESSAGE_CASE.genuine)
    return alice, bob


def test_a_counter_used_again_with_another_body_is_invalid() -> None:
    alice, bob = conversation()
    last = plaintext_of(alice, bob).counter - 1
    hostile = craft(alice, bob, plaintext_of(alice, bob, counter=last, body=b"other").encode())
    assert is_invalid(bob.receive(hostile), alice)
    assert isinstance(bob.receive(alice.send(bob, "next")), Opened)


def test_a_message_id_used_again_with_another_body_is_a_duplicate() -> None:
    alice, bob = conversation()
    message_id = MessageId(b"m" * 16)
    assert bob.read(alice.send(bob, "first", message_id=message_id)) == "first"
    again = bob.receive(alice.send(bob, "second", message_id=message_id))
    assert again == Repeated(alice.address, message_id)
    assert isinstance(bob.receive(alice.send(bob, "next")), Opened)


@pytest.mark.timeout(5)
def test_a_counter_that_jumps_by_2_to_the_32_is_one_gap() -> None:
    """Whatever its width, a gap costs the same; so a hundred of them are bounded too."""
    alice, bob = conversation()
    first = plaintext_of(alice, bob).counter
    for number in range(1, 101):
        jump = plaintext_of(alice, bob, counter=number * 2**32)
        outcome = bob.receive(craft(alice, bob, jump.encode()))
        assert isinstance(outcome, Opened)
        assert outcome.missing == (2**32 - 1 if number > 1 else 2**32 - first)
    assert max(len(value) for (table, _), value in bob.rows.items() if table == "chain") < 4096


@pytest.mark.timeout(5)
def test_a_ratchet_index_that_jumps_does_not_open() -> None:
    """By more than the ratchet follows, honestly encrypted; and by 2^32, only said to be."""
    alice, bob = copy_seat(MESSAGE_CASE.sender), MESSAGE_CASE.recipient
    ratchet = session_of(alice, bob).ratchet
    kind, ciphertext = ratchet.encrypt(b"x" * 100)
    assert ciphertext[:3] + ciphertext[35:36] == b"\3\x0a\x20\x10"
    index_2_32 = ciphertext[:36] + b"\x80\x80\x80\x80\x10" + ciphertext[37:]
    for _ in range(2001):
        _, far_ahead = ratchet.encrypt(b"x" * 100)
    wraps = [envelope.wrap_ciphertext(kind, each, 0, 512) for each in (far_ahead, index_2_32)]
    refuse_all(MESSAGE_CASE, [craft_wrapped(alice, bob, wrapped) for wrapped in wraps])


def test_a_text_that_is_not_utf_8_is_invalid() -> None:
    for body in (b"\xff\xfe", b"half a character: \xc3", b"\xed\xa0\x80", b"\xc0\x80"):
        alice, bob = conversation()
        hostile = craft(alice, bob, plaintext_of(alice, bob, body=body).encode())
        assert is_invalid(bob.receive(hostile), alice)
        assert isinstance(bob.receive(alice.send(bob, "next")), Opened)
