import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from securechat.e2e.amend_content import KIND_TYPING, Amendment, Reaction
from securechat.e2e.content import (
    KIND_POST,
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
    place_in,
    place_of,
)
from securechat.e2e.order import MAX_GAPS
from securechat.e2e.room_content import (
    KIND_ROOM_NOTICE,
    KIND_ROSTER,
    MAX_ROSTER_BYTES,
    RoomNotice,
    RoomPlace,
    Roster,
    RosterRequest,
)
from securechat.errors import RemoteProtocolError, UsageError
from securechat.identity.notation import u64
from securechat.identity.types import MAX_NUMBER, Digest, MessageId, RoomId
from tests.pure.identity.rosters import begin

KINDS = {*range(KIND_TEXT, KIND_TYPING + 1)}
numbers = st.integers(0, MAX_NUMBER)
message_ids = st.binary(min_size=16, max_size=16).map(MessageId)
ids = st.lists(message_ids, max_size=5).map(tuple)
room_ids = st.binary(min_size=32, max_size=32).map(RoomId)
places = st.builds(RoomPlace, room_ids, numbers)
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


@given(
    st.builds(
        Text,
        st.text(min_size=1),
        st.booleans(),
        st.none() | message_ids,
        st.none() | places,
    )
    | st.builds(RoomNotice, places, st.booleans())
    | st.builds(RosterRequest, room_ids, numbers, room_ids.map(Digest))
    | st.builds(Amendment, message_ids, st.text(), st.none() | places)
    | st.builds(
        Reaction, message_ids, st.sampled_from(["", "+", "\u2764\ufe0f"]), st.none() | places
    )
)
def test_decode_undoes_encode_in_rooms_too(
    content: Text | RoomNotice | RosterRequest | Amendment | Reaction,
) -> None:
    kind, body = encode_content(content)
    assert decode_content(kind, body) == content
    assert place_in(kind, body) == place_of(content)


def test_a_text_that_says_no_more_stays_the_first_kind() -> None:
    assert encode_content(Text("x"))[0] == KIND_TEXT
    assert encode_content(Text("x", action=True)) == (KIND_POST, b"\4x")


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"\4", b"\0text", b"\x08text", b"\x0ctext", b"\4\xff"),
        *(b"\2" + bytes(16), b"\2" + bytes(9), b"\1" + bytes(40), b"\1" + bytes(39)),
        b"\1" + bytes(32) + b"\xff" * 8 + b"x",
    ],
)
def test_a_post_that_is_cut_or_says_nothing_is_refused(body: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_content(KIND_POST, body)


def test_an_empty_post_is_not_sent() -> None:
    with pytest.raises(UsageError):
        encode_content(Text("", action=True))


@pytest.mark.parametrize("end", [b"", b"\0", b"\3", b"\1\1"])
def test_a_notice_says_one_thing(end: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_content(KIND_ROOM_NOTICE, bytes(40) + end)


def test_a_roster_is_written_in_one_way_and_has_a_bound() -> None:
    body = encode_content(Roster(begin()))[1]
    assert decode_content(KIND_ROSTER, body) == Roster(begin())
    longer = msgspec.msgpack.encode([*msgspec.msgpack.decode(body), "more"])
    for wrong in (longer, body + b"\0", body[:-1], body + bytes(MAX_ROSTER_BYTES), b"\x91" * 5000):
        with pytest.raises(RemoteProtocolError):
            decode_content(KIND_ROSTER, wrong)


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
