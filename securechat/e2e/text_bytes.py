"""A text of a message as bytes: UTF-8, of a bounded size."""

from securechat.errors import RemoteProtocolError, UsageError

MAX_TEXT_BYTES = 8192


def encode_text(text: str) -> bytes:
    """Return the UTF-8; raise `UsageError` for more than `MAX_TEXT_BYTES`, or no valid text."""
    try:
        body = text.encode()
    except UnicodeEncodeError as error:
        raise UsageError("The text holds half of a character.") from error
    if len(body) > MAX_TEXT_BYTES:
        raise UsageError(f"A message has up to {MAX_TEXT_BYTES} bytes; this one has {len(body)}.")
    return body


def decode_text(body: bytes) -> str:
    """Undo `encode_text`; raise `RemoteProtocolError`. The text is not safe to show yet."""
    if len(body) > MAX_TEXT_BYTES:
        raise RemoteProtocolError("A text is too long.")
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise RemoteProtocolError("A text is not UTF-8.") from error
