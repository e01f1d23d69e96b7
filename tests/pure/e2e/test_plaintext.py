import pytest
from hypothesis import given
from hypothesis import strategies as st

from securechat.e2e.plaintext import (
    HEADER_SIZE_BYTES,
    Plaintext,
    context_hash,
    decode_plaintext,
    direct_conversation_id,
    hash_plaintext,
)
from securechat.errors import RemoteProtocolError
from securechat.identity.types import (
    MAX_NUMBER,
    DeviceAddress,
    DeviceId,
    Digest,
    MessageId,
    UserKey,
)

numbers = st.integers(0, MAX_NUMBER)
plaintexts = st.builds(
    Plaintext,
    kind=st.integers(0, 255),
    counter=numbers,
    time_ms=numbers,
    message_id=st.binary(min_size=16, max_size=16).map(MessageId),
    previous_hash=st.binary(min_size=32, max_size=32).map(Digest),
    context_hash=st.binary(min_size=32, max_size=32).map(Digest),
    body=st.binary(max_size=300),
)

ALICE = DeviceAddress(UserKey(b"a" * 32), DeviceId(b"1" * 16))
BOB = DeviceAddress(UserKey(b"b" * 32), DeviceId(b"1" * 16))


@given(plaintexts, st.integers(0, 100))
def test_decode_undoes_encode_and_padding(message: Plaintext, padding: int) -> None:
    encoded = message.encode()
    assert len(encoded) == HEADER_SIZE_BYTES + len(message.body)
    decoded, message_hash = decode_plaintext(encoded + bytes(padding))
    assert decoded == message
    assert message_hash == hash_plaintext(encoded)


@given(plaintexts, st.integers(1, 100), st.data())
def test_padding_must_be_zero(message: Plaintext, padding: int, data: st.DataObject) -> None:
    padded = bytearray(message.encode() + bytes(padding))
    padded[len(padded) - 1 - data.draw(st.integers(0, padding - 1))] = 1
    with pytest.raises(RemoteProtocolError):
        decode_plaintext(bytes(padded))


@given(st.binary(max_size=200))
def test_random_bytes_are_a_message_or_a_protocol_error(data: bytes) -> None:
    try:
        decode_plaintext(data)
    except RemoteProtocolError:
        return
    assert data[0] == 1


def test_numbers_beyond_63_bits_are_refused() -> None:
    for counter, time_ms in ((2**63, 0), (0, 2**63)):
        message = Plaintext(
            1, counter, time_ms, MessageId(bytes(16)), Digest(bytes(32)), Digest(bytes(32)), b""
        )
        with pytest.raises(RemoteProtocolError):
            decode_plaintext(message.encode())


def test_a_conversation_has_one_id_and_two_contexts() -> None:
    conversation = direct_conversation_id(ALICE.user_key, BOB.user_key)
    assert conversation == direct_conversation_id(BOB.user_key, ALICE.user_key)
    contexts = {
        context_hash(conversation, ALICE, BOB),
        context_hash(conversation, BOB, ALICE),
        context_hash(conversation, ALICE, BOB, b"r" * 32),
        context_hash(conversation, ALICE._replace(device_id=DeviceId(b"2" * 16)), BOB),
        context_hash(Digest(bytes(32)), ALICE, BOB),
    }
    assert len(contexts) == 5
