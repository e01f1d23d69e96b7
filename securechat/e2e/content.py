"""What a message says: content kinds and their bodies. The registry of kinds is in E2E.md."""

from collections.abc import Callable

from msgspec import Struct

from securechat.e2e.amend_content import (
    AMEND_KINDS,
    KIND_AMEND,
    KIND_REACTION,
    KIND_TYPING,
    Amendment,
    Reaction,
    Typing,
    decode_amendment,
    decode_reaction,
    encode_amend_content,
    place_in_amend_body,
)
from securechat.e2e.room_content import (
    KIND_ROOM_NOTICE,
    KIND_ROSTER,
    KIND_ROSTER_REQUEST,
    PLACE_SIZE_BYTES,
    Held,
    RoomContent,
    RoomNotice,
    RoomPlace,
    Roster,
    decode_entry,
    decode_place,
    decode_room_notice,
    decode_roster_request,
    encode_room_content,
)
from securechat.e2e.sas_content import KIND_SAS, Comparing, decode_comparing, encode_comparing
from securechat.e2e.text_bytes import MAX_TEXT_BYTES as MAX_TEXT_BYTES
from securechat.e2e.text_bytes import decode_text, encode_text
from securechat.errors import RemoteProtocolError, UsageError
from securechat.identity.notation import u64
from securechat.identity.types import MAX_NUMBER, MessageId

MAX_RECEIPT_IDS = 256
MAX_RECOVERY_GAPS = 32

KIND_TEXT = 1
KIND_RECEIPT = 2
KIND_RECOVERY = 3
KIND_READ = 4
KIND_POST = 5

_IN_A_ROOM, _IS_A_REPLY, _IS_AN_ACTION = 1, 2, 4

_ID_SIZE_BYTES = 16
_NUMBER_SIZE_BYTES = 8
_GAP_SIZE_BYTES = 2 * _NUMBER_SIZE_BYTES


class Text(Struct, frozen=True):
    """A line of chat; up to `MAX_TEXT_BYTES` in UTF-8. Received text is not safe to show yet.

    An ``action`` says what the sender does (``/me``). ``reply_to`` is the message that it answers;
    that one need not be known here. ``room`` is None in a conversation of two.
    """

    text: str
    action: bool = False
    reply_to: MessageId | None = None
    room: RoomPlace | None = None


class Receipt(Struct, frozen=True):
    """These messages of yours arrived; and the epoch of the sender's current envelope key."""

    message_ids: tuple[MessageId, ...]
    envelope_epoch: int


class ReadReceipt(Struct, frozen=True):
    """These messages of yours were shown to a person who lets you know; one at least.

    It announces no epoch: the `Receipt` of the same messages did that.
    """

    message_ids: tuple[MessageId, ...]


class Recovery(Struct, frozen=True):
    """A request to send again: every counter of yours below ``next_counter`` is here but the gaps.

    ``gaps`` are first and last missing counters, ascending, up to `MAX_RECOVERY_GAPS` of them.
    """

    next_counter: int
    gaps: tuple[tuple[int, int], ...]

    def lacks(self, counter: int) -> bool:
        """Tell whether the message with this counter is asked for."""
        return counter >= self.next_counter or any(
            first <= counter <= last for first, last in self.gaps
        )


class Unsupported(Struct, frozen=True):
    """A kind of content that this version does not know: acknowledge it, say that it came."""

    kind: int


PlainContent = Text | Receipt | ReadReceipt
"""What can be sent without encryption too, but for a text in a room."""

Said = Text | Amendment | Reaction
"""What a user says in a conversation."""

Content = PlainContent | Recovery | RoomContent | Comparing | Amendment | Reaction
"""What can be sent in a message; `Typing` is none, and has an envelope of its own."""

ReceivedContent = Content | Unsupported | Held
"""What an opened message says; `Held` is not shown yet."""


def encode_content(content: Content) -> tuple[int, bytes]:
    """Return kind and body; raise `UsageError` when the content is too long or no valid text."""
    match content:
        case Text(text, action=False, reply_to=None, room=None):
            return KIND_TEXT, encode_text(text)
        case Text():
            return KIND_POST, _encode_post(content)
        case Receipt(message_ids, epoch):
            if len(message_ids) > MAX_RECEIPT_IDS:
                raise UsageError(f"A receipt names up to {MAX_RECEIPT_IDS} messages.")
            return KIND_RECEIPT, u64(epoch) + b"".join(message_ids)
        case ReadReceipt(message_ids):
            if not 1 <= len(message_ids) <= MAX_RECEIPT_IDS:
                raise UsageError(f"A read receipt names 1 to {MAX_RECEIPT_IDS} messages.")
            return KIND_READ, b"".join(message_ids)
        case Recovery(next_counter, gaps):
            if len(gaps) > MAX_RECOVERY_GAPS:
                raise UsageError(f"A recovery names up to {MAX_RECOVERY_GAPS} gaps.")
            return KIND_RECOVERY, u64(next_counter) + b"".join(
                u64(first) + u64(last) for first, last in gaps
            )
        case Comparing():
            return KIND_SAS, encode_comparing(content)
        case Amendment() | Reaction():
            return encode_amend_content(content)
        case _:
            return encode_room_content(content)


