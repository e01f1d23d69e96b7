import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from securechat.crypto.ratchet import NORMAL_MESSAGE, PREKEY_MESSAGE
from securechat.e2e import envelope
from securechat.e2e.envelope import (
    BLOB_SIZE_BYTES,
    SIZES_BYTES,
    TYPE_MESSAGE,
    TYPE_START,
    Head,
    Start,
    associated_data,
    choose_size,
    decode_start,
    plaintext_room,
    split_frame,
    unwrap_ciphertext,
    wrap_ciphertext,
)
from securechat.errors import CannotOpen, UsageError
from securechat.identity.types import DeviceAddress, DeviceId, UserKey
from tests.pure.identity.objects import make_person

ALICE = make_person("Alice")
SENDER = ALICE.certificate.address
BOB = DeviceAddress(UserKey(b"b" * 32), DeviceId(b"d" * 16))
START = Start(3, b"B" * BLOB_SIZE_BYTES, ALICE.certificate, ALICE.registration)


def head(kind: int) -> Head:
    return Head(kind, b"s" * 16, b"n" * 24, SENDER)


@given(st.binary(max_size=50))
def test_frames_split_into_what_they_were_made_of(ciphertext: bytes) -> None:
    frame = split_frame(head(TYPE_MESSAGE).encode() + ciphertext)
    assert (frame.head, frame.start, frame.ciphertext) == (head(TYPE_MESSAGE), b"", ciphertext)
    frame = split_frame(head(TYPE_START).encode() + START.encode() + ciphertext)
    assert (frame.head, frame.start, frame.ciphertext) == (
        head(TYPE_START),
        START.encode(),
        ciphertext,
    )
    assert decode_start(frame.start, SENDER) == START


def test_head_and_start_have_their_documented_sizes() -> None:
    assert len(head(TYPE_MESSAGE).encode()) == 91
    assert len(START.encode()) == 1_425 + len("Alice")


def test_every_cut_of_a_start_is_refused_or_leaves_no_ciphertext() -> None:
    whole = head(TYPE_START).encode() + START.encode()
    for length in range(len(whole)):
        with pytest.raises(CannotOpen):
            split_frame(whole[:length])


@pytest.mark.parametrize(("index", "value"), [(0, 0), (0, 2), (1, 0), (1, 2), (2, 0), (2, 4)])
def test_other_versions_suites_and_types_are_refused(index: int, value: int) -> None:
    frame = bytearray(head(TYPE_MESSAGE).encode())
    frame[index] = value
    with pytest.raises(CannotOpen):
        split_frame(bytes(frame))


def test_a_name_that_is_not_utf8_is_refused() -> None:
    encoded = START.encode()[:-1] + b"\xff"
    with pytest.raises(CannotOpen):
        decode_start(encoded, SENDER)


def test_numbers_beyond_63_bits_are_refused() -> None:
    certificate = msgspec.structs.replace(ALICE.certificate, created_ms=2**63)
    encoded = Start(3, START.blob, certificate, ALICE.registration).encode()
    with pytest.raises(CannotOpen):
        decode_start(encoded, SENDER)


def test_every_field_is_in_the_associated_data() -> None:
    base = (TYPE_START, SENDER, BOB, b"s" * 16, START.encode())
    variants = [
        base,
        (TYPE_MESSAGE, *base[1:]),
        (TYPE_START, BOB, SENDER, *base[3:]),
        (*base[:3], b"t" * 16, base[4]),
        (*base[:4], b""),
    ]
    for index in range(len(base[4])):
        changed = bytearray(base[4])
        changed[index] ^= 1
        variants.append((*base[:4], bytes(changed)))
    assert len({associated_data(*variant) for variant in variants}) == len(variants)


@pytest.mark.parametrize(
    ("kind", "olm_type"), [(TYPE_START, PREKEY_MESSAGE), (TYPE_MESSAGE, NORMAL_MESSAGE)]
)
def test_wrapping_fills_the_envelope_and_is_undone(kind: int, olm_type: int) -> None:
    start_size = len(START.encode()) if kind == TYPE_START else 0
    for size_bytes in (2048, 16384):
        wrapped = wrap_ciphertext(olm_type, b"cipher\0", start_size, size_bytes)
        assert len(wrapped) + 91 + start_size + 16 + 48 == size_bytes
        assert unwrap_ciphertext(kind, wrapped) == b"cipher\0"


@pytest.mark.parametrize(
    "wrapped",
    [
        b"",
        b"\1\0",
        b"\0\0\1x",
        b"\2\0\1x",
        b"\1\0\2x",
        b"\1\xff\xffx",
        b"\1\0\1x\1",
        b"\1\0\1x\0\0\1",
    ],
)
def test_a_wrong_type_length_or_filling_is_refused(wrapped: bytes) -> None:
    with pytest.raises(CannotOpen):
        unwrap_ciphertext(TYPE_MESSAGE, wrapped)


def test_the_smallest_envelope_that_fits_is_chosen() -> None:
    assert plaintext_room(TYPE_MESSAGE, 0, 512) == 303
    for size_bytes in SIZES_BYTES:
        room = plaintext_room(TYPE_MESSAGE, 0, size_bytes)
        assert choose_size(TYPE_MESSAGE, 0, room) == size_bytes
    assert choose_size(TYPE_MESSAGE, 0, 304) == 1024
    assert choose_size(TYPE_START, len(START.encode()), 0) == 2048


def test_what_fits_in_no_envelope_is_refused() -> None:
    room = plaintext_room(TYPE_MESSAGE, 0, SIZES_BYTES[-1])
    with pytest.raises(UsageError):
        choose_size(TYPE_MESSAGE, 0, room + 1)


def test_all_sizes_are_powers_of_two_from_512_to_16384() -> None:
    assert tuple(2**n for n in range(9, 15)) == envelope.SIZES_BYTES
