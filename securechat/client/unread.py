"""Messages that came while a command without a screen ran: kept until somebody is shown them."""

from collections.abc import Iterator

import msgspec

from securechat.client.events import Message
from securechat.client.ports import StatePort
from securechat.errors import LimitExceeded

MAX_UNREAD = 10_000

_TABLE = "unread"

_Row = tuple[str, bytes]


class Unread:
    """A profile's messages that were opened and not shown; in the order in which they came.

    Only for the thread that commits to the state: the engine's, while that runs.
    """

    def __init__(self, state: StatePort) -> None:
        self._state = state
        self._rows: dict[tuple[str, str], _Row] = {}
        self._messages: dict[_Row, Message] = {}
        for row, value in sorted(state.load().items()):
            if row[0] == _TABLE:
                self._add(row, msgspec.msgpack.decode(value, type=Message))
        self._last = max((int.from_bytes(key) for _, key in self._messages), default=0)

    def __iter__(self) -> Iterator[Message]:
        return iter(tuple(self._messages.values()))

    def __len__(self) -> int:
        return len(self._messages)

    def check(self) -> None:
        """Raise LimitExceeded when there are more than `MAX_UNREAD`: nobody ever looks."""
        if len(self) > MAX_UNREAD:
            raise LimitExceeded(
                f"{len(self):,} messages wait to be read", "securechat listen --timeout 1"
            )

    def keep(self, message: Message) -> None:
        """Keep a message, durably, unless that is done already."""
        if _identity(message) not in self._rows:
            self._last += 1
            row = (_TABLE, self._last.to_bytes(8))
            self._state.commit({row: msgspec.msgpack.encode(message)})
            self._add(row, message)

    def forget(self, message: Message) -> None:
        """Forget a message that was shown, if it was kept."""
        row = self._rows.pop(_identity(message), None)
        if row is not None:
            del self._messages[row]
            self._state.commit({row: None})

    def _add(self, row: _Row, message: Message) -> None:
        self._rows[_identity(message)] = row
        self._messages[row] = message


def _identity(message: Message) -> tuple[str, str]:
    return message.sender, message.message_id
