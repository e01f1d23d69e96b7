"""What users said among the copies of what was sent: to be sealed anew for another device."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from securechat.e2e.content import Said, decode_content
from securechat.e2e.copies import FORMERLY_SENT, SENT, Copy, CopyTable
from securechat.e2e.plain import decode_plain, is_plain
from securechat.e2e.plaintext import decode_plaintext
from securechat.e2e.rows import ChangeLog, StoredRows
from securechat.errors import CannotOpen, RemoteProtocolError
from securechat.identity.types import DeviceAddress, MessageId


class UnconfirmedText(NamedTuple):
    """What the user said, and no receipt has named yet; ``time_ms`` is when it was written.

    It changes another text, or reacts to it, if it is no text itself. In a room its place has the
    version of that time: it is sealed anew for the newest one.
    """

    message_id: MessageId
    content: Said
    time_ms: int


def texts_among(copies: Iterable[Copy]) -> Iterator[UnconfirmedText]:
    """Return what was said among copies, in their order, without receipts and recoveries."""
    return filter(None, (_decode(copy.plaintext) for copy in copies))


def keep_texts(formerly_sent: CopyTable, rows: StoredRows) -> None:
    """Keep of the copies in the rows of a device, whose place another one takes, the texts."""
    left: dict[DeviceAddress, dict[MessageId, Copy]] = {}
    for table in (CopyTable(ChangeLog(), rows, name) for name in (FORMERLY_SENT, SENT)):
        for peer in table:
            texts = (copy for copy in table.of(peer) if _decode(copy.plaintext))
            left.setdefault(peer, {}).update((copy.message_id, copy) for copy in texts)
    for peer, copies in left.items():
        for number, copy in enumerate(copies.values()):
            formerly_sent.add(peer, msgspec.structs.replace(copy, counter=number))


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
    if not isinstance(content, Said):
        return None
    return UnconfirmedText(message.message_id, content, message.time_ms)
