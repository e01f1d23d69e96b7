"""Without encryption, where both want that: signed, readable by the relay, and nothing else."""

import msgspec
import pytest

from securechat.e2e.amend_content import Amendment, Reaction, Typing, encode_amend_content
from securechat.e2e.content import PlainContent, ReadReceipt, Receipt, Text
from securechat.e2e.plain import MAGIC, PlainEnvelope, decode_plain, is_plain, signed_bytes
from securechat.e2e.plaintext import context_hash, plain_conversation_id
from securechat.e2e.results import Duplicate, Invalid, Opened
from securechat.errors import CannotOpen, LocalProtocolError, Untrusted, UsageError
from securechat.identity.types import Digest, MessageId
from tests.pure.e2e.hostile import plaintext_of
from tests.pure.e2e.world import DAY_MS, NOW_MS, Seat, copy_seat, is_invalid, make_seat


def agree(seat: Seat, now_ms: int = NOW_MS) -> Seat:
    """Let a person's device offer to do without encryption."""
    assert seat.bundle is not None
    publication = seat.endpoint.publication(
        now_ms, published_epoch=seat.bundle.epoch, one_time_keys_left=100, plain=True
    )
    seat.bundle = publication.bundle or seat.bundle
    seat.commit()
    return seat


ID = MessageId(b"i" * 16)
ALICE, BOB = agree(make_seat("Alice")), agree(make_seat("Bob"))
RELUCTANT = make_seat("Bob")


@pytest.fixture
def alice() -> Seat:
    return copy_seat(ALICE)


@pytest.fixture
def bob() -> Seat:
    return copy_seat(BOB)


def write(
    sender: Seat, to: Seat, text: str = "hello", now_ms: int = NOW_MS, message_id: bytes = b""
) -> bytes:
    sealed = sender.endpoint.seal_plain(
        to.shown(claim=False),
        Text(text),
        now_ms,
        MessageId(message_id) if message_id else None,
        written_ms=now_ms,
    )
    sender.commit()
    assert sealed.mailbox == to.endpoint.mailbox
    return sealed.envelope


def read(seat: Seat, envelope: bytes, now_ms: int = NOW_MS) -> Opened:
    outcome = seat.endpoint.open_plain(envelope, now_ms)
    seat.commit()
    assert isinstance(outcome, Opened)
    return outcome


def refused(seat: Seat, envelope: bytes) -> None:
    before = seat.state()
    with pytest.raises(CannotOpen) as error:
        seat.endpoint.open_plain(envelope, NOW_MS)
    assert error.value.what == "A message cannot be opened."
    assert seat.state() == before


def test_both_can_write_and_the_relay_can_read(alice: Seat, bob: Seat) -> None:
    envelope = write(alice, bob, "for all to see")
    assert b"for all to see" in envelope
    assert is_plain(envelope)
    assert len(envelope) == 512
    opened = read(bob, envelope)
    assert (opened.sender, opened.content) == (alice.address, Text("for all to see"))
    assert not opened.encrypted
    assert read(alice, write(bob, alice)).content == Text("hello")


@pytest.mark.parametrize(
    "receipt", [Receipt((MessageId(b"m" * 16),), 2), ReadReceipt((MessageId(b"m" * 16),))]
)
def test_receipts_go_the_same_way(alice: Seat, bob: Seat, receipt: PlainContent) -> None:
    sealed = alice.endpoint.seal_plain(bob.shown(claim=False), receipt, NOW_MS, written_ms=NOW_MS)
    assert read(bob, sealed.envelope).content == receipt


def test_every_size_is_one_of_the_six(alice: Seat, bob: Seat) -> None:
    sizes = [len(write(alice, bob, "x" * size)) for size in (0, 136, 137, 2000, 8192)]
    assert sizes == [512, 512, 1024, 4096, 16384]


def test_too_long_a_text_is_refused(alice: Seat, bob: Seat) -> None:
    with pytest.raises(UsageError):
        write(alice, bob, "x" * 8193)


def test_it_takes_both(alice: Seat, bob: Seat) -> None:
    with pytest.raises(LocalProtocolError):
        write(alice, RELUCTANT)
    with pytest.raises(LocalProtocolError):
        write(copy_seat(RELUCTANT), alice)


def test_nobody_else_can_begin_it(alice: Seat) -> None:
    reluctant = copy_seat(RELUCTANT)
    pretended = msgspec.structs.replace(reluctant.shown(claim=False).bundle, suites=b"\1\x80")
    device = reluctant.shown(claim=False)
    forged = type(device)(device.certificate, pretended, None)
    sealed = alice.endpoint.seal_plain(forged, Text("hello"), NOW_MS, written_ms=NOW_MS)
    refused(reluctant, sealed.envelope)


def test_the_encrypted_way_never_opens_one(alice: Seat, bob: Seat) -> None:
    envelope = write(alice, bob)
    with pytest.raises(CannotOpen):
        bob.endpoint.open(envelope, NOW_MS)
    refused(bob, alice.send(bob, "encrypted"))


