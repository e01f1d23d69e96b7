"""What a message says: content kinds and their bodies. The registry of kinds is in E2E.md."""

from dataclasses import dataclass

from securechat.errors import RemoteProtocolError, UsageError
from securechat.identity.types import MessageId

MAX_TEXT_BYTES = 8192
MAX_RECEIPT_IDS = 256

KIND_TEXT = 1
KIND_RECEIPT = 2

_ID_SIZE_BYTES = 16
_EPOCH_SIZE_BYTES = 8


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
class Unsupported:
    """A kind of content that this version does not know: acknowledge it, say that it came."""

    kind: int


Content = Text | Receipt
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
            return KIND_RECEIPT, epoch.to_bytes(_EPOCH_SIZE_BYTES, "big") + b"".join(message_ids)


def decode_content(kind: int, body: bytes) -> ReceivedContent:
    """Undo `encode_content`; raise `RemoteProtocolError` when the body breaks its kind's format."""
    if kind == KIND_TEXT:
        return _decode_text(body)
    if kind == KIND_RECEIPT:
        return _decode_receipt(body)
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
    count, rest = divmod(len(body) - _EPOCH_SIZE_BYTES, _ID_SIZE_BYTES)
    if rest or not 0 <= count <= MAX_RECEIPT_IDS:
        raise RemoteProtocolError("A receipt has a wrong length.")
    ids = body[_EPOCH_SIZE_BYTES:]
    return Receipt(
        tuple(MessageId(ids[i : i + _ID_SIZE_BYTES]) for i in range(0, len(ids), _ID_SIZE_BYTES)),
        int.from_bytes(body[:_EPOCH_SIZE_BYTES], "big"),
    )
