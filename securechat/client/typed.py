"""A text as a face hands it over: nothing is looked up yet."""

from dataclasses import dataclass

from securechat.identity.types import MessageId


@dataclass(frozen=True, slots=True)
class Typed:
    """For a person or a ``#room``; ``reply_to`` is a message's id, or whose newest is answered."""

    target: str
    message_id: MessageId
    text: str
    action: bool = False
    reply_to: str | None = None
