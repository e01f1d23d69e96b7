import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from securechat.e2e.content import (
    KIND_RECEIPT,
    KIND_TEXT,
    MAX_RECEIPT_IDS,
    MAX_TEXT_BYTES,
    Content,
    Receipt,
    Text,
    Unsupported,
    decode_content,
    encode_content,
)
from securechat.errors import RemoteProtocolError, UsageError
from securechat.identity.types import MessageId

ids = st.lists(st.binary(min_size=16, max_size=16).map(MessageId), max_size=5).map(tuple)


@settings(max_examples=50)
@given(st.text().map(Text) | st.builds(Receipt, ids, st.integers(0, 2**64 - 1)))
def test_decode_undoes_encode(content: Content) -> None:
    assert decode_content(*encode_content(content)) == content


@given(st.integers(0, 255), st.binary(max_size=100))
def test_any_body_is_content_or_a_protocol_error(kind: int, body: bytes) -> None:
    try:
        content = decode_content(kind, body)
    except RemoteProtocolError:
        assert kind in {KIND_TEXT, KIND_RECEIPT}
    else:
        assert (content == Unsupported(kind)) == (kind not in {KIND_TEXT, KIND_RECEIPT})


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
