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
    encode_amend_content,
)
from securechat.e2e.content import MAX_TEXT_BYTES, encode_content, place_of
from securechat.e2e.room_content import RoomPlace
from securechat.errors import UsageError
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
    assert place_of(content) == content.room
    if not isinstance(content, Typing):
        assert encode_content(content) == (kind, body)


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
