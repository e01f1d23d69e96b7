"""An own message, as a face knows it that has just handed it to the engine."""

from msgspec import Struct


class OwnMessage(Struct, frozen=True):
    """A message to a person or a ``#room``; ``reply_to`` is the id, or the writer, it answers."""

    message_id: str
    target: str
    text: str
    action: bool = False
    reply_to: str | None = None
