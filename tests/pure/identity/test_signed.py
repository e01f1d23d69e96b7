"""What holds for every signed object."""

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from securechat.errors import InvalidSignature, SecureChatError
from securechat.identity.signed import SignedObject
from tests.pure.identity.objects import make_person

Check = Callable[[SignedObject], None]

ALICE = make_person()
CHECKS = [pytest.param(*check, id=type(check[0]).__name__) for check in ALICE.checks()]


@pytest.mark.parametrize(("signed", "verify"), CHECKS)
def test_it_verifies_after_a_round_trip(signed: SignedObject, verify: Check) -> None:
    decoded = msgspec.msgpack.decode(msgspec.msgpack.encode(signed), type=type(signed))
    assert decoded == signed
    verify(decoded)


@pytest.mark.parametrize(("signed", "verify"), CHECKS)
def test_it_travels_as_the_list_of_its_fields(signed: SignedObject, verify: Check) -> None:
    listed = msgspec.msgpack.decode(msgspec.msgpack.encode(signed))
    fields = msgspec.structs.astuple(signed)
    assert listed == [list(each) if isinstance(each, tuple) else each for each in fields]


@settings(max_examples=2 * settings().max_examples)
@given(st.data())
def test_any_flipped_bit_is_refused(data: st.DataObject) -> None:
    signed, verify = data.draw(st.sampled_from(ALICE.checks()))
    encoded = msgspec.msgpack.encode(signed)
    bit = data.draw(st.integers(0, 8 * len(encoded) - 1))
    flipped = bytearray(encoded)
    flipped[bit // 8] ^= 1 << bit % 8
    with pytest.raises((SecureChatError, msgspec.DecodeError, UnicodeDecodeError)):
        verify(msgspec.msgpack.decode(bytes(flipped), type=type(signed)))


@pytest.mark.parametrize(("signed", "verify"), CHECKS)
def test_each_field_is_under_the_signature(signed: SignedObject, verify: Check) -> None:
    for field in msgspec.structs.fields(signed):
        value = getattr(signed, field.name)
        match value:
            case bytes():
                other: object = bytes([value[0] ^ 1]) + value[1:]
            case int():
                other = value + 1
            case str():
                other = value + "x"
            case _:
                other = (b"z" * 32,)
        with pytest.raises(SecureChatError):
            verify(msgspec.structs.replace(signed, **{field.name: other}))


@pytest.mark.parametrize(("signed", "verify"), CHECKS)
def test_byte_fields_have_one_size(signed: SignedObject, verify: Check) -> None:
    for field in msgspec.structs.fields(signed):
        value = getattr(signed, field.name)
        if isinstance(value, bytes) and field.name != "suites":
            for wrong in (b"", value[:-1], value + b"\0"):
                changed = msgspec.structs.replace(signed, **{field.name: wrong})
                with pytest.raises(msgspec.ValidationError):
                    msgspec.msgpack.decode(msgspec.msgpack.encode(changed), type=type(signed))


@pytest.mark.parametrize(("signed", "verify"), CHECKS)
def test_a_signature_serves_no_other_kind_of_object(signed: SignedObject, verify: Check) -> None:
    for other, verify_other in ALICE.checks():
        if type(other) is not type(signed):
            with pytest.raises(InvalidSignature):
                verify_other(msgspec.structs.replace(other, signature=signed.signature))


def test_labels_are_distinct_and_versioned() -> None:
    labels = [type(signed).label for signed, _ in ALICE.checks()]
    assert len(set(labels)) == len(labels)
    assert all(label.startswith("securechat/") and label.endswith("/v1") for label in labels)
