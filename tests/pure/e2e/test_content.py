import pytest
from hypothesis import given
from hypothesis import strategies as st

from securechat.e2e.content import (
    KIND_READ,
    KIND_RECEIPT,
    KIND_RECOVERY,
    KIND_TEXT,
    MAX_RECEIPT_IDS,
    MAX_RECOVERY_GAPS,
    MAX_TEXT_BYTES,
    Content,
    ReadReceipt,
    Receipt,
    Recovery,
    Text,
    Unsupported,
    decode_content,
    encode_content,
)
from securechat.e2e.order import MAX_GAPS
from securechat.errors import RemoteProtocolError, UsageError
from securechat.identity.notation import u64
from securechat.identity.types import MAX_NUMBER, MessageId

KINDS = {KIND_TEXT, KIND_RECEIPT, KIND_RECOVERY, KIND_READ}
numbers = st.integers(0, MAX_NUMBER)
ids = st.lists(st.binary(min_size=16, max_size=16).map(MessageId), max_size=5).map(tuple)
texts_and_receipts = (
    st.text().map(Text) | st.builds(Receipt, ids, numbers) | ids.filter(len).map(ReadReceipt)
)


def make_recovery(ends: list[int]) -> Recovery:
    """Return a recovery whose gaps have every second pair of these ascending ends."""
    *gaps, next_counter = sorted(ends)
    return Recovery(next_counter, tuple(zip(gaps[::2], gaps[1::2], strict=False)))


recoveries = st.lists(numbers, min_size=1, max_size=65, unique=True).map(make_recovery)


@given(texts_and_receipts | recoveries)
def test_decode_undoes_encode(content: Content) -> None:
    assert decode_content(*encode_content(content)) == content


@given(st.integers(0, 255), st.binary(max_size=100))
def test_any_body_is_content_or_a_protocol_error(kind: int, body: bytes) -> None:
    try:
        content = decode_content(kind, body)
    except RemoteProtocolError:
        assert kind in KINDS
    else:
        assert (content == Unsupported(kind)) == (kind not in KINDS)


def test_limits_hold_on_both_sides() -> None:
    assert len(encode_content(Text("x" * MAX_TEXT_BYTES))[1]) == MAX_TEXT_BYTES
    with pytest.raises(UsageError):
        encode_content(Text("é" * (MAX_TEXT_BYTES // 2) + "x"))
    with pytest.raises(RemoteProtocolError):
        decode_content(KIND_TEXT, b"x" * (MAX_TEXT_BYTES + 1))
    with pytest.raises(UsageError):
        encode_content(Receipt((MessageId(bytes(16)),) * (MAX_RECEIPT_IDS + 1), 1))
    with pytest.raises(RemoteProtocolError):
        decode_content(KIND_RECEIPT, bytes(8 + 16 * (MAX_RECEIPT_IDS + 1)))


def test_half_a_character_is_not_sent() -> None:
    with pytest.raises(UsageError):
        encode_content(Text("\ud800"))


def recovery_body(*numbers_: int) -> bytes:
    return b"".join(map(u64, numbers_))


def test_a_recovery_asks_for_its_gaps_and_all_from_the_next_counter_on() -> None:
    recovery = Recovery(9, ((0, 0), (4, 6)))
    assert [n for n in range(12) if recovery.lacks(n)] == [0, 4, 5, 6, 9, 10, 11]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        bytes(7),
        bytes(16),
        recovery_body(9, 3),
        recovery_body(9, 3, 2),
        recovery_body(9, 3, 9),
        recovery_body(9, 9, 9),
        recovery_body(9, 5, 6, 1, 2),
        recovery_body(9, 1, 5, 5, 6),
        recovery_body(9, 1, 5, 1, 5),
        recovery_body(2**63),
        recovery_body(2**64 - 1, 0, 2**63),
        recovery_body(99, *(n for n in range(2 * MAX_RECOVERY_GAPS + 2))),
    ],
)
def test_a_recovery_of_another_form_is_refused(body: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_content(KIND_RECOVERY, body)


def test_a_recovery_names_as_many_gaps_as_are_kept() -> None:
    assert MAX_RECOVERY_GAPS == MAX_GAPS
    gaps = tuple((n, n) for n in range(MAX_RECOVERY_GAPS + 1))
    with pytest.raises(UsageError):
        encode_content(Recovery(99, gaps))
    full = Recovery(99, gaps[1:])
    assert decode_content(*encode_content(full)) == full


def test_a_receipt_with_an_epoch_out_of_range_is_refused() -> None:
    with pytest.raises(RemoteProtocolError):
        decode_content(KIND_RECEIPT, u64(2**63))


@pytest.mark.parametrize("count", [0, MAX_RECEIPT_IDS + 1])
def test_a_read_receipt_of_none_or_too_many_is_refused(count: int) -> None:
    with pytest.raises(UsageError):
        encode_content(ReadReceipt((MessageId(bytes(16)),) * count))
    with pytest.raises(RemoteProtocolError):
        decode_content(KIND_READ, bytes(16 * count))


@pytest.mark.parametrize("size_bytes", [1, 15, 17, 24, 8 + 16 * MAX_RECEIPT_IDS])
def test_a_read_receipt_of_another_length_is_refused(size_bytes: int) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_content(KIND_READ, bytes(size_bytes))


def test_a_read_receipt_names_up_to_256_messages() -> None:
    full = ReadReceipt(tuple(MessageId(bytes([n] * 16)) for n in range(MAX_RECEIPT_IDS)))
    assert decode_content(*encode_content(full)) == full
