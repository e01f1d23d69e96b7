"""The greatest and least values that a plain envelope may have."""

import msgspec
import pytest

from securechat.e2e.envelope import SIZES_BYTES
from securechat.e2e.plain import PlainEnvelope, decode_plain
from securechat.errors import CannotOpen, UsageError
from securechat.identity.types import MAX_NUMBER
from tests.pure.identity.objects import make_person

ALICE = make_person("Alice")
PLAIN = PlainEnvelope(ALICE.certificate, b"plaintext", b"s" * 64)
OVERHEAD_BYTES = 16 + 2 + 32 + 16 + 32 + 32 + 8 + 8 + 64 + 2 + 64


@pytest.mark.parametrize("field", ["created_ms", "sequence"])
def test_the_numbers_of_a_certificate_end_at_63_bits(field: str) -> None:
    def numbered(number: int) -> PlainEnvelope:
        changed = msgspec.structs.replace(ALICE.certificate, **{field: number})
        return PLAIN._replace(certificate=changed)

    assert decode_plain(numbered(MAX_NUMBER).encode()) == numbered(MAX_NUMBER)
    with pytest.raises(CannotOpen):
        decode_plain(numbered(MAX_NUMBER + 1).encode())


@pytest.mark.parametrize("size_bytes", SIZES_BYTES)
def test_a_plaintext_may_fill_its_envelope(size_bytes: int) -> None:
    full = PLAIN._replace(plaintext=bytes(size_bytes - OVERHEAD_BYTES))
    assert len(full.encode()) == size_bytes
    assert decode_plain(full.encode()) == full


def test_no_plaintext_is_longer_than_the_greatest_envelope() -> None:
    with pytest.raises(UsageError):
        PLAIN._replace(plaintext=bytes(SIZES_BYTES[-1] - OVERHEAD_BYTES + 1)).encode()


def test_a_length_beyond_the_envelope_is_refused() -> None:
    encoded = PLAIN.encode()
    at = OVERHEAD_BYTES - 64 - 2
    longer = encoded[:at] + (512 - OVERHEAD_BYTES + 1).to_bytes(2, "big") + encoded[at + 2 :]
    with pytest.raises(CannotOpen):
        decode_plain(longer)
