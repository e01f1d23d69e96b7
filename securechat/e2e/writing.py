"""The next plaintext for a device, whichever suite carries it; `reading` is the way back."""

from typing import NamedTuple

from securechat.e2e.content import Content, encode_content
from securechat.e2e.order import ChainTable
from securechat.e2e.plaintext import Plaintext
from securechat.identity.types import DeviceAddress, Digest, MessageId


class Written(NamedTuple):
    """A message's place in its chain, and its bytes without padding."""

    counter: int
    plaintext: bytes


def write(
    chains: ChainTable,
    conversation: Digest,
    peer: DeviceAddress,
    content: Content,
    context: Digest,
    time_ms: int,
    message_id: MessageId,
) -> Written:
    """Return the plaintext that comes next; the chain moves on only with `ChainTable.note_sent`.

    Raises `UsageError` when the content is too long or no valid text.
    """
    kind, body = encode_content(content)
    counter, previous_hash = chains.last_sent(conversation, peer)
    message = Plaintext(kind, counter, time_ms, message_id, previous_hash, context, body)
    return Written(counter, message.encode())
