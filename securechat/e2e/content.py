"""What a message says: content kinds and their bodies. The registry of kinds is in E2E.md."""

from dataclasses import dataclass

from securechat.errors import RemoteProtocolError, UsageError
from securechat.identity.notation import u64
from securechat.identity.types import MAX_NUMBER, MessageId

MAX_TEXT_BYTES = 8192
MAX_RECEIPT_IDS = 256
MAX_RECOVERY_GAPS = 32

KIND_TEXT = 1
KIND_RECEIPT = 2
KIND_RECOVERY = 3
KIND_READ = 4

_ID_SIZE_BYTES = 16
_NUMBER_SIZE_BYTES = 8
_GAP_SIZE_BYTES = 2 * _NUMBER_SIZE_BYTES


@dataclass(frozen=True, slots=True)
class Text:
    """A line of chat; up to `MAX_TEXT_BYTES` in UTF-8. Received text is not safe to show yet."""

    text: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """These messages of yours arrived; and the epoch of the sender's current envelope key."""

    message_ids: tuple[MessageId, ...]
    envelope_epoch: int


@dataclass(frozen=True, slots=True)
class ReadReceipt:
    """These messages of yours were shown to a person who lets you know; one at least.

    It announces no epoch: the `Receipt` of the same messages did that.
    """

    message_ids: tuple[MessageId, ...]


@dataclass(frozen=True, slots=True)
class Recovery:
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


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A kind of content that this version does not know: acknowledge it, say that it came."""

    kind: int


PlainContent = Text | Receipt | ReadReceipt
"""What can be sent without encryption too."""

Content = PlainContent | Recovery
"""What can be sent."""

ReceivedContent = Content | Unsupported


def encode_content(content: Content) -> tuple[int, bytes]:
    """Return kind and body; raise `UsageError` when the content is too long or no valid text."""
    match content:
        case Text(text):
            return KIND_TEXT, _encode_text(text)
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


def decode_content(kind: int, body: bytes) -> ReceivedContent:
    """Undo `encode_content`; raise `RemoteProtocolError` when the body breaks its kind's format."""
    if kind == KIND_TEXT:
        return _decode_text(body)
    if kind == KIND_RECEIPT:
        return _decode_receipt(body)
    if kind == KIND_RECOVERY:
        return _decode_recovery(body)
    if kind == KIND_READ:
        return _decode_read_receipt(body)
    return Unsupported(kind)


def _encode_text(text: str) -> bytes:
    try:
        body = text.encode()
    except UnicodeEncodeError as error:
        raise UsageError("The text holds half of a character.") from error
    if len(body) > MAX_TEXT_BYTES:
        raise UsageError(f"A message has up to {MAX_TEXT_BYTES} bytes; this one has {len(body)}.")
    return body


def _decode_text(body: bytes) -> Text:
    if len(body) > MAX_TEXT_BYTES:
        raise RemoteProtocolError("A text is too long.")
    try:
        return Text(body.decode())
    except UnicodeDecodeError as error:
        raise RemoteProtocolError("A text is not UTF-8.") from error


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
