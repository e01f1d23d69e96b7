"""Contents about other messages, as bytes: E2E.md, section 7."""

import pytest

from securechat.e2e.amend_content import (
    KIND_AMEND,
    KIND_REACTION,
    KIND_TYPING,
    MAX_SYMBOL_BYTES,
    Amendment,
    Reaction,
    Typing,
    decode_typing,
    encode_amend_content,
)
from securechat.e2e.content import (
    MAX_TEXT_BYTES,
    decode_content,
    encode_content,
    place_in,
    place_of,
)
from securechat.e2e.room_content import RoomPlace
from securechat.errors import RemoteProtocolError, UsageError
from securechat.identity.types import MessageId, RoomId

ID = MessageId(b"i" * 16)
PLACE = RoomPlace(RoomId(b"r" * 32), 3)
IN_ROOM = b"\1" + b"r" * 32 + b"\0\0\0\0\0\0\0\3"


@pytest.mark.parametrize(
    ("content", "kind", "body"),
    [
        (Amendment(ID, "tea"), KIND_AMEND, b"\0" + ID + b"tea"),
        (Amendment(ID, "", PLACE), KIND_AMEND, IN_ROOM + ID),
        (Reaction(ID, "+"), KIND_REACTION, b"\0" + ID + b"+"),
        (Reaction(ID, "", PLACE), KIND_REACTION, IN_ROOM + ID),
        (Typing(True), KIND_TYPING, b"\0\1"),
        (Typing(False, PLACE), KIND_TYPING, IN_ROOM + b"\0"),
    ],
)
def test_bodies(content: Amendment | Reaction | Typing, kind: int, body: bytes) -> None:
    assert encode_amend_content(content) == (kind, body)
    assert place_of(content) == place_in(kind, body) == content.room
    if isinstance(content, Typing):
        assert decode_typing(body) == content
    else:
        assert encode_content(content) == (kind, body)
        assert decode_content(kind, body) == content


@pytest.mark.parametrize("symbol", ["x" * (MAX_SYMBOL_BYTES + 1), "\x1b", "a\n", "\x7f", "\x9b"])
def test_a_reaction_is_short_and_has_no_controls(symbol: str) -> None:
    with pytest.raises(UsageError):
        encode_amend_content(Reaction(ID, symbol))


def test_the_longest_that_fit() -> None:
    assert encode_amend_content(Reaction(ID, "x" * MAX_SYMBOL_BYTES))[1][17:]
    assert encode_amend_content(Amendment(ID, "x" * MAX_TEXT_BYTES))[1][17:]
    for text in ("x" * (MAX_TEXT_BYTES + 1), "\ud800"):
        with pytest.raises(UsageError):
            encode_amend_content(Amendment(ID, text))


@pytest.mark.parametrize("kind", [KIND_AMEND, KIND_REACTION])
@pytest.mark.parametrize("beginning", [b"\0" + ID, IN_ROOM + ID])
def test_what_is_cut_short_anywhere_is_refused(kind: int, beginning: bytes) -> None:
    decode_content(kind, beginning)
    for length in range(len(beginning)):
        with pytest.raises(RemoteProtocolError):
            decode_content(kind, beginning[:length])


@pytest.mark.parametrize("flags", [2, 3, 128, 255])
def test_unknown_flags_are_refused(flags: int) -> None:
    body = bytes([flags]) + IN_ROOM[1:] + ID
    for kind in (KIND_AMEND, KIND_REACTION):
        with pytest.raises(RemoteProtocolError):
            decode_content(kind, body)
        with pytest.raises(RemoteProtocolError):
            place_in(kind, body)
    with pytest.raises(RemoteProtocolError):
        decode_typing(bytes([flags, 1]))


@pytest.mark.parametrize(
    ("kind", "end"),
    [
        (KIND_AMEND, b"x" * (MAX_TEXT_BYTES + 1)),
        (KIND_AMEND, b"\xff"),
        (KIND_AMEND, b"\xed\xa0\x80"),
        (KIND_REACTION, b"x" * (MAX_SYMBOL_BYTES + 1)),
        (KIND_REACTION, b"\xc3"),
        *((KIND_REACTION, control) for control in (b"\x1b", b"a\n", b"\x7f", b"\xc2\x9b")),
    ],
)
def test_what_no_writer_of_ours_makes_is_refused(kind: int, end: bytes) -> None:
    for beginning in (b"\0" + ID, IN_ROOM + ID):
        with pytest.raises(RemoteProtocolError):
            decode_content(kind, beginning + end)


@pytest.mark.parametrize("body", [b"", b"\0", b"\0\2", b"\0\1\1", IN_ROOM, IN_ROOM[:-1] + b"\1"])
def test_typing_says_one_thing(body: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_typing(body)


def test_a_symbol_has_no_control_characters_and_32_bytes() -> None:
    controls = [*range(0x20), *range(0x7F, 0xA0)]
    for code in range(0x100):
        body = b"\0" + ID + chr(code).encode()
        if code in controls:
            with pytest.raises(RemoteProtocolError):
                decode_content(KIND_REACTION, body)
            with pytest.raises(UsageError):
                encode_amend_content(Reaction(ID, chr(code)))
        else:
            assert decode_content(KIND_REACTION, body) == Reaction(ID, chr(code))
    longest = Reaction(ID, "x" * 32)
    assert decode_content(*encode_amend_content(longest)) == longest
    with pytest.raises(UsageError):
        encode_amend_content(Reaction(ID, "x" * 33))


def test_a_message_never_says_that_somebody_types() -> None:
    for content in (Typing(True), Typing(True, PLACE)):
        with pytest.raises(RemoteProtocolError):
            decode_content(*encode_amend_content(content))
