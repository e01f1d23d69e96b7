"""Lines in, lines out, over streams that do as they like."""

import errno
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securechat.errors import FileProblem, UsageError
from securechat.faces.streams import LINE_MAX_BYTES, LineWriter, read_lines


class Pieces:
    """A stream that gives away its content in the pieces it was made of."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = list(pieces)

    def read(self, size: int, /) -> bytes:
        return self._pieces.pop(0) if self._pieces else b""


class Sink:
    """Takes a few bytes at a time; fails with ``error`` when it has one."""

    def __init__(self, error: OSError | None = None) -> None:
        self.taken = b""
        self.error = error

    def write(self, data: memoryview, /) -> int:
        if self.error is not None:
            raise self.error
        self.taken += data[:3]
        return min(len(data), 3)


def lines_of(*pieces: bytes) -> list[str | UsageError]:
    return list(read_lines(Pieces(*pieces)))


def test_lines_end_at_newlines_of_either_kind() -> None:
    assert lines_of(b"one\ntwo\r\n\nthree") == ["one", "two", "", "three"]


def test_no_input_is_no_line() -> None:
    assert lines_of() == []


def test_a_character_may_be_split() -> None:
    assert lines_of(b"caf\xc3", b"\xa9\n") == ["café"]


@pytest.mark.parametrize("end", [b"\n", b""])
def test_a_line_that_is_not_utf8_is_an_error_in_its_place(end: bytes) -> None:
    first, bad, *rest = lines_of(b"one\ncaf\xe9" + end)
    assert first == "one"
    assert isinstance(bad, UsageError)
    assert not rest


def test_the_lines_after_a_bad_one_are_not_lost() -> None:
    assert lines_of(b"\xff\ntwo\n")[1:] == ["two"]


@pytest.mark.parametrize("end", [b"\n", b"\nafter\n", b""])
def test_a_line_too_long_is_one_error_and_the_next_line_counts(end: bytes) -> None:
    pieces = [b"x" * 100_000] * 30
    bad, *rest = lines_of(*pieces, *filter(None, [end]))
    assert isinstance(bad, UsageError)
    assert "1,048,576" in bad.what
    assert rest == (["after"] if b"after" in end else [])


@pytest.mark.parametrize(("extra", "fits"), [(0, True), (1, False)])
def test_the_longest_line(extra: int, fits: bool) -> None:
    [line] = lines_of(b"x" * (LINE_MAX_BYTES + extra) + b"\n")
    assert isinstance(line, str) is fits


@given(st.lists(st.binary(min_size=1)))
def test_any_split_gives_the_same_lines(pieces: list[bytes]) -> None:
    whole = [str(line) for line in read_lines(io.BytesIO(b"".join(pieces)))]
    assert [str(line) for line in lines_of(*pieces)] == whole


def test_a_line_is_written_to_its_end() -> None:
    sink = Sink()
    LineWriter(sink).write_line("hello wörld")
    assert sink.taken == "hello wörld\n".encode()


def test_what_the_encoding_lacks_is_a_question_mark() -> None:
    sink = Sink()
    LineWriter(sink, "ascii").write_line("wörld ✓")
    assert sink.taken == b"w?rld ?\n"


def test_a_reader_that_has_gone_is_noted_and_no_error() -> None:
    sink = Sink(BrokenPipeError())
    writer = LineWriter(sink)
    writer.write_line("one")
    assert writer.broken
    sink.error = None
    writer.write_line("two")
    assert sink.taken == b""


def test_a_full_disk_is_an_error_with_words() -> None:
    with pytest.raises(FileProblem, match="No space left"):
        LineWriter(Sink(OSError(errno.ENOSPC, "No space left on device"))).write_line("one")
