import time
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securechat.quitmode.splitter import (
    MESSAGE_MAX_BYTES,
    SILENCE_S,
    UNFINISHED_SILENCE_S,
    Message,
    MessageSplitter,
)

NOON = 43_200.0
TOO_LONG = Message("", is_too_long=True)


def split(*parts: bytes) -> list[Message]:
    """Feed parts that follow each other without silence, then the end of the stream."""
    splitter = MessageSplitter()
    messages = [message for part in parts for message in splitter.receive(part, NOON)]
    return messages + splitter.finish()


def texts(messages: Iterable[Message]) -> list[str]:
    return [message.text for message in messages]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (b"hello", ["hello"]),
        (b"hello\n", ["hello"]),
        (b"quit\r\n", ["quit"]),
        (b"one\ntwo\r\nthree", ["one", "two", "three"]),
        (b"\n\nx\n", ["", "", "x"]),
        (b" spaced \t\n", [" spaced \t"]),
        (b"a\rb\n", ["a\rb"]),
        ("h\u00e9 \U0001f600\n".encode(), ["h\u00e9 \U0001f600"]),
        (b"\xff\xfe\n", ["\ufffd\ufffd"]),
        (b"caf\xc3\n", ["caf\ufffd"]),
        (b"caf\xc3", ["caf\ufffd"]),
        (b"\xed\xa0\x80\n", ["\ufffd\ufffd\ufffd"]),
        (b"\x00\x1b[2J\n", ["\x00\x1b[2J"]),
    ],
)
def test_newlines_and_the_end_of_the_stream_end_messages(data: bytes, expected: list[str]) -> None:
    assert texts(split(data)) == expected


@given(st.binary(max_size=60), st.lists(st.integers(0, 60)))
def test_how_the_network_splits_the_bytes_makes_no_difference(data: bytes, cuts: list[int]) -> None:
    ends = sorted({min(cut, len(data)) for cut in cuts} | {len(data)})
    parts = [data[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    assert split(*parts) == split(data)


def test_a_message_is_out_as_soon_as_its_newline_is_there() -> None:
    splitter = MessageSplitter()
    assert splitter.receive(b"hel", NOON) == []
    assert splitter.receive(b"lo\nwor", NOON) == [Message("hello")]
    assert splitter.receive(b"ld\n", NOON) == [Message("world")]
    assert splitter.deadline is None


def test_silence_ends_a_message() -> None:
    splitter = MessageSplitter()
    splitter.receive(b"hello", NOON)
    assert splitter.deadline == NOON + SILENCE_S
    assert splitter.expire(NOON + SILENCE_S - 0.001) == []
    assert splitter.expire(NOON + SILENCE_S) == [Message("hello")]
    assert splitter.deadline is None
    assert splitter.expire(NOON + 60) == []


def test_more_bytes_put_the_end_off() -> None:
    splitter = MessageSplitter()
    splitter.receive(b"hel", NOON)
    splitter.receive(b"lo", NOON + 0.15)
    assert splitter.expire(NOON + SILENCE_S) == []
    assert splitter.expire(NOON + 0.15 + SILENCE_S) == [Message("hello")]


@pytest.mark.parametrize("character", ["\u00e9", "\u5b57", "\U0001f600"])
def test_silence_inside_a_character_may_be_longer(character: str) -> None:
    encoded = character.encode()
    for size in range(1, len(encoded)):
        splitter = MessageSplitter()
        splitter.receive(b"x" + encoded[:size], NOON)
        assert splitter.deadline == NOON + UNFINISHED_SILENCE_S
        assert splitter.expire(NOON + 1.0) == []
        splitter.receive(encoded[size:], NOON + 1.0)
        assert splitter.expire(NOON + 1.0 + SILENCE_S) == [Message(f"x{character}")]


def test_silence_inside_a_character_is_bounded() -> None:
    splitter = MessageSplitter()
    splitter.receive(b"x\xf0\x9f", NOON)
    assert splitter.expire(NOON + UNFINISHED_SILENCE_S) == [Message("x\ufffd")]


@pytest.mark.parametrize("data", [b"x\xff", b"x\x80\x80\x80", b"x\xc0", b"x\xf5"])
def test_bytes_that_begin_no_character_do_not_prolong_the_silence(data: bytes) -> None:
    splitter = MessageSplitter()
    splitter.receive(data, NOON)
    assert splitter.deadline == NOON + SILENCE_S


def test_the_line_ending_of_the_last_message_is_known() -> None:
    splitter = MessageSplitter()
    assert splitter.line_ending == b""
    splitter.receive(b"one\r\n", NOON)
    assert splitter.line_ending == b"\r\n"
    splitter.receive(b"two\n", NOON)
    assert splitter.line_ending == b"\n"
    splitter.receive(b"three", NOON)
    splitter.expire(NOON + SILENCE_S)
    assert splitter.line_ending == b""
    splitter.receive(b"\n", NOON + 1)
    assert splitter.line_ending == b"\n"


def test_a_line_ending_may_arrive_in_two_parts() -> None:
    splitter = MessageSplitter()
    assert splitter.receive(b"quit\r", NOON) == []
    assert splitter.receive(b"\n", NOON) == [Message("quit")]
    assert splitter.line_ending == b"\r\n"


def test_ten_kilobytes_arrive_whole() -> None:
    message = "0123456789" * 1000
    parts = [message.encode()[start : start + 1024] for start in range(0, 10_000, 1024)]
    assert split(*parts) == [Message(message)]


def test_the_longest_message_arrives_whole() -> None:
    assert split(b"x" * MESSAGE_MAX_BYTES) == [Message("x" * MESSAGE_MAX_BYTES)]


def test_a_longer_message_is_refused_at_once_and_its_rest_is_dropped() -> None:
    splitter = MessageSplitter()
    splitter.receive(b"x" * (MESSAGE_MAX_BYTES - 1), NOON)
    assert splitter.receive(b"xx", NOON) == [TOO_LONG]
    for _ in range(1000):
        assert splitter.receive(b"x" * 65_536, NOON) == []
    assert splitter.receive(b"rest\nnext\n", NOON) == [Message("next")]


def test_silence_ends_the_dropping_too() -> None:
    splitter = MessageSplitter()
    splitter.receive(b"x" * (MESSAGE_MAX_BYTES + 1), NOON)
    assert splitter.deadline == NOON + SILENCE_S
    assert splitter.expire(NOON + SILENCE_S) == []
    assert splitter.receive(b"next\n", NOON + 1) == [Message("next")]


def test_the_end_of_the_stream_ends_the_dropping_too() -> None:
    splitter = MessageSplitter()
    splitter.receive(b"x" * (MESSAGE_MAX_BYTES + 1), NOON)
    assert splitter.finish() == []
    assert splitter.deadline is None


def test_many_short_lines_take_linear_time() -> None:
    start = time.process_time()
    assert len(split(b"\n" * 10_000)) == 10_000
    assert time.process_time() - start < 2