def test_expired_keys_are_not_written_to(alice: Seat, bob: Seat) -> None:
    with pytest.raises(Untrusted):
        write(alice, bob, now_ms=NOW_MS + 60 * DAY_MS)


def test_a_changed_mind_makes_a_new_epoch_and_what_was_under_way_still_comes(
    alice: Seat, bob: Seat
) -> None:
    envelope = write(alice, bob)
    assert bob.bundle is not None
    epoch = bob.bundle.epoch
    bob.publish()
    assert bob.bundle.epoch == epoch + 1
    assert bob.bundle.suites == b"\1"
    assert read(bob, envelope).content == Text("hello")
    bob.endpoint.drained(NOW_MS + 9 * DAY_MS)
    bob.commit()
    refused(bob, write(alice, copy_seat(BOB)))


def test_no_flipped_bit_of_a_plain_envelope_is_taken(alice: Seat, bob: Seat) -> None:
    envelope = write(alice, bob)
    for position in range(len(envelope)):
        flipped = bytearray(envelope)
        flipped[position] ^= 1 << position % 8
        with pytest.raises(CannotOpen):
            bob.endpoint.open_plain(bytes(flipped), NOW_MS)
    assert bob.endpoint.take_changes() == {}
    assert read(bob, envelope).content == Text("hello")


def test_no_other_length_is_taken(alice: Seat, bob: Seat) -> None:
    envelope = write(alice, bob)
    for size in (0, 1, 16, 200, 511, 513):
        refused(bob, envelope[:size].ljust(size, b"\0"))
    refused(bob, envelope.ljust(1024, b"\1"))


def test_an_envelope_for_bob_is_not_taken_elsewhere(alice: Seat, bob: Seat) -> None:
    envelope = write(alice, bob)
    refused(agree(make_seat("Carol")), envelope)
    refused(alice, envelope)


def test_nobody_writes_in_alices_name(bob: Seat) -> None:
    mallory = agree(make_seat("Alice"))
    plain = decode_plain(write(mallory, bob))
    stolen = ALICE.endpoint.certificate
    refused(bob, plain._replace(certificate=stolen).encode())
    mixed = msgspec.structs.replace(stolen, signing_key=plain.certificate.signing_key)
    refused(bob, plain._replace(certificate=mixed).encode())


def test_a_repeated_one_is_a_duplicate_also_after_a_reload(alice: Seat, bob: Seat) -> None:
    envelope = write(alice, bob)
    read(bob, envelope)
    assert bob.endpoint.open_plain(envelope, NOW_MS) == Duplicate()
    bob.reload()
    assert bob.endpoint.open_plain(envelope, NOW_MS) == Duplicate()


def test_a_dropped_one_is_missed_and_a_counter_is_used_once(alice: Seat, bob: Seat) -> None:
    other = copy_seat(alice)
    read(bob, write(alice, bob))
    write(alice, bob, "dropped")
    assert read(bob, write(alice, bob)).missing == 1
    outcome = bob.endpoint.open_plain(write(other, bob, "the same counter"), NOW_MS)
    assert outcome == Invalid(alice.address)


def test_what_was_said_in_one_way_is_not_taken_in_the_other(alice: Seat, bob: Seat) -> None:
    """The plaintext of an encrypted message, signed by its sender, fits no plain conversation."""
    from tests.pure.e2e.hostile import plaintext_of

    alice.send(bob)
    plaintext = plaintext_of(alice, bob).encode()
    from securechat.e2e.plain import PlainEnvelope, signed_bytes

    signature = alice.endpoint._device.signing_key.sign(
        signed_bytes(alice.address, bob.address, plaintext)
    )
    envelope = PlainEnvelope(alice.endpoint.certificate, plaintext, signature).encode()
    assert bob.endpoint.open_plain(envelope, NOW_MS) == Invalid(alice.address)


@pytest.mark.parametrize("content", [Amendment(ID, "x"), Reaction(ID, "+"), Typing(active=True)])
def test_nothing_is_changed_nor_reacted_to_without_encryption(
    alice: Seat, bob: Seat, content: Amendment | Reaction | Typing
) -> None:
    own, other = alice.address, bob.address
    conversation = plain_conversation_id(own.user_key, other.user_key)
    kind, body = encode_amend_content(content)
    context = context_hash(conversation, own, other)
    message = plaintext_of(alice, bob, kind=kind, body=body, context_hash=context)
    plaintext = message._replace(counter=0, previous_hash=Digest(bytes(32))).encode()
    signature = alice.endpoint._device.signing_key.sign(signed_bytes(own, other, plaintext))
    hostile = PlainEnvelope(alice.endpoint.certificate, plaintext, signature).encode()
    assert is_invalid(bob.endpoint.open_plain(hostile, NOW_MS), alice)


def test_an_encrypted_envelope_does_not_look_plain(alice: Seat, bob: Seat) -> None:
    assert not is_plain(alice.send(bob))
    assert len(MAGIC) == 16
