from hypothesis import given
from hypothesis import strategies as st

from securechat.identity.notation import L, digest, u64

parts = st.lists(st.binary(max_size=20), max_size=5)


def test_label_and_parts_have_their_lengths_before_them() -> None:
    expected = bytes.fromhex("000000036c2f3100000002abcd00000000")
    assert L("l/1", b"\xab\xcd", b"") == expected


@given(parts, parts)
def test_different_lists_give_different_bytes(one: list[bytes], other: list[bytes]) -> None:
    assert (L("label", *one) == L("label", *other)) == (one == other)


@given(st.binary(max_size=40), st.integers(0, 40))
def test_moving_a_border_changes_the_bytes(data: bytes, border: int) -> None:
    assert L("label", data[:border], data[border:]) != L("label", data)


def test_a_digest_is_of_label_and_parts() -> None:
    assert len(digest("label", b"x")) == 32
    assert len({digest("label", b"x"), digest("label", b"x", b""), digest("labelx")}) == 3


def test_numbers_are_eight_bytes_big_endian() -> None:
    assert u64(258) == b"\0\0\0\0\0\0\1\2"
