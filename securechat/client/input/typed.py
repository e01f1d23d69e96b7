"""What a face hands over as it was typed: nothing is looked up yet."""

from msgspec import Struct

from securechat.identity.types import MessageId

_ID_DIGITS = 32


class Typed(Struct, frozen=True):
    """For a person or a ``#room``; ``reply_to`` is a message's id, or whose newest is answered."""

    target: str
    message_id: MessageId
    text: str
    action: bool = False
    reply_to: str | None = None


def parse_message_id(typed: str) -> MessageId | None:
    """Return the id that somebody typed; None for what is none, and may be a name."""
    try:
        return MessageId(bytes.fromhex(typed)) if len(typed) == _ID_DIGITS else None
    except ValueError:
        return None
