"""The messages that no reader has seen yet, by conversation."""

from collections.abc import Iterable

from securechat.client import events as e
from securechat.client.names.typed_names import conversation_key
from securechat.faces.session.conversations import conversation_of

_Identity = tuple[str, str]
"""A sender and a message id: an id alone may be that of two senders."""


class Unshown:
    """Which messages wait for a reader, and which of them name them."""

    def __init__(self) -> None:
        self._waiting: dict[str, dict[_Identity, bool]] = {}

    def add(self, message: e.Message) -> None:
        """Take a message that has come."""
        waiting = self._waiting.setdefault(conversation_key(conversation_of(message)), {})
        waiting[message.sender, message.message_id] = message.mention

    def count(self, name: str) -> int:
        """Count what waits in a conversation."""
        return len(self._of(name))

    def mentions(self, name: str) -> int:
        """Count those of them that name the reader."""
        return sum(self._of(name).values())

    def first(self, name: str) -> _Identity | None:
        """Return the sender and id of the first one that waits, or None."""
        return next(iter(self._of(name)), None)

    def has(self, name: str, message_id: str) -> bool:
        """Tell whether a message with this id waits."""
        return any(waiting == message_id for _, waiting in self._of(name))

    def take(self, name: str) -> Iterable[_Identity]:
        """Return the senders and ids of all that wait in a conversation: they are seen."""
        return self._waiting.pop(conversation_key(name), {})

    def drop(self, name: str, sender: str, message_id: str) -> None:
        """Take note that a message was deleted."""
        self._of(name).pop((sender, message_id), None)

    def rename(self, before: str, name: str) -> None:
        """Take note of another name for a person."""
        moved = self._waiting.pop(conversation_key(before), {})
        if moved:
            self._waiting.setdefault(conversation_key(name), {}).update(moved)

    def _of(self, name: str) -> dict[_Identity, bool]:
        return self._waiting.get(conversation_key(name), {})
