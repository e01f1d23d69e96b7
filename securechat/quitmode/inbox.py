"""Messages of one side that wait for their turn."""

from collections import deque
from collections.abc import Iterable

from securechat.quitmode.splitter import Message

WAITING_MAX_BYTES = 1 << 20
"""Reading stops while messages of about this size wait."""

_MESSAGE_COST_BYTES = 100
_QUIT_WORDS = ("quit", "over")


class Inbox:
    """The messages of one side in order, and whether that side has finished."""

    def __init__(self) -> None:
        self.has_ended = False
        """Whether no message comes any more, because the stream is over."""
        self.has_quit = False
        """Whether one of the messages was the word that ends the chat."""
        self._messages: deque[Message] = deque()
        self._cost_bytes = 0

    def __bool__(self) -> bool:
        return bool(self._messages)

    @property
    def is_full(self) -> bool:
        """Whether to stop reading for now."""
        return self._cost_bytes >= WAITING_MAX_BYTES

    @property
    def first(self) -> Message:
        """The message that has waited longest."""
        return self._messages[0]

    def put(self, messages: Iterable[Message]) -> None:
        """Add messages, without the empty ones."""
        for message in messages:
            if message.text or message.is_too_long:
                self._messages.append(message)
                self._cost_bytes += _cost_bytes(message)
                self.has_quit |= is_quit(message.text)

    def take(self) -> Message:
        """Remove and return the message that has waited longest."""
        message = self._messages.popleft()
        self._cost_bytes -= _cost_bytes(message)
        return message


def is_quit(text: str) -> bool:
    """Return whether a message ends the chat: "quit" or "over", whatever its case and space."""
    return text.strip().lower() in _QUIT_WORDS


def _cost_bytes(message: Message) -> int:
    return len(message.text) + _MESSAGE_COST_BYTES
