"""Messages that were opened and that nobody was shown yet: kept until somebody is."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator

import msgspec
from msgspec.structs import replace

from securechat.client.event_types.past_message import Quote
from securechat.client.events import Amended, Event, Message
from securechat.client.history.read_receipts import ReadReceipts
from securechat.client.ports import StatePort
from securechat.client.state.desk import Desk
from securechat.client.state.history import Written
from securechat.e2e.seen import SEEN_TABLES
from securechat.errors import LimitExceeded

MAX_UNREAD = 10_000
FORGET_WITHIN_S = 0.2
"""How long a message that was shown may stay on the disk: many are forgotten in one transaction."""

_TABLE = "unread"

_Row = tuple[str, bytes]
_Changes = dict[_Row, bytes | None]
_Identity = tuple[str, str]


class Unread:
    """A profile's messages that were opened and not shown; in the order in which they came.

    For the engine's thread, which commits the changes; only `note_shown` and `note_read` serve any
    thread.
    """

    def __init__(
        self, state: StatePort, now_s: Callable[[], float], *, confirms: bool = False
    ) -> None:
        """Take up what is kept. With ``confirms`` who wrote what is shown is to know that."""
        self._confirms = confirms
        self._now_s = now_s
        rows = state.load(without=SEEN_TABLES)
        self._read_receipts = ReadReceipts(rows)
        self._rows: dict[_Identity, _Row] = {}
        self._messages: dict[_Row, Message] = {}
        self._shown: deque[_Identity] = deque()
        for row, value in sorted(rows.items()):
            if row[0] == _TABLE:
                self._add(row, msgspec.msgpack.decode(value, type=Message))
        self._last = max((int.from_bytes(key) for _, key in self._messages), default=0)
        self.due_at: float | None = None
        """When what was shown, or read, should be committed, if anything was."""

    def __iter__(self) -> Iterator[Message]:
        return iter(tuple(self._messages.values()))

    def __len__(self) -> int:
        return len(self._messages)

    @property
    def written(self) -> frozenset[Written]:
        """Which messages these are."""
        return frozenset(
            (message.message_id, message.origin.device.user_key)
            for message in self._messages.values()
            if message.origin is not None
        )

    def check(self) -> None:
        """Raise LimitExceeded when there are more than `MAX_UNREAD`: nobody ever looks."""
        if len(self) > MAX_UNREAD:
            raise LimitExceeded(
                f"{len(self):,} messages wait to be read", "securechat listen --timeout 1"
            )

    def keep(self, events: Iterable[Event]) -> _Changes:
        """Keep the messages among these events; return the rows to commit before anybody is told.

        One that is kept already stays where it is, with the text that its writer gives it later; if
        that deletes it, it is kept no longer. Beyond `MAX_UNREAD` those of strangers are not
        kept: they could write for ever where nobody looks.
        """
        changes: _Changes = {}
        for event in events:
            if isinstance(event, Amended):
                changes |= self._amend(event)
            if not isinstance(event, Message) or _identity(event) in self._rows:
                continue
            if not event.request or len(self) < MAX_UNREAD:
                self._last += 1
                row = (_TABLE, self._last.to_bytes(8))
                self._add(row, event)
                changes[row] = msgspec.msgpack.encode(event)
        return changes

    def note_shown(self, sender: str, message_id: str) -> bool:
        """Note that somebody was shown a message; return whether `due_at` is set by that."""
        if self._confirms:
            self._read_receipts.note_read(sender, message_id)
        self._shown.append((sender, message_id))
        return self._set_due()

    def note_read(self, sender: str, message_id: str) -> bool:
        """Note that the writer of a message is to know that it was shown; as `note_shown`."""
        self._read_receipts.note_read(sender, message_id)
        return self._set_due()

    def take_shown(self) -> _Changes:
        """Forget what was shown, but not what its writer is to know; return the rows to commit."""
        self.due_at = None  # before the rest: what is noted from here on sets it again
        changes: _Changes = self._read_receipts.take()
        while self._shown:
            row = self._rows.pop(self._shown.popleft(), None)
            if row is not None:
                del self._messages[row]
                changes[row] = None
        return changes

    def hand_out_receipts(self, desk: Desk) -> bool:
        """Let writers at this desk's relay know what was read; return whether any is to."""
        return self._read_receipts.hand_out(desk)

    def _amend(self, amended: Amended) -> _Changes:
        """Change a kept message of the same writer, and what answers to it quote of it.

        Their key tells whose message it is, whatever its name is.
        """
        changes: _Changes = {}
        for row in self._rows_about(amended.message_id):
            message = self._messages[row]
            is_it = message.message_id == amended.message_id and _is_of_one(message, amended)
            if is_it and not amended.text:
                del self._rows[_identity(message)], self._messages[row]
                changes[row] = None
            elif is_it:
                changes[row] = self._replace(row, replace(message, text=amended.text))
            elif _quotes(message, amended):
                changes[row] = self._replace(row, replace(message, reply=_quote_of(amended)))
        return changes

    def _replace(self, row: _Row, message: Message) -> bytes:
        self._messages[row] = message
        return msgspec.msgpack.encode(message)

    def _rows_about(self, message_id: str) -> list[_Row]:
        """Return the rows of messages with an id, and of what answers one."""
        return [
            row
            for row, message in self._messages.items()
            if message.message_id == message_id
            or (message.reply is not None and message.reply.message_id == message_id)
        ]

    def _set_due(self) -> bool:
        if self.due_at is not None:
            return False
        self.due_at = self._now_s() + FORGET_WITHIN_S
        return True

    def _add(self, row: _Row, message: Message) -> None:
        self._rows[_identity(message)] = row
        self._messages[row] = message
        self._read_receipts.note_told(message)


def _is_of_one(message: Message, amended: Amended) -> bool:
    """Tell whether one person wrote the message and changes it, on one relay."""
    one, other = message.origin, amended.origin
    if one is None or other is None:
        return False
    return (one.relay_id, one.device.user_key) == (other.relay_id, other.device.user_key)


def _quotes(message: Message, amended: Amended) -> bool:
    """Tell whether a message answers the one that is changed, and has some of its text."""
    reply, one, other = message.reply, message.origin, amended.origin
    is_here = message.room == amended.room and (
        one is None or other is None or one.relay_id == other.relay_id
    )
    return is_here and reply is not None and reply[:2] == (amended.message_id, amended.sender)


def _quote_of(amended: Amended) -> Quote:
    """Return what answers quote of a message from now on."""
    if not amended.text:
        return Quote(amended.message_id)
    return Quote(amended.message_id, amended.sender, amended.text)


def _identity(message: Message) -> _Identity:
    return message.sender, message.message_id
