"""The greatest and least values that an envelope and what it says may have."""

import msgspec
import pytest
from msgspec.structs import replace

from securechat.crypto.ratchet import NORMAL_MESSAGE
from securechat.e2e.content import MAX_RECEIPT_IDS, Receipt, decode_content, encode_content
from securechat.e2e.envelope import (
    BLOB_SIZE_BYTES,
    TYPE_MESSAGE,
    Start,
    decode_start,
    unwrap_ciphertext,
    wrap_ciphertext,
)
from securechat.e2e.plain import PlainEnvelope, decode_plain
from securechat.e2e.plaintext import Plaintext, decode_plaintext
from securechat.errors import CannotOpen, RemoteProtocolError
from securechat.identity.types import MAX_NUMBER, Digest, MessageId
from tests.pure.identity.objects import make_person

ALICE = make_person("Alice")
START = Start(3, b"B" * BLOB_SIZE_BYTES, ALICE.certificate, ALICE.registration)


@pytest.mark.parametrize("field", ["created_ms", "sequence"])
def test_the_numbers_of_a_certificate_end_at_63_bits(field: str) -> None:
    def start(number: int) -> Start:
        return replace(
            START, certificate=msgspec.structs.replace(ALICE.certificate, **{field: number})
        )

    assert decode_start(start(MAX_NUMBER).encode(), ALICE.certificate.address) == start(MAX_NUMBER)
    with pytest.raises(CannotOpen):
        decode_start(start(MAX_NUMBER + 1).encode(), ALICE.certificate.address)


def test_the_time_of_a_registration_ends_at_63_bits() -> None:
    def start(time_ms: int) -> Start:
        return replace(
            START, registration=msgspec.structs.replace(ALICE.registration, time_ms=time_ms)
        )

    assert decode_start(start(MAX_NUMBER).encode(), ALICE.certificate.address) == start(MAX_NUMBER)
    with pytest.raises(CannotOpen):
        decode_start(start(MAX_NUMBER + 1).encode(), ALICE.certificate.address)


def test_a_ciphertext_may_fill_its_room() -> None:
    assert unwrap_ciphertext(TYPE_MESSAGE, bytes([NORMAL_MESSAGE, 0, 3]) + b"abc") == b"abc"
    assert unwrap_ciphertext(TYPE_MESSAGE, bytes([NORMAL_MESSAGE, 0, 0])) == b""


def test_a_receipt_names_up_to_256_messages() -> None:
    ids = tuple(MessageId(number.to_bytes(16, "big")) for number in range(MAX_RECEIPT_IDS))
    full, empty = Receipt(ids, MAX_NUMBER), Receipt((), 0)
    assert decode_content(*encode_content(full)) == full
    assert decode_content(*encode_content(empty)) == empty


def test_no_byte_but_zero_fills_a_plaintext() -> None:
    message = Plaintext(1, 0, 0, MessageId(bytes(16)), Digest(bytes(32)), Digest(bytes(32)), b"")
    assert decode_plaintext(message.encode() + b"\0")[0] == message
    for value in range(1, 256):
        with pytest.raises(RemoteProtocolError):
            decode_plaintext(message.encode() + bytes([value]))


@pytest.mark.parametrize("filling", [b"\1", b"X", b"\xff"])
def test_nothing_but_zeros_fills_an_envelope(filling: bytes) -> None:
    wrapped = wrap_ciphertext(NORMAL_MESSAGE, b"c" * 200, 0, 512)
    with pytest.raises(CannotOpen):
        unwrap_ciphertext(TYPE_MESSAGE, wrapped[:-1] + filling)
    plain = PlainEnvelope(ALICE.certificate, b"p" * 100, b"s" * 64).encode()
    assert decode_plain(plain).plaintext == b"p" * 100
    with pytest.raises(CannotOpen):
        decode_plain(plain[:-1] + filling)
