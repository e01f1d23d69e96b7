"""The own messages of this session that the relay has not accepted yet."""

from collections.abc import Iterable

from securechat.client.messages.still_queued import still_queued
from securechat.client.names.typed_names import conversation_key
from securechat.errors import StillQueued


class Pending:
    """Message ids on their way, and to whom."""

    def __init__(self) -> None:
        self._recipients: dict[str, str] = {}

    def add(self, message_id: str, recipient: str) -> None:
        """Remember a message that was handed to the engine."""
        self._recipients[message_id] = recipient

    def __len__(self) -> int:
        return len(self._recipients)

    def settle(self, message_id: str | None) -> str | None:
        """Forget a message; return its recipient, or None when it was none of these."""
        return self._recipients.pop(message_id, None) if message_id is not None else None

    def count(self, recipient: str) -> int:
        """Count what is on its way to one person; case does not matter."""
        key = conversation_key(recipient)
        return sum(1 for name in self._recipients.values() if conversation_key(name) == key)

    def error(self, queued: int, recipients: Iterable[str] = ()) -> StillQueued:
        """Return the error for leaving with ``queued`` messages not handed over.

        ``recipients`` are also those of earlier sessions, as far as that is known.
        """
        return still_queued(queued, (*recipients, *self._recipients.values()))
