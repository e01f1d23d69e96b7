"""The contents that concern other messages, and the one that says that a message is being typed."""

from msgspec import Struct

from securechat.e2e.room_content import PLACE_SIZE_BYTES, RoomPlace, decode_place
from securechat.e2e.text_bytes import decode_text, encode_text
from securechat.errors import RemoteProtocolError, UsageError
from securechat.identity.types import MessageId

KIND_AMEND = 10
KIND_REACTION = 11
KIND_TYPING = 12
AMEND_KINDS = frozenset({KIND_AMEND, KIND_REACTION, KIND_TYPING})
"""None of these goes without encryption."""

MAX_SYMBOL_BYTES = 32

_IN_A_ROOM = 1
_ID_SIZE_BYTES = 16
_CONTROLS = frozenset(map(chr, [*range(0x20), *range(0x7F, 0xA0)]))


class Amendment(Struct, frozen=True):
    """Another text for a message of the same sender; an empty one deletes it.

    The text has up to `text_bytes.MAX_TEXT_BYTES` in UTF-8; it is not safe to show yet. ``room`` is
    None in a conversation of two.
    """

    message_id: MessageId
    text: str
    room: RoomPlace | None = None


class Reaction(Struct, frozen=True):
    """The one symbol with which the sender reacts to a message; an empty one takes it back.

    It has up to `MAX_SYMBOL_BYTES` in UTF-8 and no control characters; it is not safe to show yet.
    """

    message_id: MessageId
    symbol: str
    room: RoomPlace | None = None


class Typing(Struct, frozen=True):
    """The sender begins to type, or types no more (``active`` false); only ever in a signal."""

    active: bool
    room: RoomPlace | None = None


def encode_amend_content(content: Amendment | Reaction | Typing) -> tuple[int, bytes]:
    """Return kind and body; raise `UsageError` for a text or symbol that no body can hold."""
    beginning = b"\0" if content.room is None else bytes([_IN_A_ROOM]) + content.room.encode()
    match content:
        case Amendment(message_id, text):
            return KIND_AMEND, beginning + message_id + encode_text(text)
        case Reaction(message_id, symbol):
            return KIND_REACTION, beginning + message_id + _encode_symbol(symbol)
        case Typing(active):
            return KIND_TYPING, beginning + bytes([active])


def decode_amendment(body: bytes) -> Amendment:
    """Undo `encode_amend_content`; raise `RemoteProtocolError`."""
    place, message_id, text = _split(body)
    return Amendment(message_id, decode_text(text), place)


def decode_reaction(body: bytes) -> Reaction:
    """Undo `encode_amend_content`; raise `RemoteProtocolError`."""
    place, message_id, rest = _split(body)
    symbol = decode_text(rest)
    if len(rest) > MAX_SYMBOL_BYTES or not _CONTROLS.isdisjoint(symbol):
        raise RemoteProtocolError("A reaction is too long, or has a control character.")
    return Reaction(message_id, symbol, place)


def decode_typing(body: bytes) -> Typing:
    """Undo `encode_amend_content`; raise `RemoteProtocolError`."""
    place, active = _split_place(body)
    if active not in (b"\0", b"\1"):
        raise RemoteProtocolError("What says that somebody types has a wrong length or value.")
    return Typing(active == b"\1", place)


def place_in_amend_body(body: bytes) -> RoomPlace | None:
    """Return the place in a body of one of these kinds; raise `RemoteProtocolError`."""
    return _split_place(body)[0]


def _encode_symbol(symbol: str) -> bytes:
    body = encode_text(symbol)
    if len(body) > MAX_SYMBOL_BYTES or not _CONTROLS.isdisjoint(symbol):
        raise UsageError(f"A reaction is one symbol, of up to {MAX_SYMBOL_BYTES} bytes.")
    return body


def _split_place(body: bytes) -> tuple[RoomPlace | None, bytes]:
    flags, rest = body[:1], body[1:]
    if flags == b"\0":
        return None, rest
    if flags != bytes([_IN_A_ROOM]):
        raise RemoteProtocolError("A content about a message has no flags, or unknown ones.")
    return decode_place(rest), rest[PLACE_SIZE_BYTES:]


def _split(body: bytes) -> tuple[RoomPlace | None, MessageId, bytes]:
    place, rest = _split_place(body)
    if len(rest) < _ID_SIZE_BYTES:
        raise RemoteProtocolError("The id of a message is cut short.")
    return place, MessageId(rest[:_ID_SIZE_BYTES]), rest[_ID_SIZE_BYTES:]
