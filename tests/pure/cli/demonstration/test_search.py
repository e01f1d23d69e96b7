from base64 import b64encode, urlsafe_b64encode
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securechat.cli.demonstration.search import Finding, find_texts, is_worth_searching

TEXT = "the cake: ~~~???>>> 你好"

some_bytes = st.binary(max_size=40)


@given(some_bytes, some_bytes)
def test_a_text_is_found_as_typed(before: bytes, after: bytes) -> None:
    assert Finding(TEXT, "as typed") in find_texts([TEXT], [b"", before + TEXT.encode() + after])


@given(some_bytes, some_bytes)
@pytest.mark.parametrize("encode", [b64encode, urlsafe_b64encode])
def test_a_text_is_found_in_base64_wherever_it_begins(
    encode: object, before: bytes, after: bytes
) -> None:
    assert callable(encode)
    encoded = encode(before + TEXT.encode() + after)
    assert Finding(TEXT, "in base64") in find_texts([TEXT], [encoded])


@pytest.mark.parametrize("digits", [TEXT.encode().hex(), TEXT.encode().hex().upper()])
def test_a_text_is_found_in_hex(digits: str) -> None:
    assert find_texts([TEXT], [f"x{digits}y".encode()]) == [Finding(TEXT, "in hex")]


def test_a_text_of_plain_letters_is_told_once_for_each_form() -> None:
    assert find_texts(["aaaaaa"], [b64encode(b"aaaaaa")]) == [Finding("aaaaaa", "in base64")]


def test_another_text_is_not_found() -> None:
    other = TEXT.replace("cake", "cook").encode()
    haystacks = [other, other.hex().encode(), b64encode(other), Random(1).randbytes(100_000)]
    assert find_texts([TEXT], haystacks) == []


@pytest.mark.parametrize(
    ("text", "worth"),
    [("short", False), ("longer", True), ("你好", True), ("secure", False), ("alice", False)],
)
def test_what_would_turn_up_anyway_is_not_searched_for(text: str, worth: bool) -> None:
    assert is_worth_searching(text, ["securechat/0.1.0", "alice"]) is worth
