"""Messages of muted conversations, which a chat in lines does not show as they come."""

from securechat.client import events as e
from securechat.client.names.typed_names import conversation_key
from securechat.faces.session.conversations import conversation_of

MAX_WITHHELD = 1000
"""So many messages of muted people stay unread in the engine until their history is looked at."""


class Muting:
    """Which conversations are muted, and whose messages were withheld from the reader."""

    def __init__(self) -> None:
        self._muted: frozenset[str] = frozenset()
        self._withheld: set[tuple[str, str]] = set()
        self._expected = 0

    def expect_answer(self) -> None:
        """Take the news that the user has asked what is muted, or changed it."""
        self._expected += 1

    def hear(self, event: e.Notifications) -> bool:
        """Take what is muted; return whether that is an answer to the user."""
        self._muted = frozenset(map(conversation_key, event.muted))
        is_answer = self._expected > 0
        self._expected -= is_answer
        return is_answer

    def is_muted(self, name: str) -> bool:
        """Tell whether a conversation is muted."""
        return conversation_key(name) in self._muted

    def withhold(self, message: e.Message) -> bool:
        """Take a message that is not shown; return whether nobody needs to know that it was not.

        A person may learn of what was read, so theirs counts as unread; rooms learn nothing.
        """
        if message.room is not None or len(self._withheld) >= MAX_WITHHELD:
            return True
        self._withheld.add((conversation_key(conversation_of(message)), message.message_id))
        return False

    def release(self, past: e.PastMessage) -> bool:
        """Take the news that a message is shown in a history; return whether it was withheld."""
        key = conversation_key(past.sender), past.message_id
        was_withheld = key in self._withheld
        self._withheld.discard(key)
        return was_withheld
