"""The texts among the copies of what was sent: to be sealed anew for another device of a person."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from securechat.e2e.content import Text, decode_content
from securechat.e2e.copies import Copy
from securechat.e2e.plain import decode_plain, is_plain
from securechat.e2e.plaintext import decode_plaintext
from securechat.errors import CannotOpen, RemoteProtocolError
from securechat.identity.types import MessageId


class UnconfirmedText(NamedTuple):
    """An own text that no receipt has named yet; ``time_ms`` is when it was written."""

    message_id: MessageId
    text: str
    time_ms: int


def texts_among(copies: Iterable[Copy]) -> Iterator[UnconfirmedText]:
    """Return the texts among copies, in their order; receipts and recoveries are left out."""
    return filter(None, (_decode(copy.plaintext) for copy in copies))


def plain_text_of(envelope: bytes) -> UnconfirmedText | None:
    """Return the text in an own envelope if that is not encrypted (E2E.md section 9)."""
    if not is_plain(envelope):
        return None
    try:
        return _decode(decode_plain(envelope).plaintext)
    except CannotOpen:
        return None


def _decode(plaintext: bytes) -> UnconfirmedText | None:
    try:
        message, _ = decode_plaintext(plaintext)
        content = decode_content(message.kind, message.body)
    except RemoteProtocolError:
        return None
    if not isinstance(content, Text):
        return None
    return UnconfirmedText(message.message_id, content.text, message.time_ms)