def decode_content(kind: int, body: bytes) -> Content | Unsupported:
    """Undo `encode_content`; raise `RemoteProtocolError` when the body breaks its kind's format."""
    decode = _DECODERS.get(kind)
    return decode(body) if decode else Unsupported(kind)


def place_of(content: ReceivedContent | Typing) -> RoomPlace | None:
    """Return the place that binds a content, or None: then the conversation of two does."""
    match content:
        case Text(room=place) | RoomNotice(place=place):
            return place
        case Amendment(room=place) | Reaction(room=place) | Typing(room=place):
            return place
    return None


def place_in(kind: int, body: bytes) -> RoomPlace | None:
    """Return what `place_of` returns for the content of a body; raise `RemoteProtocolError`."""
    if kind == KIND_ROOM_NOTICE:
        return decode_place(body)
    if kind == KIND_POST and body and body[0] & _IN_A_ROOM:
        return decode_place(body[1:])
    if kind in AMEND_KINDS:
        return place_in_amend_body(body)
    return None


def _encode_post(post: Text) -> bytes:
    flags, fields = 0, b""
    if post.room is not None:
        flags |= _IN_A_ROOM
        fields += post.room.encode()
    if post.reply_to is not None:
        flags |= _IS_A_REPLY
        fields += post.reply_to
    if post.action:
        flags |= _IS_AN_ACTION
    text = encode_text(post.text)
    if not text:
        raise UsageError("There is nothing in the message.")
    return bytes([flags]) + fields + text


def _decode_post(body: bytes) -> Text:
    flags, rest = body[:1], body[1:]
    if not 0 < int.from_bytes(flags, "big") <= _IN_A_ROOM | _IS_A_REPLY | _IS_AN_ACTION:
        raise RemoteProtocolError("A text has no flags, or unknown ones.")
    room = reply_to = None
    if flags[0] & _IN_A_ROOM:
        room, rest = decode_place(rest), rest[PLACE_SIZE_BYTES:]
    if flags[0] & _IS_A_REPLY:
        reply_to, rest = MessageId(rest[:_ID_SIZE_BYTES]), rest[_ID_SIZE_BYTES:]
    if not rest:
        raise RemoteProtocolError("A text is cut short, or empty.")
    text = decode_text(rest)
    return Text(text, bool(flags[0] & _IS_AN_ACTION), reply_to, room)


def _decode_receipt(body: bytes) -> Receipt:
    count, rest = divmod(len(body) - _NUMBER_SIZE_BYTES, _ID_SIZE_BYTES)
    if rest or not 0 <= count <= MAX_RECEIPT_IDS:
        raise RemoteProtocolError("A receipt has a wrong length.")
    return Receipt(_split_ids(body[_NUMBER_SIZE_BYTES:]), _decode_number(body, 0))


def _decode_read_receipt(body: bytes) -> ReadReceipt:
    count, rest = divmod(len(body), _ID_SIZE_BYTES)
    if rest or not 1 <= count <= MAX_RECEIPT_IDS:
        raise RemoteProtocolError("A read receipt has a wrong length.")
    return ReadReceipt(_split_ids(body))


def _decode_recovery(body: bytes) -> Recovery:
    count, rest = divmod(len(body) - _NUMBER_SIZE_BYTES, _GAP_SIZE_BYTES)
    if rest or not 0 <= count <= MAX_RECOVERY_GAPS:
        raise RemoteProtocolError("A recovery has a wrong length.")
    next_counter, *ends = (
        _decode_number(body, offset) for offset in range(0, len(body), _NUMBER_SIZE_BYTES)
    )
    gaps = tuple(zip(ends[::2], ends[1::2], strict=True))
    above = -1
    for first, last in gaps:
        if not above < first <= last < next_counter:
            raise RemoteProtocolError("The gaps of a recovery are not in order.")
        above = last
    return Recovery(next_counter, gaps)


def _split_ids(ids: bytes) -> tuple[MessageId, ...]:
    starts = range(0, len(ids), _ID_SIZE_BYTES)
    return tuple(MessageId(ids[start : start + _ID_SIZE_BYTES]) for start in starts)


def _decode_number(body: bytes, offset: int) -> int:
    number = int.from_bytes(body[offset : offset + _NUMBER_SIZE_BYTES], "big")
    if number > MAX_NUMBER:
        raise RemoteProtocolError("A number in a content is out of range.")
    return number


def _refuse_typing(_body: bytes) -> Content:
    raise RemoteProtocolError("That somebody types is said in a signal, not in a message.")


_DECODERS: dict[int, Callable[[bytes], Content]] = {
    KIND_TEXT: lambda body: Text(decode_text(body)),
    KIND_RECEIPT: _decode_receipt,
    KIND_RECOVERY: _decode_recovery,
    KIND_READ: _decode_read_receipt,
    KIND_POST: _decode_post,
    KIND_ROSTER: lambda body: Roster(decode_entry(body)),
    KIND_ROSTER_REQUEST: decode_roster_request,
    KIND_ROOM_NOTICE: decode_room_notice,
    KIND_SAS: decode_comparing,
    KIND_AMEND: decode_amendment,
    KIND_REACTION: decode_reaction,
    KIND_TYPING: _refuse_typing,
}
